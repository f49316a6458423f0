"""How a mailing does, in figures: each with what it counts, what it is a share of, and in which words it is said.

Targeted = excluded + to deliver. Everybody to deliver is in exactly one state, so the states add up to them at any
moment. Seeds are in no figure but their own.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from postduif.attempt import Kind
from postduif.campaign.results.doing import said
from postduif.campaign.results.opening import at_one_moment
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.queue.mailing import WAVE
from postduif.queue.rows import MAX_RECIPIENTS


class Figures(NamedTuple):
    """Counts of people; of child records where the mailing goes to these."""

    targeted: int
    excluded: int
    to_deliver: int
    pending: int
    deferred: int
    held: int
    later_wave: int
    delivered: int
    bounced: int
    accepted: int
    failed: int
    hard: int
    soft: int
    block: int
    expired: int
    suppressed: int
    withdrawn: int
    unknown: int
    complained: int
    unsubscribed: int
    answered: int
    seeds: int
    causes: Mapping[str, int]
    """Of those excluded."""
    categories: Mapping[State, Mapping[str, int]]
    """Of those that bounced, failed or expired: what the last reply meant (`bounce.category`)."""

    @property
    def reached(self) -> int:
        """The delivered, once more, to be seen against all that were meant."""
        return self.delivered


class Definition(NamedTuple):
    """What a figure is. Command line, web page and manual all take it from here."""

    name: str
    """An attribute of Figures."""
    of: str
    """The figure that it is a share of; "" when it is a share of none."""
    words: str


class Line(NamedTuple):
    """A figure with its denominator."""

    name: str
    value: int
    of: str
    total: int
    share: float | None
    """None: it is a share of nothing, or of none."""
    words: str


DEFINITIONS = (
    Definition("targeted", "", "Meant by the target: those excluded and those to deliver to."),
    Definition("excluded", "targeted", "Left out when the mailing was prepared, each with its cause."),
    Definition("to_deliver", "targeted", "Written to, or still to be written to."),
    Definition("pending", "to_deliver", "Waiting in the queue."),
    Definition("deferred", "pending", "Tried at least once; tried again later."),
    Definition("held", "pending", "Held back, or being withdrawn; later waves not counted."),
    Definition("later_wave", "pending", "Waiting for their wave."),
    Definition("delivered", "to_deliver", "The receiving host took it (250), and no bounce has come back since."),
    Definition("reached", "targeted", "The delivered, out of everybody that was meant."),
    Definition("bounced", "accepted", "Taken at first; a bounce came back later, by mail."),
    Definition("accepted", "to_deliver", "Taken by the receiving host at some time: delivered and bounced together."),
    Definition("failed", "to_deliver", "Refused for good."),
    Definition("hard", "failed", "The address or its domain does not exist or takes no mail."),
    Definition("soft", "failed", "Something that may be over later, such as a full mailbox."),
    Definition("block", "failed", "It is not about the address: content, policy, or our reputation."),
    Definition("expired", "to_deliver", "Given up when the validity period was over."),
    Definition("suppressed", "to_deliver", "Not tried: on the suppression list since the mailing was prepared."),
    Definition("withdrawn", "to_deliver", "Taken back unsent, because the mailing was stopped or an operator said so."),
    Definition("unknown", "to_deliver", "What became of them was lost with a damaged file."),
    Definition("complained", "accepted", "Said that it is spam."),
    Definition(
        "unsubscribed", "accepted", "Asked for no more of its type of mail, or of any, and did not take that back."
    ),
    Definition("answered", "accepted", "An absence note or another automatic answer came back."),
    Definition("seeds", "", "Addresses of our own that get it too; they are in no other figure."),
)
STATES = (
    State.PENDING,
    State.DELIVERED,
    State.BOUNCED,
    State.FAILED,
    State.EXPIRED,
    State.SUPPRESSED,
    State.WITHDRAWN,
    State.UNKNOWN,
)
"""They add up to `to_deliver`. The figures of these names count them."""

_COVERED = """
SELECT q.id FROM scheduled_queue q JOIN hold h
ON h.covers = 'queues' AND h.stream IN ('', q.stream) AND h.domain IN ('', q.domain)
"""
_WAVES = "SELECT id FROM hold WHERE owner = ?"
_WAITING = f"""
SELECT count(*), coalesce(sum(attempts > 0), 0), coalesce(sum(hold <> 0 AND hold IN ({_WAVES})), 0),
       coalesce(sum(CASE hold WHEN 0 THEN queue IN ({_COVERED}) ELSE hold NOT IN ({_WAVES}) END), 0)
