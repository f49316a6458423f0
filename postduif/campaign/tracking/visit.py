"""The words of tracking: what a visit is, what a wish is, and of what kinds they are."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Visited(StrEnum):
    """What somebody came by for."""

    OPEN = "open"
    """The image that says that the mail was shown."""
    CLICK = "click"
    WEB = "web"
    """The mail as a web page."""
    UNSUBSCRIBE_PAGE = "unsubscribe_page"
    """The page that asks; nothing has happened yet."""


class Wanted(StrEnum):
    """What somebody asks for."""

    UNSUBSCRIBE = "unsubscribe"
    RESUBSCRIBE = "resubscribe"
    NO_TRACKING = "no_tracking"
    TRACKING = "tracking"
    """To be counted again."""
    EXPORT = "export"
    """A copy of all that is on file about them."""
    ERASE = "erase"


class Machine(StrEnum):
    """Why a visit is taken for a machine's."""

    PERSON = ""
    SCANNER = "scanner"
    """A program that says itself that it is none that people read with, or says nothing."""
    PROXY = "proxy"
    """A mail service that fetches images whether the mail is read or not."""
    PREFETCH = "prefetch"
    """A browser that fetches ahead, and says so."""
    HEAD = "head"
    """Only looked whether it is there."""
    AT_ONCE = "at_once"
    """Sooner after the delivery than people are."""
    ALL_LINKS = "all_links"
    """Several links within a moment."""


class Visit(NamedTuple):
    """One request that named a recipient. `at` in seconds since the epoch."""

    at: float
    mailing: int
    number: int
    kind: str
    link: int
    """Its number; 0: of none."""
    agent: str
    """Family of the program, one word; never more, never a network address."""
    machine: str
    """A `Machine`."""


class Wish(NamedTuple):
    """What somebody asked for. `at` in seconds since the epoch."""

    at: float
    mailing: int
    number: int
    kind: str
    """A `Wanted`."""
    type: str
    """Of mail; "" is all."""
    how: str
    """`one-click`, `page` or `preferences`."""
    wording: str
    """What the button said that they pressed."""
    origin: str
    """The network address they came from: part of the proof."""
