"""Rules of time: start, validity, waves, rate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.config.units import format_time

GRACE = 60.0
"""Seconds that a start may be past: between pressing the button and looking."""


@rule(Level.ERROR, Phase.CONTENT)
def start_past(facts: Facts) -> Iterator[Remark]:
    """The start is not past."""
    start = facts.sending.start
    if start is not None and start < facts.now - GRACE:
        yield Remark(f"the start, {_when(start)}, is past", "choose a later one, or send it now")


@rule(Level.WARNING, Phase.CONTENT)
def start_hours(facts: Facts) -> Iterator[Remark]:
    """It starts at an hour at which mail may start."""
    if facts.limits.hours is None or facts.transactional or facts.proof:
        return
    first, last = facts.limits.hours
    start = facts.now if facts.sending.start is None else facts.sending.start
    at = datetime.fromtimestamp(start, ZoneInfo(facts.limits.zone))
    if not first <= at.hour < last:
        yield Remark(
            f"it starts at {at:%H:%M} ({facts.limits.zone}), and mail is to start from {first}:00 to {last}:00",
            "choose another time",
        )


@rule(Level.ERROR, Phase.CONTENT)
def schedule_over(facts: Facts) -> Iterator[Remark]:
    """A schedule has a next time."""
    if facts.sending.periodic and not any(time >= facts.now - GRACE for time in facts.sending.next_times):
        yield Remark("the schedule has no next time", "correct its rule, or end it")


@rule(Level.ERROR, Phase.CONTENT)
def validity_past(facts: Facts) -> Iterator[Remark]:
    """The validity does not end before the start."""
    sending = facts.sending
    start = max(facts.now, sending.start or 0)
    if sending.end is not None and sending.end <= start:
        yield Remark(
            f"its validity ends on {_when(sending.end)}, and it starts on {_when(start)}", "choose a later end"
        )


@rule(Level.ERROR, Phase.TARGET)
def validity_short(facts: Facts) -> Iterator[Remark]:
    """All messages can be sent within the validity."""
    sending = facts.sending
    if sending.end is None or not sending.rate or not facts.to_deliver:
        return
    room = sending.end - max(facts.now, sending.start or 0)
    need = facts.to_deliver / sending.rate
    if 0 < room < need:
        yield Remark(
            f"{facts.to_deliver:,} messages take {_span(need)} at {sending.rate:g} a second, and its validity is "
            f"{_span(room)}",
            "choose a later end, or a higher rate",
            {"needed": need, "validity": room},
        )


@rule(Level.ERROR, Phase.CONTENT)
def wave_late(facts: Facts) -> Iterator[Remark]:
    """The last wave starts before the validity ends."""
    end, waves = facts.sending.end, facts.sending.waves
    if end is not None and waves and max(waves) >= end:
        yield Remark(
            f"the last wave starts on {_when(max(waves))}, when the validity has ended ({_when(end)})",
            "choose a later end, or waves that are closer together",
        )


@rule(Level.ERROR, Phase.CONTENT)
def wave_order(facts: Facts) -> Iterator[Remark]:
    """Waves come one after the other, the first not before the start."""
    waves, start = facts.sending.waves, facts.sending.start
    if any(later <= earlier for earlier, later in pairwise(waves)):
        yield Remark("a wave starts before the one before it, or together with it", "put their times in order")
    if waves and start is not None and waves[0] < start:
        yield Remark("the first wave starts before the mailing", "choose a later time for it")


RULES = (start_past, start_hours, schedule_over, validity_past, validity_short, wave_late, wave_order)


def _when(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M} UTC"


def _span(seconds: float) -> str:
    """Whole minutes when it is longer than one."""
    return format_time(float(round(seconds)) if seconds < 60 else float(round(seconds / 60) * 60))
