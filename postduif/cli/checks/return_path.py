"""Signed return addresses: their keys can be read, mail to them has a door, DNS leads to it, and SPF lets us send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from postduif.campaign.checks.spf import Spf, SpfResult, check_host
from postduif.campaign.checks.spf_record import is_spf
from postduif.cli.checks.key_ring import key_ring
from postduif.cli.checks.records import Lookup, LookupFailed
from postduif.clock import SystemClock
from postduif.config.load import Loaded
from postduif.config.schema import Config
from postduif.mta.resolver import Resolver
from postduif.mta.soundness.finding import About, Finding


def return_path(loaded: Loaded) -> Iterator[Finding]:
    """What `[bounce]` needs, when it has a domain."""
    config = loaded.config
    if config.bounce.domain is None:
        return
    if not any(listener.role == "inbound" for listener in config.listener):
        yield About(loaded, "bounce", "domain").warning(
            f"mail to {config.bounce.domain} comes back to no listener of ours",
            'add [[listener]] with role = "inbound"',
        )
    if not config.server.postmaster:
        yield About(loaded, "server", "postmaster").warning(
            f"mail to postmaster and abuse at {config.bounce.domain} is refused",
            'write the address of who reads it, postmaster = "postmaster@example.com"',
        )
    if not config.bounce.unprocessed_to:
        yield About(loaded, "bounce", "unprocessed_to").warning(
            "mail that comes back and is not understood reaches nobody",
            'write the address of who reads it, or look at "postduif bounce unprocessed" now and then',
        )
    if config.bounce.key_file is not None:
        yield key_ring(About(loaded, "bounce", "key_file"), config.bounce.key_file, "signs")


def return_records(loaded: Loaded) -> Iterator[Finding]:
    """MX and SPF of the bounce domain."""
    domain = loaded.config.bounce.domain
    if domain is None:
        return
    about = About(loaded, "bounce", "domain")
    try:
        lookup = Lookup(loaded.config.dns)
    except LookupFailed:
        return  # the check of the other records says so
    for look in (_mx, _spf):
        try:
            yield look(about, lookup, domain, loaded.config)
        except LookupFailed as error:
            yield about.wrong(str(error))


def _mx(about: About, lookup: Lookup, domain: str, config: Config) -> Finding:
    hostname = config.server.hostname
    publish = f"publish this MX record: 10 {hostname}."
    hosts = [record.rpartition(" ")[2].lower() for record in lookup(domain, "MX")]
    if hosts == [""]:
        return about.error(f"{domain} has a null MX, so nothing comes back", publish)
    if not hosts:
        return about.error(f"{domain} has no MX record, so nothing comes back", publish)
    ours = _addresses(lookup, hostname)
    if hostname.lower() in hosts or ours & {one for host in hosts for one in _addresses(lookup, host)}:
        return about.ok(f"MX of {domain} is {', '.join(hosts)}")
    return about.warning(f"MX of {domain} is {', '.join(hosts)}, not {hostname}", publish)


def _spf(about: About, lookup: Lookup, domain: str, config: Config) -> Finding:
    hostname = config.server.hostname
    ours = _addresses(lookup, hostname)
    named = " ".join(f"ip{ip_address(one).version}:{one}" for one in sorted(ours)) or "a:" + hostname
    publish = f"publish this TXT record: v=spf1 {named} -all"
    found = [text for text in lookup(domain, "TXT") if is_spf(text)]
    if not found:
        return about.warning(f"{domain} has no SPF record, and is the sender of what goes out", publish)
    if len(found) > 1:
        return about.error(f"{domain} has {len(found)} SPF records, so receivers take none", "remove all but one")
    judged = asyncio.run(_judged(config, domain, sorted(ours)))
    for spf in judged.values():
        if spf.result is SpfResult.TEMPERROR:
            raise LookupFailed(f"{domain} TXT: {spf.why}; try again, or check dns.nameservers")
        if spf.result is SpfResult.PERMERROR:
            return about.error(f"receivers take the SPF record of {domain} for none: {spf.why}", publish)
    if absent := [one for one, spf in judged.items() if spf.result is not SpfResult.PASS]:
        return about.warning(f"the SPF record of {domain} does not name {', '.join(absent)}: {found[0]}", publish)
    return about.ok(f"{domain} has an SPF record: {found[0]}")


def _addresses(lookup: Lookup, host: str) -> set[str]:
    return {*lookup(host, "A"), *lookup(host, "AAAA")}


async def _judged(config: Config, domain: str, addresses: Iterable[str]) -> dict[str, Spf]:
    """What receivers make of mail from each address."""
    resolver = Resolver(config.dns, SystemClock())
    hostname = config.server.hostname
    try:
        return {one: await check_host(resolver, one, f"postmaster@{domain}", hostname) for one in addresses}
    finally:
        await resolver.close()
