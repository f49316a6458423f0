"""SPF as a receiver judges it (RFC 7208): may this address send mail from this domain?

All mechanisms and macros, within the limits of RFC 7208 4.6.4. Of explanations (exp=) nothing is fetched, and the
macro `p`, which asks the owner of the address, is always "unknown".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from postduif.campaign.checks.spf_record import Record, SpfFault, Term, expanded, is_spf, read
from postduif.mta.resolver import Answer, Resolver, Status

MAX_LOOKUPS = 10
"""Terms that ask questions, of the record and all that it includes."""
MAX_VOID = 2
"""Questions of such terms without an answer."""
MAX_NAMES = 10
"""Of one mx or ptr."""
_MAX_DOMAIN = 253


class SpfResult(StrEnum):
    """What a receiver makes of it (RFC 7208 2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Spf(NamedTuple):
    """The result for one address."""

    result: SpfResult
    why: str
    """What decided it, in plain words."""
    record: str = ""
    """Of the domain itself."""
    lookups: int = 0
    """How many of `MAX_LOOKUPS` were used."""


_OF = {"+": SpfResult.PASS, "-": SpfResult.FAIL, "~": SpfResult.SOFTFAIL, "?": SpfResult.NEUTRAL}


async def check_host(resolver: Resolver, address: str, sender: str, helo: str) -> Spf:
    """The result for mail from `sender` (local part and domain) by a host at `address`, which calls itself `helo`.

    Never raises for what DNS says.
    """
    evaluation = _Evaluation(resolver, address, sender, helo)
    domain = sender.rpartition("@")[2]
    try:
        result, why = await evaluation.check(domain)
    except _Stopped as stopped:
        result, why = stopped.args
    return Spf(result, why, evaluation.records.get(domain, ""), evaluation.lookups)


class _Stopped(Exception):  # noqa: N818  says what happened
    """A result that ends all: temperror or permerror, and why."""


class _Evaluation:
    """One address and sender; counts what is asked."""

    def __init__(self, resolver: Resolver, address: str, sender: str, helo: str) -> None:
        self.lookups = 0
        self.records: dict[str, str] = {}
        self._void = 0
        self._resolver = resolver
        given = ip_address(address)
        self._address = (given.ipv4_mapped if given.version == 6 else None) or given
        localpart, _, domain = sender.rpartition("@")
        self._values = {
            "s": f"{localpart or 'postmaster'}@{domain}",
            "l": localpart or "postmaster",
            "o": domain,
            "i": str(self._address) if self._address.version == 4 else ".".join(self._nibbles()),
            "p": "unknown",
            "v": "in-addr" if self._address.version == 4 else "ip6",
            "h": helo,
        }
        self._matches: dict[str, Callable[[Term, str], Awaitable[bool]]] = {
            "all": self._all,
            "include": self._include,
            "a": self._a,
            "mx": self._mx,
            "ptr": self._ptr,
            "ip4": self._ip,
            "ip6": self._ip,
            "exists": self._exists,
        }

    async def check(self, domain: str) -> tuple[SpfResult, str]:
        """check_host() of RFC 7208 section 4: the result, and what decided it."""
        record = await self._record(domain)
        if record is None:
            return SpfResult.NONE, f"{domain} has no SPF record"
        for term in record.terms:
            if await self._matches[term.name](term, domain):
                return _OF[term.qualifier], f"{_written(term)} in the record of {domain}"
        if not record.redirect:
            return SpfResult.NEUTRAL, f"the record of {domain} does not name it"
        self._count()
        target = self._expanded(record.redirect, domain)
        result, why = await self.check(target)
        if result is SpfResult.NONE:
            raise _Stopped(SpfResult.PERMERROR, f"redirect={target} leads to no record")
        return result, why

    async def _record(self, domain: str) -> Record | None:
        labels = domain.removesuffix(".").split(".")
        if len(labels) < 2 or not all(0 < len(label) < 64 for label in labels):
            return None
        answer = await self._resolver.txt(domain.removesuffix("."))
        self._temporary(answer, domain)
        found = [text for text in answer.records if is_spf(text)]
        if not found:
            return None
        if len(found) > 1:
            raise _Stopped(SpfResult.PERMERROR, f"{domain} has {len(found)} SPF records, so receivers take none")
        self.records.setdefault(domain, found[0])
        try:
            return read(found[0])
        except SpfFault as fault:
            raise _Stopped(SpfResult.PERMERROR, f"the record of {domain} is broken: {fault}") from None

    async def _all(self, term: Term, domain: str) -> bool:
        return True

    async def _ip(self, term: Term, domain: str) -> bool:
        return term.network is not None and self._address in term.network

    async def _include(self, term: Term, domain: str) -> bool:
        self._count()
        target = self._expanded(term.value, domain)
        result, _ = await self.check(target)
        if result is SpfResult.NONE:
            raise _Stopped(SpfResult.PERMERROR, f"{domain} includes {target}, which has no SPF record")
        return result is SpfResult.PASS

    async def _a(self, term: Term, domain: str) -> bool:
        self._count()
        target = self._target(term, domain)
        answer = await self._of_our_family(target)
        self._noted(answer, target)
        return self._among(answer, term)

    async def _mx(self, term: Term, domain: str) -> bool:
        self._count()
        target = self._target(term, domain)
        answer = await self._resolver.mx(target)
        self._noted(answer, target)
        if len(answer.records) > MAX_NAMES:
            raise _Stopped(SpfResult.PERMERROR, f"{target} has more than {MAX_NAMES} MX hosts")
        for _, host in answer.records:
            of_host = await self._of_our_family(host.removesuffix("."))
            self._noted(of_host, host)
            if self._among(of_host, term):
                return True
        return False

    async def _ptr(self, term: Term, domain: str) -> bool:
        self._count()
        target = self._target(term, domain).lower()
        names = await self._resolver.ptr(str(self._address))
        self._count_void(names)
        for name in names.records[:MAX_NAMES]:
            lower = name.lower()
            if lower == target or lower.endswith(f".{target}"):
                answer = await self._of_our_family(name)
                if str(self._address) in answer.records:
                    return True
        return False

    async def _exists(self, term: Term, domain: str) -> bool:
        self._count()
        target = self._expanded(term.value, domain)
        _, answer = await self._resolver.addresses(target, ipv6=False)
        self._noted(answer, target)
        return bool(answer.records)

    async def _of_our_family(self, host: str) -> Answer:
        six, four = await self._resolver.addresses(host, ipv6=self._address.version == 6)
        return six if self._address.version == 6 else four

    def _among(self, answer: Answer, term: Term) -> bool:
        length = term.lengths[self._address.version == 6]
        return any(self._address in ip_network(f"{one}/{length}", strict=False) for one in answer.records)

    def _target(self, term: Term, domain: str) -> str:
        return self._expanded(term.value, domain) if term.value else domain

    def _expanded(self, text: str, domain: str) -> str:
        name = expanded(text, {**self._values, "d": domain}).removesuffix(".")
        while len(name) > _MAX_DOMAIN and "." in name:
            name = name.partition(".")[2]
        return name

    def _nibbles(self) -> str:
        return f"{int(self._address):032x}"

    def _count(self) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _Stopped(SpfResult.PERMERROR, f"it takes more than {MAX_LOOKUPS} lookups (RFC 7208 4.6.4)")

    def _noted(self, answer: Answer, name: str) -> None:
        self._temporary(answer, name)
        self._count_void(answer)

    def _count_void(self, answer: Answer) -> None:
        self._void += answer.status in (Status.NXDOMAIN, Status.NODATA)
        if self._void > MAX_VOID:
            raise _Stopped(SpfResult.PERMERROR, f"more than {MAX_VOID} lookups find nothing (RFC 7208 4.6.4)")

    def _temporary(self, answer: Answer, name: str) -> None:
        if answer.temporary:
            raise _Stopped(SpfResult.TEMPERROR, f"DNS gave no answer about {name}")


def _written(term: Term) -> str:
    value = f":{term.network or term.value}" if term.network or term.value else ""
    return f"{'' if term.qualifier == '+' else term.qualifier}{term.name}{value}"
