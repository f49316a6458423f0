"""What a mail to one of our signed addresses does: from its purpose and what was read, to what happened to whom. Pure.

Whose mail it is about is known from the signed address alone; what a report claims about other people is not believed.
"""

from __future__ import annotations

from typing import NamedTuple

from postduif.attempt import Kind
from postduif.bounce import finding
from postduif.bounce.address_state import What
from postduif.bounce.effect import effect_of
from postduif.bounce.finding import Reading
from postduif.bounce.late import meaning
from postduif.bounce.verp import Purpose
from postduif.reply import Reply

_NO_COMPLAINT = frozenset({"not-spam", "auth-failure", "dmarc"})
"""Feedback-Types that are no wish to be left alone (RFC 6591, RFC 5965 7.3)."""
_MACHINES = frozenset({finding.Kind.BOUNCE, finding.Kind.DELAY, finding.Kind.DELIVERED, finding.Kind.AUTO_REPLY})


class Judged(NamedTuple):
    """What happened to the recipient that the address names."""

    kind: Kind | None
    """For the journal; None: nothing did."""
    what: What | None = None
    """For the suppression list."""
    reply: Reply = Reply(0, "", "")
    category: str = ""


NOTHING = Judged(None)
"""It is understood, and nothing follows from it."""


def judge(purpose: Purpose, reading: Reading) -> Judged | None:
    """None: it cannot be understood, and a person should look at it."""
    if purpose is Purpose.UNSUBSCRIBE:
        return NOTHING if reading.kind in _MACHINES else Judged(Kind.UNSUBSCRIBED, What.UNSUBSCRIBE)
    if reading.kind is finding.Kind.COMPLAINT:
        if reading.feedback in _NO_COMPLAINT:
            return NOTHING
        said = Reply(0, "", f"feedback report: {reading.feedback or 'abuse'}")
        return Judged(Kind.COMPLAINED, What.COMPLAINT, said, "complaint")
    if purpose is Purpose.FEEDBACK:
        return NOTHING if reading.kind in _MACHINES else None
    if reading.kind in (finding.Kind.AUTO_REPLY, finding.Kind.CHALLENGE):
        said = reading.findings[0].reply if reading.findings else Reply(0, "", "")
        return Judged(Kind.ANSWERED, None, said, "auto_reply")
    if reading.kind is finding.Kind.BOUNCE:
        return _bounced(reading)
    return None if reading.kind is finding.Kind.NOTHING else NOTHING


def _bounced(reading: Reading) -> Judged:
    failed = next((one for one in reading.findings if one.action == "failed"), None)
    assert failed is not None, "a bounce has a recipient that failed"
    category = meaning(failed).category
    return Judged(Kind.BOUNCED, effect_of(category, failed.reply.code), failed.reply, category)
