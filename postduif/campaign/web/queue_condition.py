"""Which recipients in the queue a person means, as typed into a form or kept in an address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from postduif.config.units import parse_time
from postduif.errors import PostduifError
from postduif.queue.condition import MAX_IDS

MAX_FIELD = 320
HELD = {"yes": True, "no": False}


class NotACondition(PostduifError):  # noqa: N818  the name says what is the case
    """It cannot be understood; the text says how to write it."""


class Meant(NamedTuple):
    """As it was typed. Every part that is given must be true of a recipient."""

    ids: str = ""
    domain: str = ""
    stream: str = ""
    sender: str = ""
    recipient: str = ""
    older_than: str = ""
    said: str = ""
    held: str = ""
    """yes or no."""
    all: str = ""

    @property
    def given(self) -> dict[str, str]:
        """The parts that are."""
        return {name: text for name, text in self._asdict().items() if text}

    @property
    def query(self) -> str:
        """For an address."""
        return urlencode(self.given)

    @property
    def whole_queues(self) -> bool:
        """It names scheduled queues: a hold stops what comes later, too."""
        return bool(self.given) and self.given.keys() <= {"domain", "stream", "all"}

    def condition(self, now: float) -> dict[str, Any]:
        """As the MTA is told it; `now` is in seconds since the epoch. Raises NotACondition: nothing is cut off."""
        for name, text in self.given.items():
            if name != "ids" and len(text) > MAX_FIELD:
                raise NotACondition(f"{LABELS[name]}: {MAX_FIELD} characters are the most.")
        numbers = self.ids.replace(",", " ").split()
        if not all(one.isascii() and one.isdecimal() and len(one) < 19 for one in numbers):
            raise NotACondition("ids are numbers of messages, as 412 413")
        if len(numbers) > MAX_IDS:
            raise NotACondition(f"These are {len(numbers)} messages; {MAX_IDS} at once are the most. Do it in parts.")
        found: dict[str, Any] = {name: self.given.get(name, "") for name in ("domain", "stream", "sender", "recipient")}
        found |= {"said": self.said, "ids": [int(one) for one in numbers], "held": HELD.get(self.held)}
        found["older_than"] = now - seconds(self.older_than) if self.older_than else None
        return found | {"all": True if self.all else None}


LABELS = {
    "ids": "Messages",
    "domain": "Domain",
    "stream": "Stream",
    "sender": "Sender",
    "recipient": "Recipient",
    "older_than": "Older than",
    "said": "Last reply contains",
    "held": "Held",
    "all": "Everything in the queue",
}
"""What pages call them."""


def meant_by(fields: Mapping[str, Any]) -> Meant:
    """Of a form, or the query of an address."""
    return Meant(**{name: str(fields.get(name, "")).strip() for name in Meant._fields})


def seconds(text: str) -> float:
    """A length of time as 2h. Raises NotACondition."""
    try:
        return parse_time(text.strip())
    except ValueError as error:
        raise NotACondition(str(error)) from None
