"""From what a failure means to what it does to the address."""

from __future__ import annotations

import pytest

from postduif.bounce.address_state import VALID, Event, Thresholds, What, after
from postduif.bounce.category import CATEGORIES
from postduif.bounce.effect import effect_of
from postduif.config.schema import Bounce


@pytest.mark.parametrize(
    ("category", "code", "what"),
    [
        ("recipient_unknown", 550, What.HARD),
        ("recipient_unknown", 0, What.HARD),
        ("recipient_unknown", 450, What.SOFT),
        ("domain_unknown", 550, What.HARD),
        ("mailbox_full", 552, What.MAILBOX_FULL),
        ("mailbox_full", 452, What.MAILBOX_FULL),
        ("recipient_disabled", 550, What.SOFT),
        ("expired", 550, What.SOFT),
        ("unknown", 550, What.SOFT),
        ("network", 451, What.BLOCK),
        ("system", 554, What.BLOCK),
        ("complaint", 0, What.COMPLAINT),
    ],
)
def test_effect(category: str, code: int, what: What) -> None:
    """A bad address, a full mailbox, a fault that is nobody's: each has its effect."""
    assert effect_of(category, code) is what


def test_whole_groups() -> None:
    """Nothing about content, reputation, policy or rate, and no answer of a program, does anything to an address."""
    thresholds = Thresholds.of(Bounce(soft_errors=1))
    for category, described in CATEGORIES.items():
        if described.severity in ("block", "none") and category != "complaint":
            for code in (0, 250, 450, 550):
                what = effect_of(category, code)
                assert after(VALID, Event("bob@example.com", what, 1.8e9), thresholds) == VALID
