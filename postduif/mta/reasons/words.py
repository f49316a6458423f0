"""How answers say times, replies and attempts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

from postduif.elapsed import ago, span
from postduif.mta.reasons.facts import Facts, Row
from postduif.reply import Reply

MAX_EARLIER = 3  # earlier attempts that are shown


def subject(facts: Facts) -> str:
    """`412 from shop@example.com to anna@example.net`."""
    return f"{facts.message} from {facts.sender or '<>'} to {facts.recipient}"


def upcoming(facts: Facts, row: Row) -> str:
    """`its 3rd attempt comes in 4m (14:02:11)`."""
    number = row["attempts"] + 1
    moment = "now" if row["due"] <= facts.now else when(facts, row["due"])
    if row["due"] >= row["expires_at"]:
        return f"to be given up {moment}"
    return f"its {ordinal(number)} attempt comes {moment}"


def history(facts: Facts, row: Row) -> Iterator[str]:
    """What was said last, and before that, about a recipient in the queue."""
    if facts.attempts:
        last = facts.attempts[0]
        yield f"At the {ordinal(last['attempt'])} attempt, {when(facts, last['at'])}: {said(last)}"
        if last["kind"] == "ambiguous":
            yield "The connection broke after the final dot: it may have arrived, and will be sent once more."
        yield from earlier(facts, facts.attempts[1:])
    elif row["last_reply"]:
        yield f"{row['last_remote'] or 'Postduif'} said last: {row['last_reply']}"
    else:
        yield f"It was received {when(facts, row['received_at'])} and not tried yet."


def earlier(facts: Facts, attempts: Sequence[Row]) -> Iterator[str]:
    """Attempts before the last, those left out that met the same as the one after them."""
    shown = 0
    after = facts.attempts[0]
    for one in attempts:
        if (one["text"], one["code"]) != (after["text"], after["code"]):
            if shown == MAX_EARLIER:
                yield f"All of it: postduif queue show {facts.message}"
                return
            yield f"Before, at the {ordinal(one['attempt'])} attempt, {when(facts, one['at'])}: {said(one)}"
            shown += 1
        after = one


def said(line: Row) -> str:
    """Who said what, of one attempt."""
    reply = Reply(line["code"], line["enhanced"], line["text"])
    if line["remote_mta"]:
        return f"{line['host'] or line['remote_mta']} said: {reply}"
    return f"Trouble with {line['host']}: {reply}" if line["host"] else f"Postduif said: {reply}"


def lifetime(facts: Facts, row: Row) -> str:
    """When it is given up, and by which setting."""
    setting = facts.settings["lifetime"]
    if row["expires_at"] <= facts.now:
        return f"Its lifetime is over; it is about to be given up: {setting}."
    return f"It is given up {when(facts, row['expires_at'])}: {setting}."


def when(facts: Facts, moment: float) -> str:
    """`3m ago (14:02:11)`; with the date when it is not of today."""
    return at(moment, facts.now, facts.zone)


def at(moment: float, now: float, zone: tzinfo | None = None) -> str:
    """The same, of a moment in seconds since the epoch; `zone` None is the machine's."""
    return f"{ago(moment, now)} ({_clock(moment, now, zone)})"


def since(moment: float, now: float, zone: tzinfo | None = None) -> str:
    """`since 14:02:11 (3m ago)`."""
    return f"since {_clock(moment, now, zone)} ({ago(moment, now)})"


def _clock(moment: float, now: float, zone: tzinfo | None) -> str:
    there, here = (datetime.fromtimestamp(seconds, UTC).astimezone(zone) for seconds in (moment, now))
    form = "%H:%M:%S" if there.date() == here.date() else "%Y-%m-%d %H:%M"
    return f"{there:{form}}"


def seconds(length: float) -> str:
    """A time that may be short: `0.0213s`, `2m 5s`."""
    return span(length) if length >= 10 else f"{length:.3g}s"


def times(count: int) -> str:
    """`2 attempts`."""
    return "1 attempt" if count == 1 else f"{count} attempts"


def ordinal(number: int) -> str:
    """`1st`, `12th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
