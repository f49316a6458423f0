"""Compares what came of the letters with what had to. Pure: everything is given.

Three witnesses are heard who know nothing of each other: the client that submitted, the sink that received, and the
daemon's own journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postduif.demo import fates, notices
from postduif.demo.fates import Fate
from postduif.demo.letters import Letter
from postduif.demo.notices import Notice
from postduif.demo.workshop import KEYS
from postduif.sink import Received

Pair = tuple[str, str]
"""Message-ID and recipient."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the witnesses say."""

    letters: Sequence[Letter]
    accepted: Sequence[str]
    """Message-IDs that got a 250."""
    not_accepted: Sequence[str]
    """What was said instead."""
    received: Sequence[Received]
    refused: Mapping[str, int]
    """Replies of the sink, by code and enhanced code."""
    journal: Sequence[Mapping[str, Any]]
    """Attempts of the daemon."""
    queued: int
    """Recipients left in the queue."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the result."""

    name: str
    seen: int
    expected: int
    trouble: str = ""
    """"" when it is as it must be."""


def judge(evidence: Evidence) -> list[Finding]:
    """Every figure of a demonstration."""
    arrived = Counter(_arrivals(evidence.received))
    return [
        _accepted(evidence),
        _delivered(evidence, arrived),
        _unchanged(evidence),
        _signed(evidence),
        _deferred(evidence, arrived),
        _temporary(evidence),
        _told(evidence),
        _duplicates(arrived),
        compared("left in the queue", evidence.queued, 0, lambda: "see `postduif queue list`"),
    ]


def expected_pairs(letters: Iterable[Letter]) -> set[Pair]:
    """Who must get what."""
    return {
        (letter.message_id, recipient)
        for letter in letters
        for recipient in letter.recipients
        if not fates.of(recipient).refused
    }


def rate(received: Sequence[Received], deferred: set[Pair]) -> float:
    """Recipients delivered in a second, from the first to the last of those that never had to wait."""
    at = [
        one.at
        for one in received
        if one.sender
        for recipient in one.recipients
        if (one.message_id, recipient) not in deferred
    ]
    return len(at) / max(max(at) - min(at), 1e-9) if len(at) > 1 else 0.0


def deferred_pairs(journal: Iterable[Mapping[str, Any]]) -> set[Pair]:
    """Who was turned away at least once, as the daemon wrote it down."""
    return {(line["message_id"], line["recipient"]) for line in journal if line["kind"] == "deferred"}


def _arrivals(received: Iterable[Received]) -> Iterable[Pair]:
    return ((one.message_id, recipient) for one in received if one.sender for recipient in one.recipients)


def compared(name: str, seen: int, expected: int, why: Callable[[], str]) -> Finding:
    """A line of the result; `why` is asked when it is not as it must be."""
    return Finding(name, seen, expected, "" if seen == expected else f"{name}: {seen} instead of {expected}; {why()}")


def first_of(things: Iterable[object]) -> str:
    """The first of them, to name one of many."""
    return str(next(iter(sorted(map(str, things))), "none is missing"))


def _accepted(evidence: Evidence) -> Finding:
    return compared(
        "accepted messages",
        len(evidence.accepted),
        len(evidence.letters),
        lambda: f"first: {first_of(evidence.not_accepted)}",
    )


def _delivered(evidence: Evidence, arrived: Counter[Pair]) -> Finding:
    due, came = expected_pairs(evidence.letters), set(arrived)
    finding = compared("delivered to recipients", len(due & came), len(due), lambda: f"first: {first_of(due - came)}")
    if came - due:
        return Finding(finding.name, len(came), len(due), f"delivered what was not sent: {first_of(came - due)}")
    return finding


def _unchanged(evidence: Evidence) -> Finding:
    sent = {letter.message_id: letter.content for letter in evidence.letters}
    copies = [one for one in evidence.received if one.sender]
    changed = [one.message_id for one in copies if not one.content.endswith(sent.get(one.message_id, b"-"))]
    return compared(
        "copies arrived unchanged", len(copies) - len(changed), len(copies), lambda: f"first: {first_of(changed)}"
    )


def _signed(evidence: Evidence) -> Finding:
    """Each message, notices too, has one signature of each key, and all are good."""
    good = sum(signature.good for one in evidence.received for signature in one.signatures)
    wrong = [one for one in evidence.received if one.dkim != "good" or len(one.signatures) != len(KEYS)]
    names = [f"{one.message_id} {[signature.reason for signature in one.signatures]}" for one in wrong]
    return compared(
        "signatures verified", good, len(evidence.received) * len(KEYS), lambda: f"first: {first_of(names)}"
    )


def _deferred(evidence: Evidence, arrived: Counter[Pair]) -> Finding:
    """All who are greylisted, and all others who were ever turned away, got theirs later."""
    greylisted = {pair for pair in expected_pairs(evidence.letters) if fates.of(pair[1]) is Fate.GREYLISTED}
    deferred = {pair for pair in deferred_pairs(evidence.journal) if pair[1] not in _senders(evidence)}
    came = {pair for pair in deferred if arrived[pair]}
    due = greylisted | deferred
    return compared("deferred, then delivered", len(came), len(due), lambda: f"first: {first_of(due - came)}")


def _senders(evidence: Evidence) -> set[str]:
    return {letter.sender for letter in evidence.letters}


def _temporary(evidence: Evidence) -> Finding:
    """The journal knows as many temporary refusals as the sink has given."""
    seen = sum(line["kind"] == "deferred" for line in evidence.journal)
    given = sum(count for reply, count in evidence.refused.items() if reply.startswith("4"))
    return compared(
        "refusals for now, all in the journal", seen, given, lambda: f"the sink said {dict(evidence.refused)}"
    )


def _told(evidence: Evidence) -> Finding:
    """For each recipient refused for good its sender, and nobody else, got one notice that can be read."""
    due = {
        (letter.sender, Notice(letter.message_id, recipient, "failed", fates.of(recipient).value))
        for letter in evidence.letters
        for recipient in letter.refused
    }
    came: Counter[tuple[str, Notice]] = Counter()
    unreadable: list[str] = []
    for one in evidence.received:
        if one.sender:
            continue
        try:
            came.update((recipient, notice) for recipient in one.recipients for notice in notices.read(one.content))
        except ValueError as error:
            unreadable.append(f"{one.message_id}: {error}")
    wrong = [*(due - set(came)), *(set(came) - due), *(key for key, count in came.items() if count > 1)]
    first = first_of(unreadable or wrong)
    finding = compared("bounced, its sender told", came.total(), len(due), lambda: f"first: {first}")
    if wrong and not finding.trouble:
        return Finding(finding.name, finding.seen, finding.expected, f"a notice is wrong: {first}")
    return finding


def _duplicates(arrived: Counter[Pair]) -> Finding:
    twice = [pair for pair, count in arrived.items() if count > 1]
    return compared("duplicates", len(twice), 0, lambda: f"first: {first_of(twice)}")
