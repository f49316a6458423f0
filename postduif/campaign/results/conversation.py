"""An attempt as it was spoken (RFC 5321 3.3), from what the journal keeps of it: the peer, and the last answer.

Of the answers before the last is known that they were positive; their words are not kept.
"""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.results.timeline import Event

TAKEN = "taken"


class Said(NamedTuple):
    """One command and the answer to it."""

    command: str
    """`MAIL FROM`, `RCPT TO:<...>`, `DATA`, or what we did."""
    answer: str
    """TAKEN: a positive one, whose words are not kept."""


def conversation(event: Event, address: str) -> tuple[Said, ...]:
    """Of an attempt at this address; nothing where no host was reached, where the connection was lost in between, and
    of what is no attempt.
    """
    if not event.attempt or not event.host:
        return ()
    answer = " ".join(str(part) for part in (event.code or "", event.enhanced, event.text) if part)
    last = event.command or ("content" if event.kind == "delivered" else "")
    commands = {"MAIL": "MAIL FROM", "RCPT": f"RCPT TO:<{address}>", "DATA": "DATA", "content": "the message"}
    if last not in commands:
        return (Said("connected", answer),) if answer and not event.transmit else ()
    before = list(commands)[: list(commands).index(last)]
    taken = [Said(commands[one], TAKEN) for one in before if one != "DATA"]  # with BDAT there is none
    return (*taken, Said(commands[last], answer))
