"""The kinds of value a setting can have: how each is read from the file, what is wrong with one, how it is written.

A reader takes what TOML gives (or a value already read) and raises ValueError with the problem and the remedy in plain
words. `Kind` travels in the type's annotation, so that messages, `postduif check --show` and the manual agree.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AllowInfNan, BeforeValidator, Strict

from postduif import address, sender_pattern
from postduif.config.units import (
    Rate,
    format_schedule,
    format_size,
    format_time,
    parse_rate,
    parse_schedule,
    parse_size,
    parse_time,
    quoted,
)
from postduif.config.webhook_secret import PREFIX, Secret, read_secret
from postduif.errors import AddressError


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is called, an example as it stands in the file, and how to write one (without TOML's quotes)."""

    noun: str
    example: str
    write: Callable[[Any], str] = str
    bare: bool = False  # TOML writes it without quotes


class HostPort(str):
    """`host:port`, `[v6]:port`; port 0 takes a free one."""

    __slots__ = ()

    @property
    def host(self) -> str:
        """The part before the last colon, without brackets."""
        return self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The part after the last colon."""
        return int(self.rpartition(":")[2])


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_ip(host: str) -> bool:
    """It is an IPv4 or IPv6 address, without brackets."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _split(value: object) -> HostPort | None:
    if isinstance(value, str):
        host, colon, port = value.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if colon and re.fullmatch("[0-9]{1,5}", port) and int(port) < 65536 and bracketed == (":" in host):
            return HostPort(value)
    return None


def _read_endpoint(value: object) -> HostPort:
    found = _split(value)
    if found and (is_ip(found.host) or (":" not in found.host and _is_domain(found.host))):
        return found
    raise ValueError(f'{quoted(value)} is not a host with a port; write it as "127.0.0.1:2525" or "[::1]:2525"')


def _read_ip_endpoint(value: object) -> HostPort:
    found = _split(value)
    if found and is_ip(found.host):
        return found
    raise ValueError(f'{quoted(value)} is not an IP address with a port; write it as "127.0.0.1:2525" or "[::1]:2525"')


def _read_nameserver(value: object) -> HostPort:
    if isinstance(value, str) and is_ip(value):
        return HostPort(f"[{value}]:53" if ":" in value else f"{value}:53")
    found = _split(value)
    if found and is_ip(found.host) and found.port:
        return found
    raise ValueError(
        f'{quoted(value)} is not a name server; write it as "192.0.2.53", "127.0.0.1:5353" or "[::1]:5353"'
    )


def _read_network(value: object) -> Network:
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    remedy = f'{quoted(value)} is not a network; write it as "192.0.2.0/24", "2001:db8::/32" or "127.0.0.1"'
    if not isinstance(value, str):
        raise ValueError(remedy)
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        pass
    try:
        wider = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError(remedy) from None
    raise ValueError(f'{quoted(value)} is an address inside a network; write the network as "{wider}"')


def _is_domain(text: str) -> bool:
    try:
        return not address.parse_domain(text).startswith("[") and not text.rpartition(".")[2].isdigit()
    except AddressError:
        return False


def _read_domain(value: object) -> str:
    if isinstance(value, str) and _is_domain(value):
        return address.parse_domain(value)
    hint = " without the dot at the end" if isinstance(value, str) and value.endswith(".") else ""
    raise ValueError(f'{quoted(value)} is not a domain; write it as "example.com"{hint}')


def _read_domain_pattern(value: object) -> str:
    if value == "*":
        return "*"
    if isinstance(value, str) and _is_domain(value.removeprefix("*.")):
        return value[: -len(value.removeprefix("*."))] + address.parse_domain(value.removeprefix("*."))
    raise ValueError(f'{quoted(value)} is not a domain; write it as "example.com", "*.example.com" or "*"')


def _read_sender(value: object) -> str:
    try:
        return sender_pattern.read(value if isinstance(value, str) else "")
    except AddressError:
        remedy = 'write it as "news@example.com", "*@example.com" or "*@*.example.com"'
        raise ValueError(f"{quoted(value)} is not a sender; {remedy}") from None


