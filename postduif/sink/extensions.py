"""What the sink says to EHLO, and which parameters of MAIL and RCPT each extension brings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from postduif.address import Address, parse
from postduif.errors import AddressError, ConfigError

KNOWN = ("PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "SIZE", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS")

_MAIL_KEYWORDS = {"SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8", "RET": "DSN", "ENVID": "DSN"}
_RCPT_KEYWORDS = {"NOTIFY": "DSN", "ORCPT": "DSN"}
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\x00-\x20=\x7f][^\x00-\x20\x7f]*))?")
_VALUES = {
    "SIZE": re.compile(r"\d{1,20}"),
    "BODY": re.compile(r"7BIT|8BITMIME", re.IGNORECASE),
    "SMTPUTF8": re.compile(r""),
    "RET": re.compile(r"FULL|HDRS", re.IGNORECASE),
    "ENVID": re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2}){1,100}"),
    "NOTIFY": re.compile(r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*", re.IGNORECASE),
    "ORCPT": re.compile(r"[A-Za-z0-9-]+;[^\x00-\x20\x7f]{1,500}"),
}
_ATOMS = rb"[A-Za-z0-9_+=-]+(?:\.[A-Za-z0-9_+=-]+)*"
_LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ORDINARY = rb"%b@(?![^>]*xn--)%b(?:\.%b)*" % (_ATOMS, _LABEL, _LABEL)
_ANY = rb"[^<>\"\s\x00]*(?:\"(?:[^\"\\]|\\.)*\"[^<>\"\s\x00]*)?"
PATH = re.compile(rb"(?:MAIL FROM|RCPT TO): ?<(?:(%b)|(%b))>(?: +(.*))?" % (_ORDINARY, _ANY), re.IGNORECASE)
"""MAIL or RCPT: an address that is surely a mailbox (unless long), or any other, and parameters."""
SHORT = 64  # octets: a path so long breaks no limit of RFC 5321 4.5.3.1


@dataclass(frozen=True, slots=True)
class Terms:
    """How a session treats its client. Sizes are octets."""

    hostname: str
    extensions: frozenset[str]
    max_size: int
    max_recipients: int
    id_header: bytes
    """Lower-case name of the header field that identifies a message."""

    def ehlo(self, *, secured: bool) -> bytes:
        """The reply to EHLO (RFC 5321 4.1.1.1)."""
        names = [name for name in KNOWN if name in self.extensions and not (name == "STARTTLS" and secured)]
        words = [self.hostname, *(f"SIZE {self.max_size}" if name == "SIZE" else name for name in names)]
        return b"".join(
            f"250{' ' if number == len(words) else '-'}{word}\r\n".encode() for number, word in enumerate(words, 1)
        )


def offered(without: Iterable[str], *, tls: bool) -> frozenset[str]:
    """The extensions that are left. Raises ConfigError for a name that is none."""
    names = {name.strip().upper() for name in without} - {""}
    if unknown := names - set(KNOWN):
        raise ConfigError(f"no such extension: {', '.join(sorted(unknown))}; there are {', '.join(KNOWN)}")
    return frozenset(KNOWN) - names - (set() if tls else {"STARTTLS"})


def parameters(text: str, extensions: frozenset[str], *, mail: bool) -> dict[str, str] | bytes:
    """Parameters after the path of MAIL or RCPT, values as given; or the refusal (RFC 5321 4.1.1.11)."""
    keywords = _MAIL_KEYWORDS if mail else _RCPT_KEYWORDS
    found: dict[str, str] = {}
    for word in text.split():
        match = _PARAMETER.fullmatch(word)
        name = match[1].upper() if match else ""
        if keywords.get(name) not in extensions:
            return b"555 5.5.4 parameter not known\r\n"
        value = (match and match[2]) or ""
        if name in found or not _VALUES[name].fullmatch(value):
            return b"501 5.5.4 parameter %s has a wrong value or comes twice\r\n" % name.encode()
        found[name] = value
    return found


def mailbox(path: bytes, *, utf8: bool, postmaster: bool = False) -> str | bytes:
    """The address between angle brackets as text, or the refusal. "" stays "": the caller knows if that is right."""
    if postmaster and path.lower() == b"postmaster":  # the only one without a domain (RFC 5321 4.1.1.3)
        return path.decode("ascii")
    try:
        text = path.decode("utf-8")
        address = parse(text) if text else Address("", "")
    except (UnicodeDecodeError, AddressError):
        return b"501 5.1.3 not a mailbox\r\n"
    if not utf8 and not text.isascii():
        return b"553 5.6.7 not ASCII, and SMTPUTF8 was not asked for\r\n"
    return text.partition(":")[2] if text.startswith("@") else text if address else ""
