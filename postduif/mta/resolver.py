"""MX, address, TXT and PTR records, asked for once and remembered: dnspython's asynchronous resolver behind a cache.

Identical lookups under way are one lookup. Answers are kept for their TTL within bounds, "no such name" and "no such
record" for at most `MAX_NEGATIVE_TTL`, failures for `FAILURE_TTL` so that a dead server is not hammered. Whatever goes
wrong is an `Answer` too: nothing here raises for what a server says or does not say.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, NamedTuple

import dns.asyncbackend
import dns.asyncresolver
import dns.exception
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

from postduif.clock import Clock
from postduif.config.schema import Dns
from postduif.errors import ConfigError
from postduif.mta.metrics import DNS_LOOKUPS
from postduif.mta.ttl_cache import TtlCache

MAX_NEGATIVE_TTL = 300.0  # seconds (RFC 2308 section 5 allows hours; mail for a domain just repaired should not wait)
FAILURE_TTL = 5.0  # seconds
MAX_LOOKUPS = 100  # under way at once; more wait for their turn
MAX_RECORDS = 100  # of one answer that are kept
_TRY_SECONDS = 2.0  # the longest wait for one server
_UDP_PAYLOAD = 1232  # octets: no fragments (DNS flag day 2020)


class Status(enum.Enum):
    """What a lookup led to. The last two are temporary."""

    OK = "ok"
    NODATA = "nodata"
    """The name exists and has no such record."""
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    """No server could or would say: SERVFAIL, REFUSED, a CNAME loop, nonsense, nobody at the port, a referral."""
    TIMEOUT = "timeout"


class Answer(NamedTuple):
    """What is known of one name and type."""

    status: Status
    records: tuple[Any, ...]
    """(preference, name) of MX; addresses, texts and names as text; sorted. Empty unless OK."""
    until: float
    """When it must be asked again, in monotonic seconds."""

    @property
    def temporary(self) -> bool:
        """Asked again later, the answer may be another one."""
        return self.status in (Status.SERVFAIL, Status.TIMEOUT)


_Key = tuple[str, str]
_COUNTED: dict[Status | str, Callable[[], None]] = {status: DNS_LOOKUPS.labels(status.value).inc for status in Status}
_COUNT_CACHED = DNS_LOOKUPS.labels("cached").inc


class Resolver:
    """Looks up records. Bound to the event loop that first uses it."""

    def __init__(self, settings: Dns, clock: Clock) -> None:
        """Raises ConfigError when there is no name server to ask."""
        self.clock = clock
        self._settings = settings
        self._stub = _stub(settings)
        self._backend = dns.asyncbackend.get_backend("asyncio")
        self._cache: TtlCache[_Key, Answer] = TtlCache(settings.cache_size, clock)
        self._under_way: dict[_Key, asyncio.Task[Answer]] = {}
        self._slots = asyncio.Semaphore(MAX_LOOKUPS)

    async def mx(self, name: str) -> Answer:
        """The MX records of a name, its CNAME followed: (preference, host name) each, null MX as "."."""
        return await self._lookup(name, "MX")

    async def addresses(self, name: str, *, ipv6: bool = True) -> tuple[Answer, Answer]:
        """The AAAA and the A records of a name, its CNAME followed. Without `ipv6` the first is not asked for."""
        if not ipv6:
            return Answer(Status.NODATA, (), float("inf")), await self._lookup(name, "A")
        six, four = self._known((name, "AAAA")), self._known((name, "A"))
        if six is None and four is None:
            return await asyncio.gather(self._lookup(name, "AAAA"), self._lookup(name, "A"))
        return six or await self._lookup(name, "AAAA"), four or await self._lookup(name, "A")

    async def txt(self, name: str) -> Answer:
        """The TXT records of a name, its CNAME followed, the strings of each joined (RFC 7208 3.3)."""
        return await self._lookup(name, "TXT")

    async def ptr(self, address: str) -> Answer:
        """The names that an IP address is said to have, without their final dot."""
        return await self._lookup(ip_address(address).reverse_pointer, "PTR")

    async def close(self) -> None:
        """Give up the lookups under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _known(self, key: _Key) -> Answer | None:
        answer = self._cache.get(key)
        if answer is not None:
            _COUNT_CACHED()
        return answer

    async def _lookup(self, name: str, rdtype: str) -> Answer:
        key = (name, rdtype)
        if (answer := self._known(key)) is not None:
            return answer
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._ask(key), name=f"dns {name} {rdtype}")
            task.add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(task)  # one who stops waiting must not end it for the others

    async def _ask(self, key: _Key) -> Answer:
        async with self._slots:
            status, records, ttl = await self._query(*key)
        _COUNTED[status]()
        answer = Answer(status, records, self.clock.monotonic() + ttl)
        self._cache.put(key, answer, answer.until)
        return answer

    async def _query(self, name: str, rdtype: str) -> tuple[Status, tuple[Any, ...], float]:
        """Status, records, and for how many seconds they hold."""
        try:
            found = await self._stub.resolve(
                dns.name.from_text(f"{name}."),
                rdtype,
                raise_on_no_answer=False,
                lifetime=self._settings.timeout,
                backend=self._backend,
            )
        except dns.resolver.NXDOMAIN as error:
            (response,) = error.kwargs["responses"].values()
            return Status.NXDOMAIN, (), self._negative_ttl(response)
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return Status.NXDOMAIN, (), MAX_NEGATIVE_TTL  # no such name can exist
        except dns.exception.Timeout:
            return Status.TIMEOUT, (), FAILURE_TTL
        except dns.exception.DNSException:
            return Status.SERVFAIL, (), FAILURE_TTL
        if found.rrset is None and _is_referral(found.response):
            return Status.SERVFAIL, (), FAILURE_TTL
        if found.rrset is None:
            return Status.NODATA, (), self._negative_ttl(found.response)
        ttl = min(max(found.chaining_result.minimum_ttl, self._settings.min_ttl), self._settings.max_ttl)
        return Status.OK, tuple(sorted(_READ[rdtype](record) for record in found.rrset)[:MAX_RECORDS]), ttl

    def _negative_ttl(self, response: dns.message.QueryMessage) -> float:
        """The SOA's word on how long a "no" holds (RFC 2308 section 5), within our bounds."""
        return min(max(response.resolve_chaining().minimum_ttl, self._settings.min_ttl), MAX_NEGATIVE_TTL)


