"""From what a failure means (`category`) to what it does to the address (`address_state`).

Only ends count: a reply after which it is tried again says nothing yet. And only what is about the recipient: when
their network or system fails, everybody at that host fails with it, and nobody of them is to blame.
"""

from __future__ import annotations

from postduif.bounce.address_state import What
from postduif.bounce.category import severity

_FAULTLESS = frozenset({"network", "tls", "protocol", "system", "storage"})
"""Soft, as time may heal them, and not about one recipient."""


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
