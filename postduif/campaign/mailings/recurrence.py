"""Rules of RFC 5545 3.3.10 that a mailing can repeat by, and the local times that they give. No clock, no time zone.

The search is `dateutil`'s, which looks for dates up to the year 9999 and so for seconds when a rule has none. The
calendar repeats itself every 400 years to the day of the week, so a rule is searched 7600 years later, in the last such
cycle, and its dates are brought back: a rule without dates ends within a second or two, whatever it says.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from postduif.campaign.mailings.fault import ScheduleFault

FIRST_YEAR, LAST_YEAR = 2000, 2399
_SHIFT = 9999 - LAST_YEAR
MAX_DATES = 100_000
"""Dates of one rule; it ends there. Eleven years of one mailing an hour."""
MAX_A_DAY = 24
MAX_RULE = 1000
"""Characters."""
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_NUMBERS = r"[+-]?\d{1,3}(,[+-]?\d{1,3})*"
_PARTS = {
    "FREQ": "|".join(FREQUENCIES),
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,4}",
    "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "BYMONTH": _NUMBERS,
    "BYMONTHDAY": _NUMBERS,
    "BYYEARDAY": _NUMBERS,
    "BYWEEKNO": _NUMBERS,
    "BYDAY": r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU))*",
    "BYSETPOS": _NUMBERS,
    "BYHOUR": _NUMBERS,
    "BYMINUTE": _NUMBERS,
    "WKST": "MO|TU|WE|TH|FR|SA|SU",
}


def judge(rule: str, start: datetime.datetime, zone: ZoneInfo, iterations: int) -> None:
    """Raises ScheduleFault for a rule that cannot be meant, is too long, or has no date at all."""
    parts = _parts(rule)
    if iterations > 0 and "COUNT" in parts:
        raise ScheduleFault("the rule has a COUNT and iterations are given too; leave one of them out")
    if iterations > MAX_DATES:
        raise ScheduleFault(f"a schedule has at most {MAX_DATES} dates; give fewer iterations, or 0 for no end")
    if parts["FREQ"] == "YEARLY" and "BYMONTHDAY" in parts and "BYMONTH" not in parts:
        raise ScheduleFault("BYMONTHDAY of a YEARLY rule could mean every month; add BYMONTH, or write FREQ=MONTHLY")
    if parts["FREQ"] in ("DAILY", "WEEKLY") and re.search(r"\d", parts.get("BYDAY", "")):
        raise ScheduleFault("BYDAY has numbers, which mean something in MONTHLY and YEARLY rules only; leave them out")
    if next(times(rule, start, zone, iterations), None) is None:
        raise ScheduleFault(f"the rule {rule} has no date from {start.isoformat(sep=' ')} on; change the rule")


def times(rule: str, start: datetime.datetime, zone: ZoneInfo, iterations: int) -> Iterator[datetime.datetime]:
    """Local times from `start` on, at most MAX_DATES. The start itself is one only when the rule says so.

    iterations: how many in all; 0 or less: no end but the rule's. Raises ScheduleFault.
    """
    parts = _parts(rule)
    if iterations > 0:
        parts["COUNT"] = str(iterations)
    if "UNTIL" in parts:
        parts["UNTIL"] = _later(_until(parts["UNTIL"], zone)).strftime("%Y%m%dT%H%M%S")
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        for one in islice(rrulestr(text, dtstart=_later(start)), MAX_DATES):
            yield one.replace(year=one.year - _SHIFT)
    except (ValueError, IndexError) as error:  # numbers out of their range, some found only while it looks
        raise ScheduleFault(f"the rule {rule} cannot be: {error}; see RFC 5545 3.3.10") from None


def in_years(moment: datetime.datetime) -> bool:
    """Rules are evaluated in these years only."""
    return FIRST_YEAR <= moment.year <= LAST_YEAR


def _parts(rule: str) -> dict[str, str]:
    """Names and values. The text has no other freedom than RFC 5545's, and no seconds."""
    parts: dict[str, str] = {}
    if len(rule) > MAX_RULE:
        raise ScheduleFault(f"the rule is longer than {MAX_RULE} characters; make it simpler")
    for part in rule.strip().upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS:
            raise ScheduleFault(f"{name[:40]!r} is not part of a rule here; there are {', '.join(_PARTS)}")
        if name in parts:
            raise ScheduleFault(f"{name} is in the rule twice; leave one out")
        if not re.fullmatch(_PARTS[name], value, re.ASCII):
            raise ScheduleFault(f"{name} cannot be {value[:40]!r}{_hint(name)}")
        parts[name] = value
    if "FREQ" not in parts:
        raise ScheduleFault(f"the rule says not how often; begin it with FREQ= and one of {', '.join(FREQUENCIES)}")
    if _values(parts, "BYHOUR") * _values(parts, "BYMINUTE") > MAX_A_DAY:
        raise ScheduleFault(f"a mailing goes at most {MAX_A_DAY} times a day; name fewer hours and minutes")
    return parts


def _hint(name: str) -> str:
    hints = {
        "FREQ": f"; it is one of {', '.join(FREQUENCIES)}",
        "INTERVAL": "; it is a number from 1 to 999",
        "COUNT": "; it is a number from 1 to 99999",
        "UNTIL": "; write a day like 20261231, or a moment like 20261231T230000Z",
    }
    return hints.get(name, "; see RFC 5545 3.3.10")


def _values(parts: dict[str, str], name: str) -> int:
    return len(set(parts[name].split(","))) if name in parts else 1


def _until(text: str, zone: ZoneInfo) -> datetime.datetime:
    """The last moment, as local time. A day is in it wholly."""
    try:
        moment = datetime.datetime.strptime(text.rstrip("Z"), "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d")  # noqa: DTZ007  local
    except ValueError:
        raise ScheduleFault(f"UNTIL={text} is no moment; write a day like 20261231") from None
    if "T" not in text:
        moment = moment.replace(hour=23, minute=59, second=59)
    if not in_years(moment):
        raise ScheduleFault(f"UNTIL={text} is not between {FIRST_YEAR} and {LAST_YEAR}; leave it out for no end")
    if text.endswith("Z"):
        return moment.replace(tzinfo=datetime.UTC).astimezone(zone).replace(tzinfo=None)
    return moment


def _later(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(year=moment.year + _SHIFT)
