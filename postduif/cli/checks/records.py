"""What stands in DNS: our name, its reverse, and the public halves of our DKIM keys (RFC 6376 3.6, RFC 8463)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

import dns.exception
import dns.nameserver
import dns.rdatatype
import dns.resolver
import dns.reversename
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from postduif.cli.checks.finding import About, Finding
from postduif.config.load import Loaded
from postduif.config.schema import Dns
from postduif.errors import ConfigError
from postduif.mta.dkim_keys import PrivateKey, public_record, read_key, record_name

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


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
    publish = f"publish this TXT record: {public_record(key)}"
    found = [text for text in lookup(name, "TXT") if "p" in _tags(text)]
    if not found:
        return about.error(f"{name} has no DKIM record", publish)
    if len(found) > 1:
        return about.error(f"{name} has {len(found)} DKIM records, and receivers take any one", "remove all but one")
    tags = _tags(found[0])
    try:
        published = _public_key(tags)
    except ValueError as error:
        return about.error(f"{name}: {error}", publish)
    if published != key.public_key():
        return about.error(f"{name} is the record of another key", publish)
    return _flags(about, name, tags)


def _flags(about: About, name: str, tags: dict[str, str]) -> Finding:
    """Tags that keep a right key from being used (RFC 6376 3.6.1)."""
    if "h" in tags and "sha256" not in _words(tags["h"]):
        return about.error(f"{name}: h={tags['h']} leaves out sha256", "remove h= from the record")
    if "s" in tags and not {"*", "email"} & _words(tags["s"]):
        return about.error(f"{name}: s={tags['s']} is not for mail", "remove s= from the record")
    if "y" in _words(tags.get("t", "")):
        return about.warning(f"{name}: t=y says that signatures are only a test", "remove t=y from the record")
    return about.ok(f"{name} is the public half of the key")


def _words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(":")}


def _tags(record: str) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in record.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def _public_key(tags: dict[str, str]) -> PublicKey:
    """The key of a record. Raises ValueError, which says what is wrong with the record."""
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise ValueError("the record does not begin with v=DKIM1")
    text = re.sub(r"\s", "", tags.get("p", ""))
    if not text:
        raise ValueError("p= is empty: the key is revoked")
    try:
        octets = base64.b64decode(text, validate=True)
        if tags.get("k", "rsa") == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(octets)
        key = serialization.load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise ValueError("p= is not a public key; it was perhaps cut or changed when it was published") from None
    if tags.get("k", "rsa") != "rsa" or not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("k= does not say what p= is")
    return key
