"""How figures, times and sizes are written on pages. Pure. A time is UTC and says so; a share names what it is of."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from markupsafe import Markup

from postduif.campaign.mailings.changing import NOTE
from postduif.campaign.mailings.states import Action

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
THIN = "\u202f"
"""Between groups of three digits: a narrow space that no line breaks at."""

_CODE = re.compile(r"`([^`\n]+)`")

_TONES = {
    "good": "delivered prepared scheduled planned repeating opened clicked viewed",
    "busy": "pending preparing handing_over sending under_way ready",
    "warn": "paused stopping held deferred ambiguous unsubscribed suppressed quarantined excluded withdrawn unknown "
    "asked soft block",
    "bad": "failed expired bounced complained hard",
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words.split()}

_ACTED = {
    NOTE: "noted",
    Action.CREATE: "made",
    Action.DELETE: "deleted",
    Action.EDIT: "changed",
    Action.PREPARE: "preparation begun",
    Action.STOP_PREPARING: "preparation stopped",
    Action.SEND: "to be sent now",
    Action.SCHEDULE: "scheduled",
    Action.PLAN: "planned",
    Action.REPEAT: "set to repeat",
    Action.UNSCHEDULE: "date taken away",
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
    Action.STOP: "to be stopped",
    Action.DUE: "preparation begun, for its time has come",
    Action.READY: "prepared",
    Action.READY_FOR_DATE: "prepared for its date",
    Action.FAIL: "preparation failed",
    Action.MISS: "date missed",
    Action.SPAWN: "mailing made for a date",
    Action.END: "last date past",
    Action.STARTED: "sending begun",
    Action.GIVE_BACK: "could not be sent",
    Action.HOLD: "paused by itself",
    Action.FINISH: "finished",
    Action.STOPPED: "stopped",
}


def acted(action: str) -> str:
    """What was done to a mailing, as its history names it, in words."""
    return _ACTED.get(action, action)


def tone(state: str) -> str:
    """The colour of a state, whatever it is a state of: good, busy, warn, bad, or calm."""
    return _TONE_OF.get(state.replace(" ", "_"), "calm")


def number(value: float | None) -> str:
    """1234567 with narrow spaces; an en dash for what is not known."""
    return "\u2013" if value is None else f"{value:,.0f}".replace(",", THIN)


def rate(value: float) -> str:
    """Events a second, with a decimal where there are few: 0, 0.3, 240."""
    return number(value) if value >= 10 or not value else f"{max(value, 0.1):.1f}"


def share(part: float, whole: float, digits: int = 1) -> str:
    """`part` in percent of `whole`; an en dash of nothing. What is not all is never written as 100."""
    if not whole:
        return "\u2013"
    percent = 100 * part / whole
    edge = 10.0**-digits
    if 0 < percent < edge:
        return f"<{THIN}{edge:.{digits}f}%"
    if percent < 100:
        percent = min(percent, 100 - edge)
    return f"{percent:.{digits}f}%"


def moment(at: float | None) -> str:
    """2026-11-22 14:05 UTC."""
    return "\u2013" if at is None else f"{_utc(at):%Y-%m-%d %H:%M} UTC"


def exact(at: float) -> str:
    """For the `datetime` of a `<time>`: ISO 8601 with seconds."""
    return f"{_utc(at):%Y-%m-%dT%H:%M:%SZ}"


def day(at: float) -> str:
    """2026-11-22."""
    return f"{_utc(at):%Y-%m-%d}"


def ago(at: float | None, now: float) -> str:
    """How long since, in the largest unit that says enough; "never" for None."""
    if at is None:
        return "never"
    seconds = max(0.0, now - at)
    return "just now" if seconds < _MINUTE else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """45 s, 12 min, 3 h, 5 days."""
    if seconds < _MINUTE:
        return f"{seconds:.0f}{THIN}s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f}{THIN}min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.0f}{THIN}h"
    return f"{seconds / _DAY:.0f} days"


def seconds(value: float) -> str:
    """How long something took that is mostly short: 40 ms, 1.25 s, and from a minute on as `span` has it."""
    if value >= _MINUTE:
        return span(value)
    return f"{value:.2f}{THIN}s" if value >= 1 else f"{1000 * value:.0f}{THIN}ms"


def size(octets: float) -> str:
    """820 B, 12 KB, 3.4 MB."""
    for unit in ("B", "KB", "MB", "GB"):
        if octets < 1024 or unit == "GB":
            break
        octets /= 1024
    digits = 0 if unit in ("B", "KB") or octets >= 100 else 1
    return f"{octets:.{digits}f}{THIN}{unit}"


def plural(count: float, one: str, many: str = "") -> str:
    """1 contact, 2 contacts."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def coded(text: str) -> Markup:
    """What we say in words, with what stands between `backticks` as code. All of it is escaped."""
    pieces = _CODE.split(text)  # every second one is code
    return Markup("").join(Markup("<code>{}</code>").format(one) if n % 2 else one for n, one in enumerate(pieces))


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
