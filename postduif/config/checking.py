"""What must hold between settings. Pure: no file, host or clock is looked at.

`faults` is for everybody who reads the file; `serving_faults` is what only the daemon cannot do without.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from postduif import address
from postduif.config.lines import KeyPath, written
from postduif.config.schema import Config, HostPort, Listener
from postduif.config.units import format_size, format_time
from postduif.config.words import Fault
from postduif.errors import AddressError


def faults(config: Config) -> list[Fault]:
    """Everything wrong between the settings of a file."""
    rules: tuple[Callable[[Config], Iterable[Fault]], ...] = (
        _tls,
        _auth,
        _http,
        _web,
        _relay,
        _memory,
        _addresses,
        _streams,
        _sites,
        _twice,
        _times,
        _bounce,
        _postmaster,
        _webhooks,
    )
    return list(chain.from_iterable(rule(config) for rule in rules))


def serving_faults(config: Config) -> list[Fault]:
    """What keeps the daemon from serving: a name that no other host can look up."""
    hostname = config.server.hostname
    problem = ""
    if hostname.endswith("."):
        problem = f'"{hostname}" ends with a dot; write "{hostname.rstrip(".")}"'
    elif not hostname.isascii():
        problem = f'"{hostname}" is not in ASCII; write its A-labels, as "xn--bcher-kva.example"'
    elif not is_qualified(hostname):
        problem = f'"{hostname}" is not a fully qualified domain name; write one that is in DNS, as "mta.example.com"'
    return [Fault(("server", "hostname"), problem)] if problem else []


def is_qualified(hostname: str) -> bool:
    """It is a host name of at least two labels and no IP address (RFC 5321 2.3.5)."""
    try:
        ascii_name = address.parse_domain(hostname)
    except AddressError:
        return False
    labels = ascii_name.split(".")
    return len(labels) > 1 and not labels[-1].isdigit() and not ascii_name.startswith("[") and "_" not in ascii_name


def _tls(config: Config) -> Iterator[Fault]:
    for at, listener in _listeners(config):
        if listener.tls != "none" and listener.certificate is None:
            yield Fault(
                (*at, "tls"), f'"{listener.tls}" needs a certificate; write certificate = "/etc/postduif/tls/cert.pem"'
            )
        given = "certificate" if listener.certificate else "private_key" if listener.private_key else ""
        if listener.tls == "none" and given:
            yield Fault((*at, given), 'not used while tls is "none"; write tls = "starttls" or tls = "implicit"')


def _auth(config: Config) -> Iterator[Fault]:
    for at, listener in _listeners(config):
        if listener.auth_without_tls and not _is_loopback(listener.address):
            yield Fault(
                (*at, "auth_without_tls"),
                f"passwords would cross the network in the clear, as {listener.address.host} is not a loopback "
                'address; write tls = "starttls" instead',
            )
        elif listener.auth != "none" and listener.tls == "none" and not listener.auth_without_tls:
            yield Fault(
                (*at, "auth"),
                f'"{listener.auth}" needs TLS, or passwords would be sent in the clear; write tls = "starttls" '
                "and a certificate, or, on a loopback address only, auth_without_tls = true",
            )


def _http(config: Config) -> Iterator[Fault]:
    http = config.http
    if http.address is None:
        return
    if http.certificate is None and not _is_loopback(http.address):
        yield Fault(
            ("http", "address"),
            f"tokens would cross the network in the clear, as {http.address.host} is not a loopback address; write "
            'certificate = "/etc/postduif/tls/cert.pem"',
        )
    if http.certificate is None and http.private_key is not None:
        yield Fault(("http", "private_key"), "not used without a certificate; write certificate too, or remove it")
    if http.stream not in (known := {"default", *(stream.name for stream in config.stream)}):
        yield Fault(("http", "stream"), f'no stream is named "{http.stream}"; write one of {", ".join(sorted(known))}')
    if 4 * http.max_message_size > config.server.max_message_memory:
        yield Fault(
            ("http", "max_message_size"),
            f"a quarter of server.max_message_memory, {format_size(config.server.max_message_memory)}, is less than "
            "one such message; write a smaller one, or more memory there",
        )


def _web(config: Config) -> Iterator[Fault]:
    web = config.web
    if web.certificate is None and web.private_key is not None:
        yield Fault(("web", "private_key"), "not used without a certificate; write certificate too, or remove it")
    if web.address is None:
        if web.certificate is not None:
            yield Fault(("web", "certificate"), 'not used without an address; write address = "0.0.0.0:443"')
    elif web.certificate is None and not _is_loopback(web.address):
        yield Fault(
            ("web", "address"),
            f"passwords would cross the network in the clear, as {web.address.host} is not a loopback address; write "
            'certificate = "/etc/postduif/tls/cert.pem"',
        )
    for index, network in enumerate(web.trusted_proxies):
        if not network.prefixlen:
            yield Fault(
                ("web", "trusted_proxies", index),
                f'"{network}" is everybody, who could then each say who they are; name your own web servers',
            )


def _relay(config: Config) -> Iterator[Fault]:
    for at, listener in _listeners(config):
        for index, network in enumerate(listener.trusted):
            if not network.prefixlen and not _is_loopback(listener.address):
                yield Fault(
                    (*at, "trusted", index),
                    f'"{network}" is the whole internet, and this would be an open relay; name your own networks',
                )


def _memory(config: Config) -> Iterator[Fault]:
    most = config.server.max_message_memory
    for at, listener in _listeners(config):
        if 2 * listener.max_message_size > most:
            yield Fault(
                (*at, "max_message_size"),
                f"half of server.max_message_memory, {format_size(most)}, is less than one such message; write a "
                "smaller one, or more memory there",
            )


def _addresses(config: Config) -> Iterator[Fault]:
    taken: list[tuple[KeyPath, HostPort]] = []
    wanted = [((*at, "address"), listener.address) for at, listener in _listeners(config)]
    if config.http.address:
        wanted.append((("http", "address"), config.http.address))
    if config.web.address:
        wanted.append((("web", "address"), config.web.address))
    if config.web.public_url:
        wanted.append((("web", "public_address"), config.web.public_address))
    if config.metrics.address:
        wanted.append((("metrics", "address"), config.metrics.address))
    for path, endpoint in wanted:
        other = next((first for first, used in taken if _overlap(used, endpoint)), None)
        if other:
            yield Fault(path, f'"{endpoint}" is taken by {written(other)}; write another address or port')
        taken.append((path, endpoint))


def _overlap(one: HostPort, other: HostPort) -> bool:
    if one.port != other.port or not one.port:
        return False
    first, second = ipaddress.ip_address(one.host), ipaddress.ip_address(other.host)
    return first == second or (first.version == second.version and (first.is_unspecified or second.is_unspecified))


def _streams(config: Config) -> Iterator[Fault]:
    known = {"default", *(stream.name for stream in config.stream)}
    for at, listener in _listeners(config):
        if listener.stream not in known:
            yield Fault(
                (*at, "stream"),
                f'no stream is named "{listener.stream}"; add [[stream]] with that name, '
                f"or write one of {', '.join(sorted(known))}",
            )


def _sites(config: Config) -> Iterator[Fault]:
    for index, site in enumerate(config.site):
        if not site.mx and not site.domains:
            yield Fault(
                ("site", index),
                f'"{site.name}" has neither mx nor domains, so no mail belongs to it; write mx = [".example.com"]',
            )


def _twice(config: Config) -> Iterator[Fault]:
    """Names that must be told apart."""
    named: list[tuple[str, KeyPath]] = []
    for index, hop in enumerate(config.next_hop):
        named.append((f'next hop for "{hop.domain}"', ("next_hop", index, "domain")))
    for index, stream in enumerate(config.stream):
        named.append((f'stream "{stream.name}"', ("stream", index, "name")))
    for index, key in enumerate(config.dkim):
        text = f'selector "{key.selector.lower()}" of "{key.domain}"'
        named.append((text, ("dkim", index, "selector")))
    for index, site in enumerate(config.site):
        named.append((f'site "{site.name}"', ("site", index, "name")))
        named += [(f'site for MX "{suffix}"', ("site", index, "mx", at)) for at, suffix in enumerate(site.mx)]
        named += [(f'site for "{name}"', ("site", index, "domains", at)) for at, name in enumerate(site.domains)]
    named += [(f'webhook "{hook.name}"', ("webhook", index, "name")) for index, hook in enumerate(config.webhook)]
    first: dict[str, KeyPath] = {}
    for text, path in named:
        if text in first:
            yield Fault(path, f"there is a {text} already, at {written(first[text])}; remove or rename one of the two")
        first.setdefault(text, path)


def _times(config: Config) -> Iterator[Fault]:
    delivery, dns = config.delivery, config.dns
    if delivery.retry[0] > delivery.lifetime:
        yield Fault(
            ("delivery", "retry"),
            f"the first wait, {format_time(delivery.retry[0])}, is longer than lifetime, "
            f"{format_time(delivery.lifetime)}, so nothing would be tried twice; write a shorter wait",
        )
    if dns.min_ttl > dns.max_ttl:
        yield Fault(
            ("dns", "min_ttl"),
            f"{format_time(dns.min_ttl)} is more than max_ttl, {format_time(dns.max_ttl)}; write it shorter",
        )


def _bounce(config: Config) -> Iterator[Fault]:
    bounce, lifetime = config.bounce, config.delivery.lifetime
    if bounce.domain is None and bounce.sign_submitted:
        yield Fault(("bounce", "sign_submitted"), 'needs a domain to come back to; write domain = "b.example.com"')
    if bounce.domain is not None and bounce.bounce_lifetime <= lifetime:
        yield Fault(
            ("bounce", "bounce_lifetime"),
            f"{format_time(bounce.bounce_lifetime)} can be over before we have made the last attempt "
            f"(delivery.lifetime is {format_time(lifetime)}); write it some ten days longer than that",
        )
    yield from _unprocessed(config)
    longest = bounce.bounce_lifetime if bounce.sign_submitted else 0.0
    if longest > config.queue.journal_retention:
        yield Fault(
            ("queue", "journal_retention"),
            f"{format_time(config.queue.journal_retention)} is shorter than a bounce is believed "
            f"({format_time(longest)}), and without the journal nobody knows whom it is about; write it longer",
        )
    if bounce.error_spacing * (bounce.soft_errors - 1) > bounce.error_window:
        yield Fault(
            ("bounce", "error_window"),
            f"{format_time(bounce.error_window)} has no room for {bounce.soft_errors} errors that are "
            f"{format_time(bounce.error_spacing)} apart, so nothing would ever be quarantined; write it longer",
        )


def _unprocessed(config: Config) -> Iterator[Fault]:
    text = config.bounce.unprocessed_to
    if not text:
        return
    try:
        domain = address.parse(text).domain
    except AddressError as error:
        yield Fault(("bounce", "unprocessed_to"), f'"{text}" is not an address ({error}); write "people@example.com"')
        return
    if domain == config.bounce.domain:
        yield Fault(
            ("bounce", "unprocessed_to"), f'"{text}" comes back here and is read again; name a mailbox elsewhere'
        )


def _postmaster(config: Config) -> Iterator[Fault]:
    text = config.server.postmaster
    if not text:
        return
    try:
        target = address.parse(text)
    except AddressError as error:
        yield Fault(
            ("server", "postmaster"),
            f'"{text}" is not an address ({error}); write it as "postmaster@example.com"',
        )
        return
    if (target.localpart.lower() in ("postmaster", "abuse") and target.domain == config.server.hostname.lower()) or (
        target.domain == config.bounce.domain
    ):
        yield Fault(
            ("server", "postmaster"),
            f'"{text}" is the address whose mail it should take; name a mailbox elsewhere',
        )


def _webhooks(config: Config) -> Iterator[Fault]:
    retention = config.queue.journal_retention
    for index, hook in enumerate(config.webhook):
        if (hook.secret is None) == (hook.secret_file is None):
            problem = "neither secret nor secret_file" if hook.secret is None else "secret and secret_file"
            yield Fault(("webhook", index), f'"{hook.name}" has {problem}; write one of the two')
        if hook.url.startswith("http:") and not hook.allowed_networks:
            yield Fault(
                ("webhook", index, "url"),
                "everybody on the way could read it; write https://, or its network in allowed_networks",
            )
        if hook.lifetime > retention:
            yield Fault(
                ("webhook", index, "lifetime"),
                f"the journal that events come from is kept for {format_time(retention)} "
                "(queue.journal_retention); write a shorter time",
            )


def _listeners(config: Config) -> Iterator[tuple[KeyPath, Listener]]:
    return ((("listener", index), listener) for index, listener in enumerate(config.listener))


def _is_loopback(endpoint: HostPort) -> bool:
    return ipaddress.ip_address(endpoint.host).is_loopback
