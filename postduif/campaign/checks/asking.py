"""DNS asked about a sender: SPF of the addresses that mail leaves from, DKIM records, DMARC, PTR, MX.

Nothing is judged here, and nothing raises for what DNS says: silence is a fact as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from postduif.campaign.checks.dmarc import Dmarc, dmarc_of
from postduif.campaign.checks.filters import Held
from postduif.campaign.checks.identity import Identity, Key, Source
from postduif.campaign.checks.spf import SpfResult, check_host
from postduif.config.schema import Config
from postduif.mta.dkim_keys import PrivateKey, read_key, record_name
from postduif.mta.dkim_record import judge
from postduif.mta.mx import exchanges
from postduif.mta.resolver import Answer, Resolver, Status
from postduif.reply import Reply

_PORT = 25
_ASKED_TOGETHER = 50
_TAKES_SOME = "postmaster"
"""The local part that SPF is asked about; ours are different for each recipient."""


class SenderKey(NamedTuple):
    """A key that signs for a domain."""

    domain: str
    selector: str
    key: PrivateKey


class Sender(NamedTuple):
    """Whom to ask about."""

    domain: str
    """Of From, lower case, in ASCII."""
    return_domain: str
    """Of the return path."""
    hostname: str
    sources: tuple[str, ...] = ()
    """IP addresses as receivers see them; none: those that the host name has in DNS."""
    keys: tuple[SenderKey, ...] = ()


def sender_of(config: Config, domain: str) -> Sender:
    """How the configuration sends mail From this domain. Raises ConfigError: a key cannot be read."""
    above = [one.domain for one in config.dkim if domain == one.domain or domain.endswith(f".{one.domain}")]
    signing = max(above, key=len, default="")
    keys = tuple(SenderKey(one.domain, one.selector, read_key(one.key)) for one in config.dkim if one.domain == signing)
    return Sender(domain, config.bounce.domain or domain, config.server.hostname.lower(), config.campaign.sources, keys)


async def look_up(resolver: Resolver, sender: Sender) -> Identity:
    """Everything that the rules want to know of a sender."""
    return await _Questions(resolver, sender).identity()


async def without_mail(resolver: Resolver, domains: Iterable[str]) -> dict[str, Held]:
    """Of these domains those that take no mail: null MX (RFC 7505), or no such domain. No answer is no reason."""
    slots = asyncio.Semaphore(_ASKED_TOGETHER)

    async def _one(domain: str) -> tuple[str, Held | None]:
        async with slots:
            answer = await resolver.mx(domain)
        if answer.records and all(name == "." for _, name in answer.records):
            return domain, Held.NULL_MX
        return domain, Held.INVALID_DOMAIN if answer.status is Status.NXDOMAIN else None

    return {domain: cause for domain, cause in await asyncio.gather(*map(_one, set(domains))) if cause}


class _Questions:
    """Those of one sender; notes what was not answered."""

    def __init__(self, resolver: Resolver, sender: Sender) -> None:
        self._resolver = resolver
        self._sender = sender
        self._unanswered: set[str] = set()

    async def identity(self) -> Identity:
        """All of them, side by side."""
        sender = self._sender
        ours = await self._addresses(sender.hostname)
        addresses = sender.sources or tuple(sorted(ours))
        sources, dmarc, above, hosts, returns = await asyncio.gather(
            asyncio.gather(*map(self._source, addresses)),
            self._dmarc(sender.domain),
            self._dmarc(sender.return_domain),
            self._hosts(sender.domain),
            self._hosts(sender.return_domain),
        )
        return Identity(
            sender.domain,
            sender.return_domain,
            sender.hostname,
            tuple(sources),
            tuple(await asyncio.gather(*(self._key(one, dmarc) for one in sender.keys))),
            dmarc,
            dmarc.aligned(sender.domain, sender.return_domain, above.organisation, strict=dmarc.strict_spf),
            hosts,
            returns,
            await self._reach_us(returns, ours),
            tuple(sorted(self._unanswered)),
        )

    async def _source(self, address: str) -> Source:
        sender = self._sender
        spf = await check_host(self._resolver, address, f"{_TAKES_SOME}@{sender.return_domain}", sender.hostname)
        if spf.result is SpfResult.TEMPERROR:
            self._unanswered.add(f"SPF of {sender.return_domain}")
        answer = self._noted(await self._resolver.ptr(address), f"PTR of {address}")
        names = tuple(name.lower() for name in answer.records)
        whole = str(ip_address(address))
        confirmed = [name for name in names if whole in await self._addresses(name)]
        return Source(address, spf, names, tuple(confirmed))

    async def _key(self, one: SenderKey, dmarc: Dmarc) -> Key:
        name = record_name(one.domain, one.selector)
        answer, above = await asyncio.gather(self._resolver.txt(name), self._dmarc(one.domain))
        self._noted(answer, name)
        verdict = None if answer.temporary else judge(name, answer.records, one.key)
        bits = one.key.key_size if isinstance(one.key, rsa.RSAPrivateKey) else 0
        aligned = dmarc.aligned(self._sender.domain, one.domain, above.organisation, strict=dmarc.strict_dkim)
        return Key(one.domain, one.selector, bits, verdict, aligned)

    async def _dmarc(self, domain: str) -> Dmarc:
        found = await dmarc_of(self._resolver, domain)
        if found.unanswered:
            self._unanswered.add(f"_dmarc.{domain}")
        return found

    async def _hosts(self, domain: str) -> tuple[str, ...]:
        """That take mail for the domain and have an address."""
        answer = self._noted(await self._resolver.mx(domain), f"MX of {domain}")
        found = exchanges(domain, answer.records, "", _PORT)
        if isinstance(found, Reply) or answer.status is Status.NXDOMAIN:
            return ()
        addresses = await asyncio.gather(*(self._addresses(host.name) for host in found))
        return tuple(host.name for host, some in zip(found, addresses, strict=True) if some)

    async def _reach_us(self, hosts: Sequence[str], ours: Collection[str]) -> bool:
        if self._sender.hostname in hosts:
            return True
        addresses = await asyncio.gather(*map(self._addresses, hosts))
        return any(some & set(ours) for some in addresses)

    async def _addresses(self, host: str) -> set[str]:
        answers = await self._resolver.addresses(host)
        for answer in answers:
            self._noted(answer, host)
        return {address for answer in answers for address in answer.records}

    def _noted(self, answer: Answer, name: str) -> Answer:
        if answer.temporary:
            self._unanswered.add(name)
        return answer
