"""How well real bounces are read, when somebody has a labelled collection at hand.

Such collections are under mixed licences, so none is part of this project. POSTDUIF_BOUNCES names a folder with
`labels.jsonl` and `mails/`; without it, `data/bounces` beside the checkout is taken. When neither is there, these tests
skip, and they may do so everywhere (CI too): what is read well is shown by the letters of our own in `letters/`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from postduif.bounce.category import CATEGORIES
from postduif.bounce.score import facts

ROOT = Path(__file__).parents[2]

OF_REASON = {
    "userunknown": "recipient_unknown",
    "hasmoved": "recipient_moved",
    "suspend": "recipient_disabled",
    "filtered": "recipient_filtered",
    "mailboxfull": "mailbox_full",
    "hostunknown": "domain_unknown",
    "notaccept": "domain_no_mail",
    "networkerror": "network",
    "expired": "expired",
    "spamdetected": "spam",
    "virusdetected": "virus",
    "contenterror": "content",
    "notcompliantrfc": "content",
    "mesgtoobig": "too_large",
    "exceedlimit": "too_large",
    "emailtoolarge": "too_large",
    "authfailure": "auth",
    "blocked": "blocked",
    "badreputation": "reputation",
    "requireptr": "ptr",
    "rejected": "sender_rejected",
    "policyviolation": "policy",
    "securityerror": "policy",
    "norelaying": "relaying",
    "speeding": "rate_limited",
    "toomanyconn": "rate_limited",
    "ratelimited": "rate_limited",
    "failedstarttls": "tls",
    "syntaxerror": "protocol",
    "systemerror": "system",
    "mailererror": "system",
    "systemfull": "storage",
    "feedback": "complaint",
    "vacation": "auto_reply",
    "delivered": "delivered",
    "suppressed": "suppressed",
    "onhold": "unknown",
    "undefined": "unknown",
}
"""What the labels call a reason, and what we call it."""


def folder() -> Path | None:
    """Where a labelled collection is."""
    named = os.environ.get("POSTDUIF_BOUNCES")
    places = [Path(named)] if named else sorted(ROOT.parent.glob("*/data/bounces"))
    return next((place for place in places if (place / "labels.jsonl").exists()), None)


@cache
def tally() -> Counter[str]:
    """How much of what is right, and how much there is of it."""
    place = folder()
    if place is None:
        pytest.skip("no labelled bounces: POSTDUIF_BOUNCES names no folder, and none is beside the checkout")
    count: Counter[str] = Counter()
    for line in (place / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        labelled = json.loads(line)
        found = {
            str(one["recipient"] or "").lower(): one for one in facts((place / "mails" / labelled["file"]).read_bytes())
        }
        wanted = {(one["recipient"] or "").lower(): one for one in labelled["facts"]}
        known = {name for name in wanted if name}
        count.update(named=len(known), recall=len(known & found.keys()), rows=len(labelled["facts"]))
        count.update(found=sum(map(bool, found)), precision=sum(name in known or not known for name in found if name))
        for name, one in wanted.items():
            ours = found.get(name, {})
            count.update(category=ours.get("category") == OF_REASON[one["reason"]], judged=1)
            count.update(hard=ours.get("hard") is one["hardbounce"])
            if one["status"]:
                count.update(classed=1, status_class=(ours.get("status") or " ")[0] == one["status"][0])
    return count


@pytest.mark.parametrize(
    ("right", "total", "share"),
    [
        ("recall", "named", 0.97),
        ("precision", "found", 0.99),
        ("status_class", "classed", 0.97),
        ("category", "judged", 0.90),
        ("hard", "judged", 0.97),
    ],
)
def test_share(right: str, total: str, share: float) -> None:
    """So much of it is right."""
    count = tally()
    assert count[right] >= share * count[total], f"{count[right]} of {count[total]}"


def test_categories_are_ours() -> None:
    """The labels are compared in names that the rules use."""
    assert set(OF_REASON.values()) <= CATEGORIES.keys()
