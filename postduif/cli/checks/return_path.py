"""Signed return addresses: their keys can be read, mail to them has a door, and DNS leads to it.

SPF is judged only as far as addresses in the record itself go; what it includes is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from postduif.bounce import keyring
from postduif.cli.checks.finding import About, Finding
from postduif.cli.checks.records import Lookup, LookupFailed
from postduif.config.load import Loaded
from postduif.errors import ConfigError


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
        about = About(loaded, "bounce", "key_file")
        try:
            keys = keyring.load(config.bounce.key_file, create=False)
        except ConfigError as error:
            yield about.wrong(str(error))
        else:
            others = f", {len(keys) - 1} more believed" if len(keys) > 1 else ""
            yield about.ok(f"{config.bounce.key_file}: a key that signs{others}")


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
            yield look(about, lookup, domain, loaded.config.server.hostname)
        except LookupFailed as error:
            yield about.wrong(str(error))


def _mx(about: About, lookup: Lookup, domain: str, hostname: str) -> Finding:
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


def _spf(about: About, lookup: Lookup, domain: str, hostname: str) -> Finding:
    ours = _addresses(lookup, hostname)
    named = " ".join(f"ip{ip_address(one).version}:{one}" for one in sorted(ours)) or "a:" + hostname
    publish = f"publish this TXT record: v=spf1 {named} -all"
    found = [text for text in lookup(domain, "TXT") if text.lower().split(" ")[0] == "v=spf1"]
    if not found:
        return about.warning(f"{domain} has no SPF record, and is the sender of what goes out", publish)
    if len(found) > 1:
        return about.error(f"{domain} has {len(found)} SPF records, so receivers take none", "remove all but one")
    if absent := sorted(one for one in ours if not _lets(found[0], one)):
        return about.warning(f"the SPF record of {domain} does not name {', '.join(absent)}: {found[0]}", publish)
    return about.ok(f"{domain} has an SPF record: {found[0]}")


def _addresses(lookup: Lookup, host: str) -> set[str]:
    return {*lookup(host, "A"), *lookup(host, "AAAA")}


def _lets(record: str, address: str) -> bool:
    """Whether it may let this address send: it is named, or a term is there that needs more questions (RFC 7208 5)."""
    for term in record.lower().split()[1:]:
        name, _, value = term.removeprefix("+").partition(":")
        if name in ("ip4", "ip6"):
            try:
                if ip_address(address) in ip_network(value, strict=False):
                    return True
            except ValueError:
                return False  # receivers take a record with a broken term for none
        elif name[0] not in "-~?" and not name.startswith("exp="):
            return True
    return False
