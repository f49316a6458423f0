"""The form that says when a mailing goes: one moment, or a rule made of simple choices or written out. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from postduif.campaign.mailings.fault import ScheduleFault
from postduif.campaign.mailings.recurrence import FREQUENCIES
from postduif.campaign.mailings.schedule import DEFAULT_GRACE, Schedule, rule_of
from postduif.campaign.mailings.words import read_time
from postduif.config.units import format_time

MOMENT = "%Y-%m-%dT%H:%M"
DAYS = (("MO", "Mon"), ("TU", "Tue"), ("WE", "Wed"), ("TH", "Thu"), ("FR", "Fri"), ("SA", "Sat"), ("SU", "Sun"))


def shown(schedule: Schedule | None, zone: str, now: datetime.datetime) -> dict[str, Any]:
    """The fields for a schedule; without one, for the next hour."""
    hour = (now + datetime.timedelta(hours=1)).replace(minute=0)
    given = schedule or Schedule(hour.replace(tzinfo=None), zone)
    return {
        "at": f"{given.start:{MOMENT}}",
        "zone": given.zone,
        "frequency": "",
        "interval": "1",
        "days": [],
        "month_days": "",
        "until": "",
        "rule": given.rule,
        "times": str(given.iterations) if given.iterations > 0 else "",
        "exceptions": ", ".join(day.isoformat() for day in given.exceptions),
        "grace": format_time(given.grace),
    }


def taken(fields: Mapping[str, Any]) -> Schedule:
    """What the fields say. A rule that is written out counts before the choices. Raises ScheduleFault."""
    return Schedule(
        _moment(fields.get("at", "")),
        fields.get("zone", "").strip() or "UTC",
        _rule(fields),
        _number(fields.get("times", ""), "the number of times"),
        tuple(_day(text, "a day to skip") for text in fields.get("exceptions", "").replace(",", " ").split()),
        read_time(fields["grace"]) if fields.get("grace", "").strip() else DEFAULT_GRACE,
    )


def _rule(fields: Mapping[str, Any]) -> str:
    if written := fields.get("rule", "").strip():
        return str(written)
    frequency = fields.get("frequency", "")
    if frequency.upper() not in FREQUENCIES:
        return ""
    days = list(fields.get("days", ())) if frequency == "weekly" else []
    if frequency == "monthly":
        days = fields.get("month_days", "").replace(",", " ").split()
    interval = _number(fields.get("interval", ""), "how many apart") or 1
    until = fields.get("until", "").strip()
    return rule_of(frequency, interval, days, _day(until, "the last day") if until else None)


def _moment(text: str) -> datetime.datetime:
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        raise ScheduleFault("say when: a day and a time, as 2026-12-01 09:00") from None
    return found.replace(tzinfo=None, second=0, microsecond=0)


def _day(text: str, what: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ScheduleFault(f"{what} is written as 2026-12-25, not {text[:40]!r}") from None


def _number(text: str, what: str) -> int:
    text = text.strip() or "0"
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        raise ScheduleFault(f"{what} is a number, not {text[:40]!r}; 0 or nothing means no end")
    return int(text)
