"""Is this an address that mail can go to? The syntax only, by `email-validator`; nobody is asked.

Ordinary addresses (ASCII, a dot-string) take a short road: their domain is judged by the library once, and their local
part by the grammar that the library uses too. Every other address goes to the library whole, and then to the MTA's own
grammar: what is taken here can be sent.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

from postduif.address import MAX_LOCALPART, parse
from postduif.bounce.subject import of_address
from postduif.errors import AddressError

MAX_ADDRESS = 254
"""Octets: what fits a path of RFC 5321 4.5.3.1.3."""

_ATEXT = r"[A-Za-z0-9!#$%&'+/=?^_`{|}~-]+"
_WITHOUT_DOTS = ("gmail.com", "googlemail.com")
_ORDINARY = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*@[A-Za-z0-9.-]+")


class Checked(NamedTuple):
    """An address."""

    email: str
    """As given, in Unicode's composed form."""
    subject: str
    """The key: lower case, the domain in ASCII (`bounce.subject`)."""


def check(text: str) -> Checked:
    """Judge an address. Raises AddressError, with what is wrong in plain words."""
    text = text.strip()
    if _ORDINARY.fullmatch(text) and len(text) <= MAX_ADDRESS:
        localpart, _, domain = text.partition("@")
        if len(localpart) <= MAX_LOCALPART:
            good, said = _domain(domain.lower())
            if not good:
                raise AddressError(said)
            return Checked(text, f"{localpart.lower()}@{said}")
    try:
        found = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise AddressError(_plain(str(error))) from None
    return Checked(found.normalized, of_address(parse(f"{found.local_part}@{found.ascii_domain}")))


def mailbox_of(subject: str) -> str:
    """The mailbox that an address of that key most probably leads to: many keep what stands behind a + for their own.

    Gmail keeps dots, too, and has two domains. For limits only: another host may see two mailboxes in these.
    """
    localpart, _, domain = subject.rpartition("@")
    name = localpart[:1] + localpart[1:].partition("+")[0]
    if domain in _WITHOUT_DOTS:
        name, domain = name.replace(".", ""), _WITHOUT_DOTS[0]
    return f"{name}@{domain}"


@lru_cache(maxsize=65_536)
def _domain(domain: str) -> tuple[bool, str]:
    """True and the domain in ASCII, or False and what is wrong with it."""
    try:
        return True, validate_email(f"x@{domain}", check_deliverability=False).ascii_domain
    except EmailNotValidError as error:
        return False, _plain(str(error))


def _plain(text: str) -> str:
    return text.rstrip(".")
