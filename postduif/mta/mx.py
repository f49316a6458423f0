"""RFC 5321 5.1 as a pure decision: which hosts take a domain's mail, in which order, given its MX records.

Knows null MX (RFC 7505), implicit MX, our own name among the hosts, and more records than anybody needs. Addresses are
looked up and judged later, by `sites`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from postduif.config.kinds import is_ip
from postduif.reply import Reply

MAX_HOSTS = 10  # MX hosts of one domain that are looked at
MAX_NAME = 120  # characters of a site's name made from its hosts

_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*")


class Exchange(NamedTuple):
    """A host that takes mail. Preferences are ranks: 0 is tried first, equal ones in random order."""

    preference: int
    name: str
    """Lower-case, no final dot; an IP address in the site of an address literal or a fixed next hop."""
    port: int


def exchanges(
    domain: str, records: Iterable[tuple[int, str]], own_name: str, port: int
) -> tuple[Exchange, ...] | Reply:
    """The hosts of a domain with these MX records (preference, name), by rank and name; or the verdict for its mail.

    No record at all: the domain itself is the host (implicit MX). The records' order does not matter, and of the
    preferences only their order does, so that domains with the same hosts get the same answer.
    """
    lowest: dict[str, int] = {}
    for preference, absolute in records:
        name = absolute.rstrip(".").lower()
        lowest[name] = min(preference, lowest.get(name, preference))
    if not lowest:
        lowest = {domain: 0}
    if lowest.pop("", None) is not None and not lowest:
        return Reply(556, "5.1.10", f"{domain} does not accept mail (null MX)", category="domain_no_mail")
    ordered = sorted((preference, name) for name, preference in lowest.items())
    ours = lowest.get(own_name.rstrip(".").lower())
    if ours is not None:
        ordered = [(preference, name) for preference, name in ordered if preference < ours]
        if not ordered:
            return loops_back(domain)
    hosts = [(preference, name) for preference, name in ordered if _is_host_name(name)][:MAX_HOSTS]
    if not hosts:
        return Reply(550, "5.4.4", f"No MX record of {domain} names a host", category="domain_no_mail")
    ranks = {preference: rank for rank, preference in enumerate(sorted({preference for preference, _ in hosts}))}
    return tuple(Exchange(ranks[preference], name, port) for preference, name in hosts)


def loops_back(domain: str) -> Reply:
    """The verdict when we are the best MX ourselves (RFC 5321 5.1, last paragraph but one)."""
    return Reply(554, "5.4.6", f"Mail for {domain} loops back to this host")


def site_name(names: Iterable[str]) -> str:
    """A short name that the same hosts always get: `mx.example.net`, `(mx1|mx2).example.net`, `a.example+9-1f2e3d4`."""
    ordered = sorted(set(names))
    if len(ordered) == 1:
        return ordered[0]
    parts = [name.split(".") for name in ordered]
    shared = _shared_labels(parts)
    heads = "|".join(".".join(labels[: len(labels) - shared]) for labels in parts)
    whole = f"({heads}).{'.'.join(parts[0][-shared:])}" if shared else f"({heads})"
    if len(whole) <= MAX_NAME:
        return whole
    return f"{ordered[0]}+{len(ordered) - 1}-{sha256(' '.join(ordered).encode()).hexdigest()[:8]}"


def matches(suffix: str, name: str) -> bool:
    """A host name is below `.example.net`, or is `mx.example.net`."""
    return name.endswith(suffix) if suffix.startswith(".") else name == suffix


def _shared_labels(parts: Sequence[Sequence[str]]) -> int:
    """How many labels at the end all names share, leaving each at least one of its own."""
    shared = 0
    for labels in zip(*(reversed(labels[1:]) for labels in parts), strict=False):
        if len(set(labels)) > 1:
            break
        shared += 1
    return shared


def _is_host_name(name: str) -> bool:
    return bool(_HOST_NAME.fullmatch(name)) and not is_ip(name)  # RFC 1035 3.3.9 wants a name
