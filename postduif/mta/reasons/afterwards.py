"""What `why` says of a recipient that is not in the queue: how it ended, and what came back later. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from postduif.mta.reasons.facts import Answer, Facts, Row
from postduif.mta.reasons.words import earlier, ordinal, said, seconds, subject, times, when

_LATER = {
    "bounced": "bounced",
    "complained": "was complained about",
    "unsubscribed": "was answered by an unsubscribe",
    "answered": "got an automatic answer",
}


def ended(facts: Facts) -> Answer:
    """The answer. The first of its journal rows that is not about something later says how it ended."""
    later = [line for line in facts.attempts if line["kind"] in _LATER]
    before = [line for line in facts.attempts if line["kind"] not in _LATER]
    blocks = [_later(facts, line) for line in later]
    if not before:
        return Answer(str(later[0]["kind"]), "", _nested(blocks))
    answer = _end(facts, before)
    if not later:
        return answer
    return Answer(str(later[0]["kind"]), answer.state, _nested([*blocks, list(answer.lines)]))


def _nested(blocks: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Each block begins with what happened; the details of those behind the first are indented."""
    first, *others = blocks
    return (*first, *chain.from_iterable((one[0], *(f"  {line}" for line in one[1:])) for one in others))


def _later(facts: Facts, line: Row) -> list[str]:
    lines = [f"{subject(facts)} {_LATER[line['kind']]} {when(facts, line['at'])}."]
    if line["text"]:
        lines.append(said(line))
    if line["kind"] == "bounced" and line["category"]:
        lines.append(f"That counts as: {line['category'].replace('_', ' ')} (docs/bounces-classes.md).")
    return lines


def _end(facts: Facts, lines: list[Row]) -> Answer:
    last = lines[0]
    kind, moment = str(last["kind"]), when(facts, last["at"])
    tries = times(last["attempt"])
    words = {
        "delivered": f"was delivered {moment}, at the {ordinal(last['attempt'])} attempt",
        "failed": f"failed for good {moment}, at the {ordinal(last['attempt'])} attempt",
        "expired": f"was given up {moment}, after {tries}",
        "withdrawn": f"was taken out of the queue by hand {moment}, after {tries}",
        "suppressed": f"was not sent: {moment} the recipient was on the suppression list",
    }
    said_lines = [f"{subject(facts)} {words.get(kind, f'left the queue {moment} ({kind})')}."]
    if kind == "withdrawn":
        if last["text"] not in ("", "withdrawn"):
            said_lines.append(f"Reason: {last['text']}")
    elif kind != "suppressed":
        said_lines.append(said(last))
    said_lines += _NOTES[kind](facts, last) if kind in _NOTES else []
    return Answer(kind, "", (*said_lines, *earlier(facts, lines[1:])))


def _took(_: Facts, last: Row) -> list[str]:
    parts = [("in the queue", last["in_queue"]), ("to connect", last["connect"]), ("to hand over", last["transmit"])]
    spent = ", ".join(f"{seconds(length)} {what}" for what, length in parts if length >= 0.001)
    return [f"It took {spent}." if spent else "It took less than a millisecond."]


_NOTES: dict[str, Callable[[Facts, Row], list[str]]] = {
    "delivered": _took,
    "failed": lambda _, __: ["A reply that begins with 5 is final; it is not tried again."],
    "expired": lambda facts, _: [f"That is the end of {facts.settings['lifetime']}."],
    "suppressed": lambda facts, _: [f"Why, and since when: postduif suppress list '{facts.recipient}'"],
}
