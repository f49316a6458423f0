"""Whose mail it claims to be: the domain of the From field (RFC 5322 3.6.2), which picks the DKIM key."""

from __future__ import annotations

import re

from postduif.address import Address, parse, parse_domain
from postduif.errors import AddressError
from postduif.mailboxes import mailboxes

MAX_LENGTH = 10_000  # characters; what lists the authors of one mail is never so long
_PLAIN = re.compile(
    r'(?:"[^"\\]*+"[ \t]*+|[^"\\@<>,;:()\[\]]*+)<[^\s"\\@<>,;:()\[\]]+@([^\s"\\@<>,;:()\[\]]+)>'
    r'|[^\s"\\@<>,;:()\[\]]+@([^\s"\\@<>,;:()\[\]]+)'
)
"""The two forms nearly all mail has; the rest is for the careful reader."""


def domain(value: str) -> str:
    """The domain of the first mailbox that has one, in an unfolded From value; lower-case A-labels.

    Raises AddressError: no mailbox with a domain, or more than one way to read it.
    """
    value = value.strip()
    if len(value) > MAX_LENGTH:
        raise AddressError(f"longer than {MAX_LENGTH} characters")
    if match := _PLAIN.fullmatch(value):
        return parse_domain(match[1] or match[2])
    for mailbox in mailboxes(value):
        if "@" in mailbox:
            return parse_domain(mailbox.rpartition("@")[2])
    raise AddressError("no mailbox with a domain")


def addresses(value: str) -> list[Address]:
    """Every mailbox of an unfolded From value that `domain` took. Raises AddressError: none, or one is no address."""
    found = [parse(mailbox) for mailbox in mailboxes(value.strip())]
    if not found:
        raise AddressError("no mailbox")
    return found
