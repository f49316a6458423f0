"""How a format of bounces is declared: what its mails are known by, and where in them recipients and reasons stand.

A format is only facts; `engine` reads all of them in one way. Where texts are compared, they are in small letters, with
every run of white space one space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from postduif.bounce.address_text import ADDRESS


@dataclass(frozen=True, slots=True)
class Sign:
    """One way to know a format: all that is given must be there."""

    text: str = ""
    """Stands in the text."""
    subject: str = ""
    """Stands in the Subject."""
    sender: str = ""
    """Stands in the From field."""
    field: str = ""
    """The name of a field that is there; or `name: fragment`."""
    any_sender: bool = False
    """Enough even when the mail does not come from a mail system by its From, Return-Path or Subject."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format. See the fields; those without a value do nothing."""

    name: str
    about: str
    """Whose mails these are, for the manual."""
    signs: tuple[Sign, ...]
    recipient: tuple[str, ...] = ()
    """Lines that name a recipient, from their first character, as `line` reads them; group `why`: words about it."""
    begins: tuple[str, ...] = ()
    """Recipients are looked for only below a line with one of these."""
    reason: tuple[str, ...] = ()
    """What stands before the reason for all recipients; it goes on till an empty line below its first words."""
    ends: tuple[str, ...] = ()
    """Below a line with one of these, nothing is read."""
    apart: bool = False
    """Lines below a recipient's own are not about it."""
    through: bool = False
    """An empty line does not end what is said about a recipient."""
    nameless: bool = True
    """When no line names a recipient, it is the one of X-Failed-Recipients or of the returned mail's header."""
    delayed: tuple[str, ...] = ()
    """Words that say that it is still being tried."""


@cache
def line(pattern: str) -> re.Pattern[str]:
    """A pattern for a line. `TO` in it is an address, as group `to`; spaces may be more.

    It is made when it is first asked for: all of them take 0.2 s, and most formats are rare.
    """
    return re.compile(pattern.replace("TO", rf"(?P<to>{ADDRESS})", 1), re.IGNORECASE)


def texts(*fragments: str) -> tuple[Sign, ...]:
    """A sign for each text."""
    return tuple(Sign(text=fragment) for fragment in fragments)
