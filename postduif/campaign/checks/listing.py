"""What DNS blocklists say of the addresses that mail leaves from, and of the domains that its links lead to.

Values only; `blocklists` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Listing(NamedTuple):
    """Something that is on a list."""

    zone: str
    """The list."""
    what: str
    """An IP address, or a domain."""
    codes: tuple[str, ...]
    """What the list answers, which says why it is there."""


class Unheard(NamedTuple):
    """A list that said nothing, or nothing that counts."""

    zone: str
    why: str


@dataclass(frozen=True, slots=True)
class Listings:
    """What all of them said."""

    addresses: tuple[Listing, ...] = ()
    domains: tuple[Listing, ...] = ()
    unheard: tuple[Unheard, ...] = ()
    left_out: int = 0
    """Questions that were not asked because there were too many."""
