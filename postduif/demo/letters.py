"""A thousand letters as applications send them: who they are from and for, and which kind each is.

The same number of letters is the same letters each time, up to their Message-IDs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from postduif.demo import fates, kinds
from postduif.demo.fates import Fate

DOMAIN = "postduif.example"
SENDERS = ("orders", "news", "billing", "support", "alerts")
_PEOPLE = (
    "anna",
    "ben",
    "chloe",
    "daan",
    "emma",
    "finn",
    "grace",
    "hugo",
    "isa",
    "jonas",
    "kim",
    "liam",
    "mia",
    "noah",
)
_DOMAINS = ("example.net", "example.org", "mail.example.com", "school.example", "shop.example", "town.example")
_SHARES = {Fate.GREYLISTED: 25, Fate.BUSY: 50, Fate.UNKNOWN: 30, Fate.SPAM: 100}
"""One letter in so many has such a recipient."""
_UTF8_REFUSED = 10  # one letter in so many, if it needs SMTPUTF8, has a recipient beyond ASCII who is refused
_SEVERAL = 7  # one letter in so many has several recipients


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to submit."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    """CRLF lines."""
    message_id: str
    smtputf8: bool
    """Needs SMTPUTF8 (RFC 6531)."""

    @property
    def refused(self) -> tuple[str, ...]:
        """The recipients of whom the sender is to be told."""
        return tuple(one for one in self.recipients if fates.of(one).refused)


def write(count: int, run: str) -> Iterator[Letter]:
    """So many letters, all different. `run` makes their Message-IDs unique."""
    makers = itertools.cycle(kinds.KINDS)
    for number in range(1, count + 1):
        yield _letter(number, next(makers), Random(number), run)  # noqa: S311  variety, not secrecy


def stuck(run: str) -> Letter:
    """A letter whose first recipient is always turned away for now, and whose second one bounces."""
    recipients = (f"tempfail.anna@{_DOMAINS[0]}", fates.address(Fate.UNKNOWN, "ben", _DOMAINS[0]))
    heading = kinds.Heading(f"{SENDERS[0]}@{DOMAIN}", recipients, f"<stuck.{run}@{DOMAIN}>", 0)
    made = kinds.plain(heading, Random(0))  # noqa: S311
    return Letter(heading.sender, recipients, made.content, heading.message_id, made.smtputf8)


def _letter(number: int, make: kinds.Kind, random: Random, run: str) -> Letter:
    sender = f"{random.choice(SENDERS)}@{DOMAIN}"
    fate = next((fate for fate, share in _SHARES.items() if number % share == share // 2), Fate.TAKEN)
    recipients = _recipients(number, fate, random)
    message_id = f"<{number}.{run}@{DOMAIN}>"
    made = make(kinds.Heading(sender, recipients, message_id, number), random)
    if made.smtputf8 and fate is not Fate.SPAM:
        refused = Fate.UNKNOWN if number % _UTF8_REFUSED == 0 else Fate.TAKEN
        recipients = (*recipients, fates.address(refused, f"bücher{number}", _DOMAINS[0]))
    return Letter(sender, recipients, made.content, message_id, made.smtputf8)


def _recipients(number: int, fate: Fate, random: Random) -> tuple[str, ...]:
    # A letter that is refused after the dot is refused for all its recipients.
    several = random.randint(2, 5) if number % _SEVERAL == 0 and fate is not Fate.SPAM else 1
    names = [f"{random.choice(_PEOPLE)}{number}" for _ in range(several)]
    return tuple(
        dict.fromkeys(
            fates.address(fate if index == 0 else Fate.TAKEN, name, random.choice(_DOMAINS))
            for index, name in enumerate(names)
        )
    )
