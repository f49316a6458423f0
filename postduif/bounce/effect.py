"""From what a failure means (`category`) to what it does to the address (`address_state`).

Only ends count: a reply after which it is tried again says nothing yet. And only what is about the recipient: when
their network or system fails, everybody at that host fails with it, and nobody of them is to blame. A host that says
"user unknown" to MAIL means our sender, and one that says so after the content names one of those it took, or none.
"""

from __future__ import annotations

from enum import Enum

from postduif.bounce.address_state import What
from postduif.bounce.category import CATEGORIES, severity
from postduif.reply import Reply

_FAULTLESS = frozenset({"network", "tls", "protocol", "system", "storage"})
"""Soft, as time may heal them, and not about one recipient."""


_AGAINST_HIM = (What.HARD, What.COMPLAINT)
_ADDRESS = "5.1."
"""The statuses about a recipient's address (RFC 3463 3.2)."""


class Scope(Enum):
    """Whom a reply is about: only what was said of one recipient can tell that his address is bad."""

    ONE = "one"
    """This recipient: it answered his own RCPT, or it is a verdict of ours on his address or domain."""
    LONE = "lone"
    """The mail, which nobody else was to get: it answered the content."""
    MANY = "many"
    """The mail, or any of several recipients: it answered the content."""
    ALL = "all"
    """Us, or our sender: it answered MAIL, or came before."""


def within(scope: Scope, category: str, reply: Reply) -> str:
    """The category of a reply for one recipient, when `category` is what its words and codes mean by themselves."""
    what = effect_of(category, reply.code)
    if scope is Scope.ALL and what is not What.BLOCK:
        return "sender_rejected" if CATEGORIES[category].group in ("recipient", "mailbox_full") else "blocked"
    sure = scope is Scope.ONE or (scope is Scope.LONE and reply.status.startswith(_ADDRESS))
    return "recipient_filtered" if what in _AGAINST_HIM and not sure else category


def effect_of(category: str, code: int) -> What:
    """What the end of a recipient's mail with a reply of this category and SMTP code (0: none) is for the address."""
    if category == "mailbox_full":
        return What.MAILBOX_FULL
    if category == "complaint":
        return What.COMPLAINT
    weight = severity(category, code)
    if weight == "hard":
        return What.HARD
    return What.SOFT if weight == "soft" and category not in _FAULTLESS else What.BLOCK