FROM recipient
"""
_HELD = f"""
WITH wave (id) AS ({_WAVES})
SELECT (SELECT count(*) FROM recipient WHERE hold <> 0 AND hold IN wave),
       (SELECT count(*) FROM recipient WHERE hold <> 0 AND hold NOT IN wave)
       + (SELECT count(*) FROM recipient WHERE hold = 0 AND queue IN ({_COVERED}))
"""
"""The same counts without reading recipients: their indexes have it."""
_OF_SEEDS = f"""
WHERE id IN (SELECT value + (SELECT min(id) & ~{MAX_RECIPIENTS} FROM recipient) FROM json_each(?))
"""


def figures(connection: sqlite3.Connection) -> Figures:
    """Those of this moment. Who asks again and again keeps a Tally and asks `figures_of`."""
    return figures_of(Tally(connection))


def figures_of(tally: Tally) -> Figures:
    """Those of this moment. Raises sqlite3.Error."""
    connection = tally.connection
    with at_one_moment(connection):
        tally.catch_up()
        pending, deferred, later_wave, held = _waiting(tally)
    states: Counter[State] = Counter({State.PENDING: pending})
    weights: Counter[str] = Counter()
    categories: dict[State, dict[str, int]] = {}
    for (state, category, weight), count in tally.ended().items():
        states[state] += count
        weights[weight] += count
        if category and state in (State.BOUNCED, State.FAILED, State.EXPIRED):
            of_state = categories.setdefault(state, {})
            of_state[category] = of_state.get(category, 0) + count
    to_deliver = tally.size - len(tally.seeds)
    states[State.UNKNOWN] = to_deliver - states.total()
    excluded = sum(tally.causes.values())
    events = {kind: len(set(numbers) - tally.seeds) for kind, numbers in said(tally).items()}
    return Figures(
        targeted=excluded + to_deliver,
        excluded=excluded,
        to_deliver=to_deliver,
        deferred=deferred,
        held=held,
        later_wave=later_wave,
        accepted=states[State.DELIVERED] + states[State.BOUNCED],
        **{state.value: states[state] for state in STATES},
        hard=weights["hard"],
        soft=weights["soft"],
        block=weights["block"],
        complained=events[Kind.COMPLAINED.value],
        unsubscribed=events[Kind.UNSUBSCRIBED.value],
        answered=events[Kind.ANSWERED.value],
        seeds=len(tally.seeds),
        causes=tally.causes,
        categories=categories,
    )


def _waiting(tally: Tally) -> list[int]:
    """All, those tried, those of a later wave, those held otherwise. Seeds are taken off: it is quicker."""
    ask = tally.connection.execute
    ours = ask(_WAITING + _OF_SEEDS, (WAVE, WAVE, json.dumps(sorted(tally.seeds)))).fetchone()
    (waiting,) = ask("SELECT count(*) FROM recipient").fetchone()
    deferred = tally.deferred(waiting)
    if deferred is None:
        waiting, deferred, later_wave, held = ask(_WAITING, (WAVE, WAVE)).fetchone()
    else:
        later_wave, held = ask(_HELD, (WAVE,)).fetchone()
    everybody = (waiting, deferred, later_wave, held)
    return [count - seeds for count, seeds in zip(everybody, ours, strict=True)]


def lines(of: object, definitions: Sequence[Definition] = DEFINITIONS) -> list[Line]:
    """The figures as they are shown, in order: those of a `Figures`, or of whatever has what the definitions name."""
    found = []
    for name, whole, words in definitions:
        count, total = getattr(of, name), getattr(of, whole) if whole else 0
        found.append(Line(name, count, whole, total, count / total if total else None, words))
    return found
