"""Whom a suppression is about, as one text: an address, a pattern that means many, or the hash of somebody erased.

    bob@example.com         an address: local part in lower case, without quotes; `*` and `\\` in it stand behind a `\\`
    *@example.com           a pattern: it has `*` and no `\\`
    #3f2a...                an erased person, and no `@`: 4 octets that tell the key, 16 of a keyed hash of the address

So a text says itself what it is, and two ways to write one mailbox are one subject: whatever RFC 5321 2.4 allows, no
host in use tells `Bob` from `bob`, and somebody who does not want mail wants none under either.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from postduif.address import Address, parse, parse_domain, quote
from postduif.errors import AddressError

DIGEST_OCTETS = 16
"""Of the hash of an erased address: among a million million people no two share one."""
ERASED_PREFIX = 9
"""Characters before them: the mark and the key."""

_PATTERN_LOCAL = re.compile(r"[^\s@\"\\<>]{1,64}")
_ERASED = re.compile(rf"#[0-9a-f]{{{ERASED_PREFIX - 1 + DIGEST_OCTETS * 2}}}")


def of_address(address: Address) -> str:
    """The subject that an address is."""
    local = address.localpart
    if not local.isascii():
        local = _folded(local)
    if "*" in local or "\\" in local:
        local = local.replace("\\", "\\\\").replace("*", "\\*")
    return f"{local.lower()}@{address.domain}"


def read(text: str) -> str:
    """The subject that people wrote: an address, a pattern, or a hash that a listing showed. Raises AddressError.

    A `*` makes it a pattern, unless the local part is quoted: `"*"@example.com` is a mailbox.
    """
    text = text.strip()
    if _ERASED.fullmatch(text.lower()):
        return text.lower()
    if "*" not in text or text.startswith('"'):
        return of_address(parse(text))
    return _read_pattern(text)


def shown(subject: str) -> str:
    """As people write it; `read` takes it back."""
    if is_pattern(subject) or is_erased(subject):
        return subject
    address = address_of(subject)
    return f"{quote(address.localpart)}@{address.domain}" if "*" in address.localpart else str(address)


def address_of(subject: str) -> Address:
    """The address that a subject is, neither a pattern nor a hash; in lower case."""
    escaped, _, domain = subject.rpartition("@")
    return Address(re.sub(r"\\(.)", r"\1", escaped), domain)


def is_pattern(subject: str) -> bool:
    """It means more than one address."""
    return "*" in subject and "\\" not in subject


def is_erased(subject: str) -> bool:
    """It is a hash."""
    return subject.startswith("#") and "@" not in subject


def naming(addresses: Iterable[str]) -> re.Pattern[str]:
    """Finds any of these in a text in lower case, where it is not a part of another address."""
    named = "|".join(re.escape(one.lower()) for one in addresses)
    return re.compile(rf"(?<![\w.+-])(?:{named})(?![\w-]|\.\w)")


def digest(subject: str, secret: bytes) -> bytes:
    """The keyed hash of an address: without the key nobody can try out who it is."""
    return hashlib.blake2b(subject.encode("utf-8", "surrogatepass"), key=secret, digest_size=DIGEST_OCTETS).digest()


def erased(subject: str, secret: bytes) -> str:
    """The subject that an address becomes when its person is erased; one that is erased stays as it is."""
    return subject if is_erased(subject) else f"{key_mark(secret)}{digest(subject, secret).hex()}"


@lru_cache(maxsize=16)
def key_mark(secret: bytes) -> str:
    """What the subjects hashed with this key begin with; the key cannot be read from it."""
    return f"#{hashlib.blake2b(b'', key=secret, digest_size=4).hexdigest()}"


def _read_pattern(text: str) -> str:
    local, at, domain = text.lower().rpartition("@")
    remedy = 'write it as "*@example.com", "*@*.example.com", "info@*" or "no-*@example.com"'
    if not at or not _PATTERN_LOCAL.fullmatch(local):
        raise AddressError(f"{text!r} is not a pattern; {remedy}")
    if not local.isascii():
        local = _folded(local)
    if domain != "*":
        below = "*." if domain.startswith("*.") else ""
        try:
            domain = below + parse_domain(domain.removeprefix("*."))
        except AddressError:
            raise AddressError(f"{text!r} has a * within its domain, or no domain; {remedy}") from None
    if not local.strip("*") and domain == "*":
        raise AddressError(f"{text!r} is everybody; {remedy}")
    return f"{re.sub(r'[*]+', '*', local)}@{domain}"


def _folded(local: str) -> str:
    """Beyond ASCII (RFC 6531); what cannot be written as UTF-8 cannot be on file either."""
    return unicodedata.normalize("NFC", local.encode("utf-8", "replace").decode("utf-8").casefold())
