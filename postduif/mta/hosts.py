"""Which addresses of a destination's hosts to try, in which order (RFC 5321 5.1, last two paragraphs): pure.

Given what DNS said of each host, drops the addresses that must not be connected to, and ourselves with everything less
preferred than us; then spreads the load over equal hosts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest
from random import Random
from typing import NamedTuple

from postduif.mta.mx import Exchange, loops_back
from postduif.mta.networks import OWN, Network, refusal
from postduif.reply import Reply

MAX_ADDRESSES = 20  # of one destination that are tried, spread over its hosts


@dataclass(frozen=True, slots=True)
class Host:
    """A host to try now, its addresses in trying order."""

    name: str
    addresses: tuple[str, ...]
    port: int


class Found(NamedTuple):
    """What DNS said of one host."""

    six: tuple[str, ...] = ()
    four: tuple[str, ...] = ()
    temporary: bool = False
    """A lookup failed, so there may be more."""


def trying_order(found: Mapping[Exchange, Found], rng: Random) -> tuple[Host, ...]:
    """By rank, at random within one; for each host its IPv6 and IPv4 addresses in turn, at random within a family."""
    share = max(MAX_ADDRESSES // max(len(found), 1), 1)
    ordered = sorted(found, key=lambda exchange: (exchange.preference, rng.random()))
    hosts = (Host(at.name, _in_turn(found[at], rng)[:share], at.port) for at in ordered)
    return tuple(host for host in hosts if host.addresses)


def checked(
    name: str, found: Mapping[Exchange, Found], allowed: Collection[Network], rng: Random
) -> tuple[Host, ...] | Reply:
    """The hosts to try of destination `name`, in order, without the addresses that must not be connected to.

    No host left is a verdict: transient while a lookup failed, else 5.4.6 if it was us, else 5.4.4.
    """
    why = {
        address: refusal(address, allowed) for addresses in found.values() for address in addresses.six + addresses.four
    }
    own = [at.preference for at in found if any(why[address] == OWN for address in found[at].six + found[at].four)]
    left = {
        at: Found(
            tuple(address for address in addresses.six if not why[address]),
            tuple(address for address in addresses.four if not why[address]),
            addresses.temporary,
        )
        for at, addresses in found.items()
        if not own or at.preference < min(own)
    }
    if hosts := trying_order(left, rng):
        return hosts
    if any(addresses.temporary for addresses in left.values()):
        return lookup_failed(name)
    if own:
        return loops_back(name)
    if why:
        # As much a setting of ours as a fault of theirs, so nothing against the recipient.
        reasons = ", ".join(sorted(set(why.values())))
        return Reply(550, "5.4.4", f"The addresses of {name} must not be used: {reasons}", category="system")
    return Reply(550, "5.4.4", f"{name} has no address", category="domain_no_mail")


def lookup_failed(name: str) -> Reply:
    """The verdict while DNS does not say where `name` is."""
    return Reply(451, "4.4.3", f"DNS lookup of the addresses of {name} failed")


def _in_turn(addresses: Found, rng: Random) -> tuple[str, ...]:
    """IPv6 first, then one of each, so that a family without a route costs one try."""
    six, four = (rng.sample(family, len(family)) for family in (addresses.six, addresses.four))
    return tuple(address for address in chain.from_iterable(zip_longest(six, four)) if address)
