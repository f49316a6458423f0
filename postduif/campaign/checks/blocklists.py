"""Asks DNS blocklists (RFC 5782) about addresses and domains: a bounded number of questions, in a bounded time.

Only answers that lists give count: 127.0.0.x, and of lists of domains 127.0.1.x. What says that the list does not serve
us (127.255.255.x and its kin), and everything that no list answers, is a fault of the list. A list that has what no
list may have says nothing, and neither does one that lacks what each must have: it is gone, or written wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from postduif.address import parse_domain
from postduif.campaign.checks.listing import Listing, Listings, Unheard
from postduif.config.kinds import is_ip
from postduif.errors import AddressError
from postduif.mta.resolver import Answer, Resolver, Status

MAX_QUESTIONS = 300
"""Of one mailing."""
PATIENCE = 15.0
"""Seconds for all of them together."""
_LABELS = (4, 3, 2)
"""A list may have a host, its domain, or one between: so many labels from the right are asked about, and all."""
_TRIED = ("127.0.0.1", "127.0.0.2")
"""No list of addresses has the first, each has the second (RFC 5782 section 5)."""
_NEVER = "invalid"
"""No list of domains has this."""
_ERRORS = ("127.0.0.1", "127.0.1.255")
_ERROR_NETWORK = "127.255.255."


class _Question(NamedTuple):
    zone: str
    what: str
    name: str
    """That is asked about, under the zone."""
    of_domains: bool


async def ask_lists(
    resolver: Resolver, address_lists: Sequence[str], addresses: Iterable[str],
    domain_lists: Sequence[str], domains: Iterable[str],
) -> Listings:  # fmt: skip
    """What the lists of addresses say of these, and the lists of domains of those. Nothing raises."""
    asked = [*_TRIED, *(one for one in addresses if not ip_address(one).is_loopback)]
    questions = [
        *(_Question(zone, one, _backwards(one), of_domains=False) for one in asked for zone in address_lists),
        *(_Question(zone, one, one, of_domains=True) for one in (_NEVER, *domains) for zone in domain_lists),
    ]
    answers = await _answered(resolver, questions[:MAX_QUESTIONS])
    unheard = {zone: why for zone in (*address_lists, *domain_lists) if (why := _fault(zone, answers))}
    silent = {zone for zone, (_, mute) in unheard.items() if mute}
    found = [
        (one, codes)
        for one, answer in answers.items()
        if one.zone not in silent and one.what not in (*_TRIED, _NEVER) and (codes := _codes(one, answer))
    ]
    return Listings(
        tuple(Listing(one.zone, one.what, codes) for one, codes in found if not one.of_domains),
        tuple(Listing(one.zone, one.what, codes) for one, codes in found if one.of_domains),
        tuple(Unheard(zone, why) for zone, (why, _) in unheard.items()),
        max(0, len(questions) - MAX_QUESTIONS),
    )


def domains_of(urls: Iterable[str]) -> list[str]:
    """The hosts of these links and the domains above them, each once; those with variables are not known."""
    return list(dict.fromkeys(name for url in urls for name in _domains(url)))


def _domains(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url.strip())
        host = parse_domain((parts.hostname or "").rstrip(".")) if parts.scheme in ("http", "https") else ""
    except (ValueError, AddressError):
        return
    labels = host.split(".")
    if len(labels) > 1 and not is_ip(host) and not host.startswith("["):
        yield host
        yield from (".".join(labels[-many:]) for many in _LABELS if many < len(labels))


async def _answered(resolver: Resolver, questions: Sequence[_Question]) -> dict[_Question, Answer | None]:
    """None: there was no answer in time."""
    if not questions:
        return {}

    async def ask(one: _Question) -> Answer:
        _, found = await resolver.addresses(f"{one.name}.{one.zone}", ipv6=False)
        return found

    tasks = {one: asyncio.create_task(ask(one)) for one in questions}
    await asyncio.wait(tasks.values(), timeout=PATIENCE)
    late = [task for task in tasks.values() if not task.done()]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return {one: None if task.cancelled() else task.result() for one, task in tasks.items()}


def _fault(zone: str, answers: dict[_Question, Answer | None]) -> tuple[str, bool] | None:
    """Why a list is not believed or not heard, and whether nothing that it says counts."""
    of_zone = {one: answer for one, answer in answers.items() if one.zone == zone}
    for one, answer in of_zone.items():
        if answer is None or answer.temporary:
            return "it gave no answer about all of them", False
        if strange := [code for code in answer.records if not _is_listing(code, of_domains=one.of_domains)]:
            return _of_code(strange[0]), False
    for one, answer in of_zone.items():
        if one.what in (_TRIED[0], _NEVER) and _codes(one, answer):
            return f"it has {one.what}, and so perhaps everything", True
        if one.what == _TRIED[1] and answer and answer.status is not Status.OK:
            return "it has not the address by which lists are tried, 127.0.0.2: it is gone, or its name is wrong", True
    return None


def _of_code(code: str) -> str:
    if code.startswith(_ERROR_NETWORK) or code in _ERRORS:
        return f"it does not serve this name server, or not any more (it answers {code})"
    return f"it answers {code}, as no list does"


def _codes(one: _Question, answer: Answer | None) -> tuple[str, ...]:
    records = answer.records if answer else ()
    return tuple(code for code in records if _is_listing(code, of_domains=one.of_domains))


def _is_listing(code: str, *, of_domains: bool) -> bool:
    networks = ("127.0.0.", "127.0.1.") if of_domains else ("127.0.0.",)
    return code.startswith(networks) and code not in _ERRORS


def _backwards(address: str) -> str:
    """As it is asked about: octets, or hexadecimal digits, from behind."""
    return ip_address(address).reverse_pointer.rsplit(".", 2)[0]
