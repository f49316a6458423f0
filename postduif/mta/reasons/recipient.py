"""From what is known about one recipient to one answer: where it is, why, and what holds it. Pure.

The text is for somebody who was woken up: the answer first, then what the other side said, then what could be done.
"""

from __future__ import annotations

from collections.abc import Iterator

from postduif.elapsed import span
from postduif.mta.reasons.afterwards import ended
from postduif.mta.reasons.facts import Answer, Facts, Row, Setting
from postduif.mta.reasons.words import (
    history,
    lifetime,
    ordinal,
    seconds,
    since,
    subject,
    upcoming,
    when,
)
from postduif.mta.retry import asked_wait
from postduif.reply import Reply


def answer(facts: Facts) -> Answer:
    """The answer. `facts` are of a recipient that is in the queue or has attempts."""
    return _waiting(facts, facts.waiting) if facts.waiting is not None else ended(facts)


def _waiting(facts: Facts, row: Row) -> Answer:
    if row["held_by"]:
        return _held(facts, row)
    if not facts.running:
        return _nobody(facts, row)
    if facts.road.get("reply") and not row["under_way"]:
        return _no_road(facts, row)
    if facts.road.get("held_by") == "suspended" and not row["under_way"]:
        return _suspended(facts, row)
    if row["under_way"]:
        return _under_way(facts, row)
    return _scheduled(facts, row) if row["due"] > facts.now else _due(facts, row)


def _held(facts: Facts, row: Row) -> Answer:
    hold = facts.hold
    what = "with its whole scheduled queue " if hold else ""
    placed = f" {since(hold['placed_at'], facts.now, facts.zone)}" if hold else ""
    reason = f": {row['held_because']}" if row["held_because"] else ""
    lines = [f"{subject(facts)} is held {what}by {row['held_by']}{placed}{reason}."]
    if hold and hold["until"]:
        lines.append(f"The hold ends {when(facts, hold['until'])}.")
    if hold:
        named = [f"--{name} {hold[name]}" for name in ("stream", "domain") if hold[name]]
        release = " ".join(named) or "--all"
    else:
        release = f"--id {facts.message}"
    lines += [f"To let it go: postduif queue release {release}", *history(facts, row), lifetime(facts, row)]
    return Answer("held", f"held by {row['held_by']}", tuple(lines), hold["until"] if hold else None)


def _nobody(facts: Facts, row: Row) -> Answer:
    lines = [
        f"{subject(facts)} is in the queue, but no daemon runs, so nothing is tried.",
        "Start it: systemctl start postduif, or postduif serve",
        *history(facts, row),
        lifetime(facts, row),
    ]
    return Answer("queued", "no daemon", tuple(lines))


def _no_road(facts: Facts, row: Row) -> Answer:
    lines = [
        f"{subject(facts)} is queued; {upcoming(facts, row)}.",
        f"There is no road to {row['domain']} now: {facts.road['reply']}",
        *history(facts, row),
        lifetime(facts, row),
    ]
    return Answer("queued", "no road", tuple(lines), row["due"])


def _suspended(facts: Facts, row: Row) -> Answer:
    site = facts.road["site"]
    reason = str(facts.road["state"]).removeprefix("suspended").removeprefix(": ")
    lines = [
        f"{subject(facts)} is queued, and its site {site} is suspended: {reason}.",
        f"To let it go: postduif site resume '{site}'",
        *history(facts, row),
        lifetime(facts, row),
    ]
    return Answer("queued", "site suspended", tuple(lines))


def _scheduled(facts: Facts, row: Row) -> Answer:
    lines = [f"{subject(facts)} is queued; {upcoming(facts, row)}.", *history(facts, row)]
    setting: Setting | None = None
    if row["attempts"]:
        asked = _asked(facts)
        if asked:
            lines.append(f"It waits so long because it was asked to: {span(asked)}.")
        else:
            setting = facts.settings["retry"]
            lines.append(f"It waits so long because of {setting}.")
    if facts.road.get("held_by") == "resting" and facts.now + facts.road["next_in"] > row["due"]:
        lines.append(_rests(facts))
    lines += [f"To try now: postduif queue retry --id {facts.message}", lifetime(facts, row)]
    return Answer("queued", "schedule", tuple(lines), row["due"], setting)


def _due(facts: Facts, row: Row) -> Answer:
    """Its time has come, and delivery has not taken it yet."""
    road = facts.road
    if road.get("held_by") == "resting":
        lines = [f"{subject(facts)} is due, and its site rests.", _rests(facts)]
        lines.append(f"To try now: postduif site resume '{road['site']}'")
        cause, at = "site resting", facts.now + road["next_in"]
    else:
        lines = [f"{subject(facts)} is due and waits its turn{_behind(facts)}.", *_limit(facts)]
        cause, at = road.get("held_by") or "its turn", facts.now
    lines += [*history(facts, row), lifetime(facts, row)]
    return Answer("queued", cause, tuple(lines), at, facts.settings.get(cause))


def _under_way(facts: Facts, row: Row) -> Answer:
    road = facts.road
    limit = str(road.get("held_by") or "")
    if limit:
        lines = [f"{subject(facts)} is ready to go{_behind(facts)}.", *_limit(facts)]
        return Answer(
            "ready",
            limit,
            (*lines, *history(facts, row)),
            facts.now + road.get("next_in", 0.0),
            facts.settings.get(limit),
        )
    doing = "is being delivered" if road.get("connections") else "is ready, a connection is being opened"
    hosts = ", ".join(road.get("hosts", ()))
    lines = [f"{subject(facts)} {doing}{f' ({hosts})' if hosts else ''}: the {ordinal(row['attempts'] + 1)} attempt."]
    return Answer("under way", "", (*lines, *history(facts, row)), facts.now)


def _behind(facts: Facts) -> str:
    ready = facts.road.get("ready", 0)
    site = facts.road.get("site", "")
    return f" at site {site}, where {ready:,} {'is' if ready == 1 else 'are'} ready" if site else ""


def _limit(facts: Facts) -> Iterator[str]:
    limit = facts.road.get("held_by")
    setting = facts.settings.get(str(limit))
    if limit == "connections":
        yield f"All {facts.road['connection_limit']} connections of the site are busy: {setting}."
    elif limit in ("message_rate", "connection_rate"):
        yield f"The site gets no more for {seconds(facts.road['next_in'])}: {setting}."


def _rests(facts: Facts) -> str:
    trouble = facts.road.get("last_trouble") or "no host took a connection"
    return f"Site {facts.road['site']} rests for another {span(facts.road['next_in'])}: {trouble}"


def _asked(facts: Facts) -> float:
    """Seconds the remote asked for, if that is what decided."""
    if not facts.attempts:
        return 0.0
    last = facts.attempts[0]
    asked = asked_wait(Reply(last["code"], last["enhanced"], last["text"], last["remote_mta"]))
    steps, jitter = facts.schedule
    step = steps[min(max(last["attempt"], 1), len(steps)) - 1]
    return asked if asked > step * (1 - jitter) else 0.0
