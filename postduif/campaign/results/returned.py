"""What came back of a mailing: by what it means and how much it weighs, with what the remotes said; and who it was."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from postduif.bounce.category import CATEGORIES, Severity, severity
from postduif.campaign.results.opening import at_one_moment
from postduif.campaign.results.people import Recipient, Which, read, recipients
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally

RETURNED = (State.FAILED, State.BOUNCED, State.EXPIRED)
HEARD = 300
"""Replies of one category that are read for what is said most."""
MOST_ASKED = 20_000
TOLD = 3
"""Different words that are shown of one category."""
_OWN_WORDS = re.compile(r"<[^<>\s]*@[^<>\s]*>|[^\s<>\"'()]+@[^\s<>\"'()]+|\b(?=\w*\d)[\w-]{8,}(?:\.[\w-]+)*")
"""What is another in each reply: the address, and the ticket of the remote."""


class Said(NamedTuple):
    """Words of remotes, with `…` for what is another each time."""

    words: str
    times: int


class Meaning(NamedTuple):
    """One category of what came back."""

    category: str
    weight: Severity
    """hard, soft or block; of a mixed one, what most of it weighs."""
    meaning: str
    counts: dict[State, int]
    people: int
    said: tuple[Said, ...]
    """What was said most, out of the first `heard`."""
    heard: int


def meanings(tally: Tally) -> list[Meaning]:
    """Those of everybody in one of RETURNED, the most first."""
    counts: dict[str, Counter[State]] = {}
    weights: dict[str, Counter[Severity]] = {}
    heard: dict[str, list[int]] = {}
    with at_one_moment(tally.connection):
        tally.catch_up()
        for number, end in tally.ends(RETURNED):
            category = end.category or "unknown"
            counts.setdefault(category, Counter())[end.state] += 1
            weights.setdefault(category, Counter())[_weight(category, end.weight)] += 1
            if len(those := heard.setdefault(category, [])) < HEARD:
                those.append(number)
        found = [_meaning(tally, name, dict(counts[name]), weights[name], heard[name]) for name in counts]
    return sorted(found, key=lambda one: (-one.people, one.category))


def returned(tally: Tally, category: str, *, after: int = -1, limit: int = 100) -> list[Recipient]:
    """A page of those that came back so; of any category with ""."""
    if category:
        found = recipients(tally, Which(cause=category), after=after, limit=limit)
        return [one for one in found if one.state in RETURNED]
    with at_one_moment(tally.connection):
        tally.catch_up()
        return read(tally, list(islice(tally.numbers_ended(RETURNED, "", after), limit)))


def addresses_of(tally: Tally) -> dict[int, str]:
    """By contact: the address from which mail came back, of the first MOST_ASKED; without child records."""
    found = returned(tally, "", limit=MOST_ASKED)
    return {one.contact: one.address for one in found if one.contact and not one.child}


def corrected(came_back: Mapping[int, str], audience: sqlite3.Connection, limit: int = 1000) -> list[int]:
    """Those of `addresses_of` who have another address now: to whom it can be sent again."""
    now = _addresses(audience, list(came_back))
    return [one for one, address in came_back.items() if one in now and now[one].lower() != address.lower()][:limit]


def addresses_now(audience: sqlite3.Connection, people: Sequence[Recipient]) -> dict[int, str]:
    """By contact: the address that is on file now."""
    return _addresses(audience, [one.contact for one in people if one.contact])


def _addresses(audience: sqlite3.Connection, contacts: Sequence[int]) -> dict[int, str]:
    query = "SELECT id, email FROM contact WHERE id IN (SELECT value FROM json_each(?))"
    return dict(audience.execute(query, (json.dumps(list(contacts)),)).fetchall())


def _weight(category: str, weight: str) -> Severity:
    if weight in ("hard", "soft", "block"):
        return weight  # type: ignore[return-value]  # one of these three
    found = severity(category if category in CATEGORIES else "unknown", 0)
    return "block" if found == "none" else found


def _meaning(
    tally: Tally, category: str, counts: dict[State, int], weights: Counter[Severity], numbers: Sequence[int]
) -> Meaning:
    replies = Counter(plain(one.reply) for one in read(tally, numbers) if one.reply)
    known = CATEGORIES.get(category, CATEGORIES["unknown"])
    said = tuple(Said(words, count) for words, count in replies.most_common(TOLD))
    weight = weights.most_common(1)[0][0]
    return Meaning(category, weight, known.meaning, counts, sum(counts.values()), said, len(numbers))


def plain(reply: str) -> str:
    """A reply without what is another in each."""
    return _OWN_WORDS.sub("…", reply)
