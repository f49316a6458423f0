"""From what is known about the mail for one domain to one answer. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from postduif.elapsed import span
from postduif.mta.reasons.facts import Row, Setting
from postduif.mta.reasons.words import at, seconds, since

MAX_REPLIES = 4  # different last replies that are shown


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """Rows are as the daemon gives them."""

    domain: str
    now: float
    """Seconds since the epoch."""
    queues: Sequence[Row]
    """Its scheduled queues, of `queue.summary`."""
    waiting: Sequence[Row]
    """Its oldest recipients in the queue, of `queue.list`."""
    attempts: Sequence[Row]
    """Its last attempts, the latest first."""
    running: bool
    road: Row
    holds: Sequence[Row]
    """Of whole scheduled queues."""
    settings: Mapping[str, Setting]
    read_here: Setting | None = None
    """The setting that makes it the bounce domain."""
    zone: tzinfo | None = None
    """In which times are said; None is the machine's."""


def known(facts: DomainFacts) -> bool:
    """Something can be said of it."""
    return bool(facts.queues or facts.attempts or facts.read_here)


def describe(facts: DomainFacts) -> list[str]:
    """The answer, line by line; the first is the most important."""
    return [
        _amount(facts),
        *_road(facts),
        *(_hold(facts, hold) for hold in facts.holds),
        *_next(facts),
        *_replies(facts),
        *_lately(facts),
    ]


def _amount(facts: DomainFacts) -> str:
    if not facts.queues:
        return f"Nothing waits for {facts.domain}."
    total, held, leased = (sum(queue[name] for queue in facts.queues) for name in ("total", "held", "leased"))
    oldest = min(queue["oldest"] for queue in facts.queues)
    parts = [f"{held:,} held" if held else "", f"{leased:,} ready or under way" if leased else ""]
    of_them = ", ".join(part for part in parts if part)
    what = f"{total:,} {'recipient waits' if total == 1 else 'recipients wait'} for {facts.domain}"
    return f"{what}{f', {of_them}' if of_them else ''}; the oldest came {at(oldest, facts.now, facts.zone)}."


def _road(facts: DomainFacts) -> Iterator[str]:
    road = facts.road
    if facts.read_here:
        yield f"Mail to it is read here and goes nowhere; it is where bounces come back: {facts.read_here}."
        return
    if not facts.running:
        yield "No daemon runs, so nothing is tried. Start it: systemctl start postduif, or postduif serve"
        return
    if road.get("reply"):
        yield f"There is no road to it now: {road['reply']}"
        return
    site, limit = road["site"], road["held_by"]
    if limit == "suspended":
        reason = str(road["state"]).removeprefix("suspended").removeprefix(": ")
        yield f"Its site {site} is suspended: {reason}. To let it go: postduif site resume '{site}'"
    elif limit == "resting":
        trouble = road["last_trouble"] or "no host took a connection"
        yield f"Its site {site} rests for another {span(road['next_in'])}: {trouble}"
    elif limit in ("message_rate", "connection_rate"):
        yield f"Its site {site} gets no more for {seconds(road['next_in'])}: {facts.settings[limit]}."
    elif limit == "connections":
        yield f"All {road['connection_limit']} connections of its site {site} are busy: {facts.settings[limit]}."
    else:
        used = f"{road['connections']} of {road['connection_limit']} connections in use"
        yield f"Its site {site} ({', '.join(road['hosts'])}) takes mail: {used}."


def _hold(facts: DomainFacts, hold: Row) -> str:
    named = [f"--{name} {hold[name]}" for name in ("stream", "domain") if hold[name]]
    until = f", ends {at(hold['until'], facts.now, facts.zone)}" if hold["until"] else ""
    placed = since(hold["placed_at"], facts.now, facts.zone)
    release = f"postduif queue release {' '.join(named) or '--all'}"
    return f"Held by {hold['owner']} {placed}{until}: {hold['reason']}. To let go: {release}"


def _next(facts: DomainFacts) -> Iterator[str]:
    """What waits for its hour."""
    later = [row["due"] for row in facts.waiting if row["due"] > facts.now and not row["held_by"]]
    if later:
        one = len(later) == 1
        amount = "One waits for its next attempt" if one else f"{len(later):,} wait for their next attempt, the first"
        yield f"{amount} {at(min(later), facts.now, facts.zone)}: {facts.settings['retry']}."


def _replies(facts: DomainFacts) -> Iterator[str]:
    said = Counter(row["last_reply"] for row in facts.waiting if row["last_reply"])
    for reply, count in said.most_common(MAX_REPLIES):
        yield f"The last reply to {count:,} of them: {reply}"


def _lately(facts: DomainFacts) -> Iterator[str]:
    if not facts.attempts:
        return
    kinds = Counter(str(row["kind"]) for row in facts.attempts)
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    yield f"Attempts {since(facts.attempts[-1]['at'], facts.now, facts.zone)}: {listed}."
    refused = Counter(
        f"{row['code']} {row['enhanced']} {row['text']}" for row in facts.attempts if row["kind"] == "failed"
    )
    for reply, count in refused.most_common(MAX_REPLIES):
        yield f"Refused for good {'once' if count == 1 else f'{count:,} times'}: {reply}"
