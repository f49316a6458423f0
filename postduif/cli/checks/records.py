"""What stands in DNS: our name, its reverse, and the public halves of our DKIM keys."""

from __future__ import annotations

from collections.abc import Iterator

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename

from postduif.config.load import Loaded
from postduif.config.schema import Dns
from postduif.errors import ConfigError
from postduif.mta.dkim_keys import PrivateKey, read_key, record_name
from postduif.mta.dkim_record import judge
from postduif.mta.soundness.finding import About, Finding


class LookupFailed(Exception):  # noqa: N818  says what happened
    """DNS gave no usable answer. The text names the remedy."""


class Lookup:
    """Asks the configured name servers, or the system's."""

    def __init__(self, settings: Dns) -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=not settings.nameservers)
        except dns.resolver.NoResolverConfiguration:
            raise LookupFailed("/etc/resolv.conf names no server; set dns.nameservers") from None
        if settings.nameservers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(server.host, server.port) for server in settings.nameservers
            ]
        self._resolver.lifetime = settings.timeout

    def __call__(self, name: str, kind: str) -> list[str]:
        """The records, TXT strings joined; empty when there are none. Raises LookupFailed."""
        try:
            answer = self._resolver.resolve(name, kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.resolver.NoNameservers:
            raise LookupFailed(f"{name} {kind}: the name servers failed; try again, or check dns.nameservers") from None
        except dns.exception.Timeout:
            raise LookupFailed(f"{name} {kind}: no answer in time; check dns.nameservers") from None
        except dns.exception.DNSException as error:
            raise LookupFailed(f"{name} {kind}: {error}; correct the name") from None
        if answer.rdtype == dns.rdatatype.TXT:
            return [b"".join(record.strings).decode("ascii", "replace") for record in answer]
        return [record.to_text().rstrip(".") for record in answer]


def records(loaded: Loaded) -> Iterator[Finding]:
    """The name of this host and all DKIM records."""
    try:
        lookup = Lookup(loaded.config.dns)
    except LookupFailed as error:
        yield About(loaded, "dns", "nameservers").wrong(str(error))
        return
    yield from _hostname(loaded, lookup)
    for index, settings in enumerate(loaded.config.dkim):
        about = About(loaded, "dkim", index)
        try:
            yield _dkim(about, lookup, record_name(settings.domain, settings.selector), read_key(settings.key))
        except LookupFailed as error:
            yield about.wrong(str(error))
        except ConfigError:
            continue  # the check of the key itself says so


def _hostname(loaded: Loaded, lookup: Lookup) -> Iterator[Finding]:
    about, hostname = About(loaded, "server", "hostname"), loaded.config.server.hostname
    try:
        addresses = [*lookup(hostname, "A"), *lookup(hostname, "AAAA")]
        if not addresses:
            yield about.error(f"{hostname} has no A or AAAA record", "publish this host's address under it")
            return
        yield about.ok(f"{hostname} is {', '.join(addresses)}")
        for address in addresses:
            yield _reverse(about, hostname, address, lookup)
    except LookupFailed as error:
        yield about.wrong(str(error))


def _reverse(about: About, hostname: str, address: str, lookup: Lookup) -> Finding:
    remedy = f"have the owner of the address set its PTR record to {hostname}; many hosts refuse mail without it"
    try:
        names = lookup(dns.reversename.from_address(address).to_text(), "PTR")
    except LookupFailed as error:
        return about.warning(f"PTR of {address}: {str(error).partition('; ')[0]}", remedy)
    if hostname.lower() in (name.lower() for name in names):
        return about.ok(f"PTR of {address} is {hostname}")
    return about.warning(f"PTR of {address} is {', '.join(names) or 'not set'}, not {hostname}", remedy)


def _dkim(about: About, lookup: Lookup, name: str, key: PrivateKey) -> Finding:
    verdict = judge(name, lookup(name, "TXT"), key)
    if verdict.level == "ok":
        return about.ok(verdict.text)
    return (about.warning if verdict.level == "warning" else about.error)(verdict.text, verdict.remedy)