_READ: dict[str, Callable[[Any], Any]] = {
    "MX": lambda record: (record.preference, record.exchange.to_text()),
    "A": lambda record: record.address,
    "AAAA": lambda record: str(ip_address(record.address)),
    "TXT": lambda record: b"".join(record.strings).decode("ascii", "replace"),
    "PTR": lambda record: record.target.to_text(omit_final_dot=True),
}


def _is_referral(response: dns.message.Message) -> bool:
    """The server names others to ask, which is no answer (RFC 2308 2.1): it does not resolve for us."""
    kinds = {rrset.rdtype for rrset in response.authority}
    return dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


def _stub(settings: Dns) -> dns.asyncresolver.Resolver:
    try:
        stub = dns.asyncresolver.Resolver(configure=not settings.nameservers)
    except dns.resolver.NoResolverConfiguration:
        raise ConfigError("dns.nameservers: the system names no resolver; set it, as ['127.0.0.1:53']") from None
    if settings.nameservers:
        stub.nameservers = [dns.nameserver.Do53Nameserver(server.host, server.port) for server in settings.nameservers]
    stub.timeout = min(_TRY_SECONDS, settings.timeout / 2)  # so that a lost packet is asked again
    stub.use_edns(0, 0, _UDP_PAYLOAD)
    return stub
