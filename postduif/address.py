"""Mailboxes: RFC 5321 4.1.2 and RFC 6531 3.3, with domains in their ASCII form (RFC 5891, the `idna` package).

Two addresses are equal when their local parts are equal to the letter (RFC 5321 2.4) and their domains are equal
without regard to case; a quoted local part that needs no quotes loses them.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

import idna

from postduif.errors import AddressError

MAX_LOCALPART = 64  # octets (RFC 5321 4.5.3.1.1)
MAX_DOMAIN = 255  # octets (RFC 5321 4.5.3.1.2)
MAX_PATH = 256  # octets, angle brackets included (RFC 5321 4.5.3.1.3)

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_DOT_STRING = re.compile(rf"[{_ATEXT}\u0080-\U0010ffff]+(?:\.[{_ATEXT}\u0080-\U0010ffff]+)*")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\U0010ffff]|\\[\x20-\x7e])*)"')
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_ASCII_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ORDINARY = re.compile(rf"([{_ATEXT}]+(?:\.[{_ATEXT}]+)*)@({_LABEL}(?:\.{_LABEL})+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Address(NamedTuple):
    """A mailbox. `domain` is lower-case ASCII (A-labels) or an address literal; the null sender has neither part."""

    localpart: str
    domain: str

    def __str__(self) -> str:
        """As it stands between angle brackets in SMTP."""
        if not self.domain and not self.localpart:
            return ""
        localpart = self.localpart if _DOT_STRING.fullmatch(self.localpart) else quote(self.localpart)
        return f"{localpart}@{self.domain}" if self.domain else localpart

    @property
    def ascii(self) -> bool:
        """It can be said to a host without SMTPUTF8 (RFC 6531)."""
        return self.localpart.isascii()


NULL_SENDER = Address("", "")
"""`<>`: the reverse-path of notifications (RFC 5321 4.5.5)."""


def parse(text: str) -> Address:
    """Read `local@domain` as written between angle brackets; a source route is dropped (RFC 5321 4.1.1.3).

    Raises AddressError.
    """
    if (match := _ORDINARY.fullmatch(text)) and len(match[1]) <= MAX_LOCALPART and len(match[2]) <= MAX_DOMAIN:
        return Address(match[1], _ascii_domain(match[2]))
    if _CONTROL.search(text):
        raise AddressError("control characters in the address")
    if text.startswith("@"):
        _, colon, text = text.partition(":")
        if not colon:
            raise AddressError("source route without a mailbox")
    localpart, at, domain = text.rpartition("@")
    if not at:
        raise AddressError("no domain")
    return Address(parse_localpart(localpart), parse_domain(domain))


def parse_localpart(text: str) -> str:
    """Read a Local-part, dot-string or quoted-string; the quotes are taken off. Raises AddressError."""
    if match := _QUOTED.fullmatch(text):
        text = re.sub(r"\\(.)", r"\1", match[1])
    elif not _DOT_STRING.fullmatch(text):
        raise AddressError("the local part is not a dot-string or quoted-string")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_LOCALPART:
        raise AddressError(f"the local part is longer than {MAX_LOCALPART} octets")
    if not text:
        raise AddressError("the local part is empty")
    return text


def parse_domain(text: str) -> str:
    """Read a domain or address literal into lower-case ASCII. Raises AddressError."""
    if text.startswith("["):
        return _parse_literal(text)
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise AddressError(f"the domain is not valid in IDNA 2008: {error}") from None
    if len(text) > MAX_DOMAIN:
        raise AddressError(f"the domain is longer than {MAX_DOMAIN} octets")
    if not _ASCII_DOMAIN.fullmatch(text):
        raise AddressError("the domain is not a host name")
    return _ascii_domain(text)


def quote(localpart: str) -> str:
    """Write a local part as a quoted-string (RFC 5321 4.1.2)."""
    escaped = re.sub(r'(["\\])', r"\\\1", localpart)
    return f'"{escaped}"'


def _ascii_domain(text: str) -> str:
    domain = text.lower()
    if "xn--" in domain:
        try:
            idna.decode(domain)
        except idna.IDNAError as error:
            raise AddressError(f"the domain is not valid in IDNA 2008: {error}") from None
    return domain


def _parse_literal(text: str) -> str:
    if not text.endswith("]"):
        raise AddressError("an address literal ends in ]")
    inner = text[1:-1]
    try:
        if inner[:5].lower() == "ipv6:":
            return f"[IPv6:{ipaddress.IPv6Address(inner[5:])}]"
        return f"[{ipaddress.IPv4Address(inner)}]"
    except ValueError:
        raise AddressError("the address literal is not an IP address") from None
