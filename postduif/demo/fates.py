"""What becomes of a recipient of the demonstration, by local part, and the rules that make the sink see to it."""

from __future__ import annotations

import enum


class Fate(enum.Enum):
    """What a recipient's host says."""

    TAKEN = "taken"
    GREYLISTED = "greylisted"
    """Turned away at first, taken when it comes again."""
    BUSY = "busy"
    """Turned away now and then, taken in the end."""
    UNKNOWN = "5.1.1"
    """Refused for good at RCPT; the value is the status that the sender is told."""
    SPAM = "5.7.1"
    """Refused for good after the dot."""

    @property
    def refused(self) -> bool:
        """It never arrives; its sender is told."""
        return self in (Fate.UNKNOWN, Fate.SPAM)


_LOCALPARTS = {
    Fate.GREYLISTED: "greylist",
    Fate.BUSY: "busy",
    Fate.UNKNOWN: "permfail",
    Fate.SPAM: "dotreject",
}

RULES = """
[[rule]]
localpart = "greylist*"
greylist = "2s"

[[rule]]
localpart = "busy*"
rcpt = {probability = 0.3, reply = "450 4.2.1 mailbox busy"}
"""
"""For the sink. What `permfail`, `dotreject` and `tempfail` mean, it knows without."""


def address(fate: Fate, localpart: str, domain: str) -> str:
    """An address that has this fate."""
    prefix = _LOCALPARTS.get(fate)
    return f"{prefix}.{localpart}@{domain}" if prefix else f"{localpart}@{domain}"


def of(address: str) -> Fate:
    """The fate of an address."""
    word = address.split("@", 1)[0].split(".", 1)[0]
    return next((fate for fate, prefix in _LOCALPARTS.items() if prefix == word), Fate.TAKEN)
