"""What the rules look at: one plain value. Whoever prepares a mailing fills it; what is not known yet is left as it is.

Texts are templates as they were written, times are seconds since the epoch, sizes are octets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from pydantic import ConfigDict

from postduif.address import parse
from postduif.campaign.checks.identity import Identity
from postduif.campaign.checks.listing import Listings
from postduif.campaign.checks.reach import Reach
from postduif.campaign.checks.spam import SpamScore
from postduif.errors import AddressError

STORED = ConfigDict(extra="forbid")
"""How typologies are written and read."""

_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Link:
    """A link in the HTML or in the text."""

    url: str
    """As it was written; may hold variables."""
    text: str = ""
    """What readers click on: the words, or the alt texts of images."""
    label: str = ""
    """What it is called in figures."""
    tracked: bool = False
    """Readers come by way of an address of ours."""
    in_text: bool = False
    """It stands in the text part."""


@dataclass(frozen=True, slots=True)
class File:
    """An attachment or an inline image."""

    name: str
    type: str
    """Media type."""
    size: int
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """Recipients. Targeted = excluded + to deliver."""

    targeted: int
    excluded: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """By cause."""
    to_deliver: int = 0
    everybody: int = 0
    """All people there are."""
    deco: int = 0
    """Of those to deliver, who read the decorated mail of Japanese phones."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out when messages were made."""

    sample: int = 0
    """One message."""
    largest: int = 0
    html: int = 0
    """The largest HTML part before it is encoded."""
    text: int = 0
    failed: int = 0
    """Recipients whose values make no message."""
    failure: str = ""
    """Why, of the first."""
    empty: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """For each variable that leaves a hole, for how many."""


@dataclass(frozen=True, slots=True)
class Sending:
    """When and how fast."""

    start: float | None = None
    """None: at once."""
    end: float | None = None
    """When its validity ends."""
    waves: tuple[float, ...] = ()
    """When each begins."""
    rate: float | None = None
    """Messages a second at most; None: as fast as it goes."""
    periodic: bool = False
    next_times: tuple[float, ...] = ()
    """Of a periodic one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the site thinks is much."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    subject: int = 50
    """Characters."""
    html_advised: int = 35_000
    html_large: int = 60_000
    html_clipped: int = 102_000
    """Gmail shows no more."""
    message: int = 25_000_000
    """What we send at all."""
    recipients: int = 1 << 24
    proof: int = 100
    """Recipients of a proof."""
    growth: float = 2.0
    """Times the largest of the mailings before."""
    bulk: int = 5_000
    """Recipients above which mailbox providers have rules of their own."""
    spam_warning: float = 0.6
    """Share of the score at which a message is called spam (SpamAssassin: 3 of 5)."""
    hours: tuple[int, int] | None = None
    """Mail starts from the first hour up to the second, in `zone`."""
    zone: str = "UTC"
    """A name of the tz database."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a mailing."""

    now: float
    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    fault: str = ""
    """Why the content cannot be compiled: place, problem; remedy."""
    sender: str = ""
    """The address of From."""
    sender_name: str = ""
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Extra fields."""
    unsubscribe_names: frozenset[str] = frozenset({"unsubscribe_url"})
    """Variables that become the way to unsubscribe."""
    mail_type: str = ""
    transactional: bool = False
    """Mail that people asked for one by one: nobody unsubscribes from it."""
    proof: bool = False
    public_url: str = ""
    """What links to pages of ours begin with; "": there are none."""
    tracking: bool = False
    """It wants opens or clicks counted."""
    tracking_consent: str = ""
    """The variable that says who agreed to that; "": nobody is asked."""
    links: tuple[Link, ...] = ()
    files: tuple[File, ...] = ()
    unfit_forms: tuple[str, ...] = ()
    """Forms that it leads to and that readers cannot fill in, each with why."""
    missing_pictures: tuple[str, ...] = ()
    """Addresses of pictures of ours that show none."""
    counts: Counts | None = None
    """None: not counted yet."""
    before: tuple[int, ...] = ()
    """Recipients of the mailings before, the last ten at most."""
    rendered: Rendered = Rendered()
    sending: Sending = Sending()
    identities: tuple[Identity, ...] = ()
    """None of them: DNS was not asked."""
    listings: Listings = field(default_factory=Listings)
    """Empty: no blocklist was asked, or none has anything."""
    reach: Reach | None = None
    """None: nobody looked where our links lead."""
    spam: tuple[SpamScore, ...] = ()
    limits: Limits = Limits()
    """Those of the typology, with what the MTA takes."""

    @property
    def domain(self) -> str:
        """Of the sender, lower case, in ASCII; "" when it is no address."""
        try:
            return parse(self.sender).domain
        except AddressError:
            return ""

    @property
    def fields(self) -> dict[str, str]:
        """Extra fields, by their name in lower case."""
        return {name.lower(): text for name, text in self.headers}

    @property
    def to_deliver(self) -> int:
        """Recipients who are written to; 0 when that is not known."""
        return self.counts.to_deliver if self.counts else 0