def _read_suffix(value: object) -> str:
    if isinstance(value, str) and _is_domain(value.removeprefix(".")):
        return value[: value.startswith(".")] + address.parse_domain(value.removeprefix("."))
    hint = " without the dot at the end" if isinstance(value, str) and value.endswith(".") else ""
    raise ValueError(
        f"{quoted(value)} does not name MX hosts; "
        f'write ".example.com" for all hosts below it, or "mx.example.com" for one host{hint}'
    )


def _read_name(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", value):
        return value
    raise ValueError(
        f"{quoted(value)} is not a name; write up to 63 letters, digits, dots, hyphens and underscores, "
        "a letter or digit first"
    )


def _read_selector(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", value):
        return value
    raise ValueError(f'{quoted(value)} is not a selector; write up to 63 letters, digits, dots and hyphens, as "2026a"')


def _read_path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and value.startswith("/") and "\0" not in value:
        return Path(value)
    raise ValueError(f'{quoted(value)} is not a whole path; begin it with "/", as "/etc/postduif/name.pem"')


def read_url(value: object) -> str:
    """A web address as it stands in the file. Raises ValueError."""
    text = value if isinstance(value, str) and re.fullmatch("[!-~]{1,2000}", value) else ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    plain = "@" not in parts.netloc and "#" not in text and port != 0 if host else False
    if plain and parts.scheme in ("http", "https") and (is_ip(host) or _is_domain(host)):
        return text
    raise ValueError(
        f'{quoted(value)} is not a web address; write it as "https://app.example.com/events", '
        "in ASCII, without user, password or #"
    )


SIZE = Kind("a size", '"25M"', format_size)
TIME = Kind("a time", '"5m"', format_time)

Size = Annotated[int, BeforeValidator(parse_size), SIZE]
Time = Annotated[float, BeforeValidator(parse_time), TIME]
MaybeRate = Annotated[
    Rate | None, BeforeValidator(parse_rate), Kind("a rate", '"100/m"', lambda rate: str(rate) if rate else "")
]
Schedule = Annotated[
    tuple[float, ...], BeforeValidator(parse_schedule), Kind("a retry schedule", '"1m, 5m*2, 1h"', format_schedule)
]
Count = Annotated[int, Strict(), Kind("a whole number", "10", bare=True)]
Share = Annotated[float, Strict(), AllowInfNan(allow_inf_nan=False), Kind("a number", "0.1", bare=True)]
Flag = Annotated[bool, Strict(), Kind("true or false", "true", lambda flag: "true" if flag else "false", bare=True)]
Text = Annotated[str, Strict(), Kind("text", '"text"')]
AbsolutePath = Annotated[Path, BeforeValidator(_read_path), Kind("a path", '"/etc/postduif/name.pem"')]
Endpoint = Annotated[HostPort, BeforeValidator(_read_endpoint), Kind("a host with a port", '"127.0.0.1:2526"')]
IpEndpoint = Annotated[
    HostPort, BeforeValidator(_read_ip_endpoint), Kind("an IP address with a port", '"127.0.0.1:2525"')
]
Nameserver = Annotated[HostPort, BeforeValidator(_read_nameserver), Kind("a name server", '"127.0.0.1:53"')]
AnyNetwork = Annotated[Network, BeforeValidator(_read_network), Kind("a network", '"192.0.2.0/24"')]
Domain = Annotated[str, BeforeValidator(_read_domain), Kind("a domain", '"example.com"')]
DomainPattern = Annotated[str, BeforeValidator(_read_domain_pattern), Kind("a domain", '"*.example.com"')]
SenderPattern = Annotated[str, BeforeValidator(_read_sender), Kind("a sender", '"*@example.com"')]
MxSuffix = Annotated[str, BeforeValidator(_read_suffix), Kind("an MX host suffix", '".example.com"')]
Name = Annotated[str, BeforeValidator(_read_name), Kind("a name", '"transactional"')]
Selector = Annotated[str, BeforeValidator(_read_selector), Kind("a selector", '"2026a"')]
WebUrl = Annotated[str, BeforeValidator(read_url), Kind("a web address", '"https://app.example.com/events"')]
WebhookSecret = Annotated[
    Secret,
    BeforeValidator(read_secret),
    Kind("a secret", f'"{PREFIX}..."', lambda _: f"{PREFIX} and what is not shown"),
]
