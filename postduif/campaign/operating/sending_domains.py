"""The domains that mail is sent from: the records to publish for each, and what DNS has of them now."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Literal, NamedTuple

from postduif.campaign.checks.asking import look_up, sender_of
from postduif.campaign.checks.identity import Identity
from postduif.campaign.checks.spf import SpfResult
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.errors import ConfigError, PostduifError
from postduif.mta import dkim_keys
from postduif.mta.resolver import Resolver

PATIENCE = 15.0
"""Seconds until a look at DNS is given up."""
Tone = Literal["good", "warn", "bad", "calm"]
_LATER = "try again later"
_MX = "MX of {}"
_TONES: dict[str, Tone] = {"ok": "good", "warning": "warn", "error": "bad"}


AT_ONCE = 4
"""Looks at DNS; each holds a thread."""

_TURNS = threading.BoundedSemaphore(AT_ONCE)


class LookFailed(PostduifError):  # noqa: N818  the name says what is the case
    """DNS took too long, or others are asking."""


class Record(NamedTuple):
    """One to publish."""

    kind: str
    name: str
    value: str
    zone: str
    """The line of a zone file."""


class Judged(NamedTuple):
    """One thing that was looked at."""

    what: str
    tone: Tone
    found: str
    remedy: str = ""
    record: Record | None = None


def sending_domains(config: Config) -> list[str]:
    """Those that the settings name, in order: each that is signed for, and the one that bounces come back to."""
    named = [*(one.domain for one in config.dkim), *([config.bounce.domain] if config.bounce.domain else [])]
    return list(dict.fromkeys(named))


def records_of(config: Config, domain: str) -> tuple[list[Record], list[str]]:
    """The DKIM records of a domain, and what is wrong with keys that cannot be read."""
    found, problems = [], []
    for one in config.dkim:
        if one.domain != domain:
            continue
        try:
            value = dkim_keys.public_record(dkim_keys.read_key(one.key))
        except ConfigError as error:
            problems.append(str(error))
            continue
        zone = dkim_keys.zone_line(one.domain, one.selector, value)
        found.append(Record("TXT", dkim_keys.record_name(one.domain, one.selector), value, zone))
    return found, problems


def look(config: Config, domain: str, clock: Clock) -> list[Judged]:
    """Ask DNS, for PATIENCE at most, and judge. Raises LookFailed, and ConfigError for a key that cannot be read."""
    if not _TURNS.acquire(blocking=False):
        raise LookFailed(f"{AT_ONCE} others are asking DNS; try again in a moment")
    try:
        return list(judged(asyncio.run(_identity(config, domain, clock))))
    except TimeoutError:
        raise LookFailed(f"DNS gave no answer within {PATIENCE:.0f} s; check dns.nameservers, or try again") from None
    finally:
        _TURNS.release()


async def _identity(config: Config, domain: str, clock: Clock) -> Identity:
    resolver = Resolver(config.dns, clock)
    try:
        async with asyncio.timeout(PATIENCE):
            return await look_up(resolver, sender_of(config, domain))
    finally:
        await resolver.close()


def judged(one: Identity) -> Iterator[Judged]:
    """What receivers will make of it. Pure."""
    yield _spf(one)
    yield from _dkim(one)
    yield _dmarc(one)
    yield _returns(one)
    yield from _reverse(one)
    if one.unanswered:
        yield Judged("No answer", "warn", f"DNS said nothing about {', '.join(one.unanswered)}", _LATER)


def _spf(one: Identity) -> Judged:
    what = f"SPF of {one.return_domain}"
    if not one.sources and one.hostname in one.unanswered:
        return Judged(what, "warn", f"DNS gave no answer about the addresses of {one.hostname}", _LATER)
    if not one.sources:
        return Judged(what, "warn", f"{one.hostname} has no address in DNS, so nothing can be judged", "publish one")
    named = " ".join(f"ip{ip_address(source.address).version}:{source.address}" for source in one.sources)
    value = f"v=spf1 {named} -all"
    record = Record("TXT", one.return_domain, value, f'{one.return_domain}. IN TXT "{value}"')
    failing = [source for source in one.sources if source.spf.result is not SpfResult.PASS]
    if not failing:
        aligned = "" if one.spf_aligned else f" (not counted by DMARC for {one.domain}: another organisation)"
        return Judged(what, "good", f"passes for {', '.join(source.address for source in one.sources)}{aligned}")
    said = "; ".join(f"{source.address}: {source.spf.result.value} {source.spf.why}".strip() for source in failing)
    return Judged(what, "bad", said, "publish a record that names every address that mail leaves from", record)


def _dkim(one: Identity) -> Iterator[Judged]:
    if not one.keys:
        remedy = "make a key with `postduif dkim generate`, and add [[dkim]]"
        yield Judged("DKIM", "bad", f"no key signs for {one.domain}", remedy)
    for key in one.keys:
        what = f"DKIM key {key.selector} of {key.domain}"
        if key.verdict is None:
            yield Judged(what, "warn", "DNS gave no answer", _LATER)
        else:
            note = "" if key.aligned else f" (not counted by DMARC for {one.domain})"
            yield Judged(what, _TONES[key.verdict.level], key.verdict.text + note, key.verdict.remedy)


def _dmarc(one: Identity) -> Judged:
    dmarc, what = one.dmarc, f"DMARC of {one.domain}"
    value = "v=DMARC1; p=none"
    record = Record("TXT", f"_dmarc.{one.domain}", value, f'_dmarc.{one.domain}. IN TXT "{value}"')
    if dmarc.unanswered:
        return Judged(what, "warn", "DNS gave no answer", _LATER)
    if not dmarc.where:
        return Judged(what, "bad", "no record; large receivers want one of bulk senders", "publish one", record)
    if not dmarc.policy:
        return Judged(what, "bad", f"the record at {dmarc.where} has no valid policy", "correct it", record)
    found = f"p={dmarc.policy}, at {dmarc.where}"
    if one.passes:
        return Judged(what, "good", f"{found}; mail passes it")
    return Judged(what, "bad", f"{found}; mail does not pass it", "mend SPF or DKIM above")


def _returns(one: Identity) -> Judged:
    what = _MX.format(one.return_domain)
    zone = f"{one.return_domain}. IN MX 10 {one.hostname}."
    record = Record("MX", one.return_domain, f"10 {one.hostname}.", zone)
    if not one.return_hosts and _MX.format(one.return_domain) in one.unanswered:
        return Judged(what, "warn", "DNS gave no answer", _LATER)
    if not one.return_hosts:
        return Judged(what, "bad", "no host takes its mail, so bounces do not come back", "publish this", record)
    hosts = ", ".join(one.return_hosts)
    if one.returns_reach_us:
        return Judged(what, "good", f"{hosts}: bounces come back here")
    return Judged(what, "warn", f"{hosts}, which is not {one.hostname}: bounces go elsewhere", "publish this", record)


def _reverse(one: Identity) -> Iterator[Judged]:
    for source in one.sources:
        what = f"PTR of {source.address}"
        if one.hostname in source.confirmed:
            yield Judged(what, "good", one.hostname)
        elif what in one.unanswered:
            yield Judged(what, "warn", "DNS gave no answer", _LATER)
        elif source.confirmed:
            yield Judged(what, "good", f"{', '.join(source.confirmed)}, which has this address")
        else:
            found = ", ".join(source.names) or "not set"
            remedy = f"have the owner of the address set it to {one.hostname}; many hosts refuse mail without it"
            yield Judged(what, "bad", f"{found}; no name leads back to the address", remedy)
