"""Sizes, times, rates and retry schedules, as people write them: "25M", "5m", "100/m", "1m, 5m*2, 1h".

Reading raises ValueError with the remedy in it; nothing else escapes. What the `format_` functions write reads back as
the same value. Sizes are powers of 1024; a year or a month is no unit, because neither has one length.
"""

from __future__ import annotations

import json
import math
import re
from typing import NamedTuple

MAX_SIZE = 2**50  # octets, 1024T
MAX_TIME = 3650 * 86400.0  # seconds
MAX_EVENTS = 1_000_000_000
MAX_STEPS = 1000

_SIZES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"([0-9]{1,18})\s*([KMGT]?)B?", re.IGNORECASE)
_TIME_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*(ms|[smhdw])", re.IGNORECASE)
_TIME = re.compile(rf"(?:{_TIME_PART.pattern}\s*)+", re.IGNORECASE)
_RATE = re.compile(
    r"([0-9][0-9,]{0,15})\s*/\s*([0-9]{0,9})\s*(ms|s(?:ec)?|m(?:in)?|h(?:our)?|d(?:ay)?|w(?:eek)?)", re.IGNORECASE
)
_STEP = re.compile(r"([^*]+?)\s*(?:\*\s*([0-9]{1,4}))?")


class Rate(NamedTuple):
    """So many events in so many seconds."""

    events: int
    seconds: float

    def __str__(self) -> str:
        """As it is written in the file."""
        return f"{self.events}/{re.sub('^1(?=[a-z])', '', format_time(self.seconds))}"


def parse_size(value: object) -> int:
    """Octets of "25M" (powers of 1024) or of a plain number, up to `MAX_SIZE`. Raises ValueError with the remedy."""
    size = -1
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        size = int(match[1]) * _SIZES[match[2].upper()]
    if 0 <= size <= MAX_SIZE:
        return size
    if size > MAX_SIZE:
        raise ValueError(f"{quoted(value)} is too large; the largest size is {format_size(MAX_SIZE)}")
    raise ValueError(f'{quoted(value)} is not a size; write it as "512K", "25M" or "2G"')


def parse_time(value: object) -> float:
    """Seconds of "5m", "1h30m" or of a plain number of them, up to `MAX_TIME`. Raises ValueError with the remedy."""
    seconds = -1.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = math.inf if value > MAX_TIME else float(max(value, -1))
    elif isinstance(value, str) and _TIME.fullmatch(value.strip()):
        seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in _TIME_PART.findall(value))
    if 0 <= seconds <= MAX_TIME:
        return seconds
    if seconds > MAX_TIME:
        raise ValueError(f"{quoted(value)} is too long; the longest time is {format_time(MAX_TIME)}")
    raise ValueError(f'{quoted(value)} is not a time; write it as "30s", "5m", "1h30m" or "4d"')


def parse_rate(value: object) -> Rate | None:
    """The rate of "100/m" or "1000/10s"; None for "" (no limit). Raises ValueError with the remedy."""
    if value is None or isinstance(value, Rate):
        return value
    if value == "":
        return None
    if isinstance(value, str) and (match := _RATE.fullmatch(value.strip())):
        unit = match[3].lower()
        events = int(match[1].replace(",", ""))
        seconds = int(match[2] or 1) * _SECONDS[unit if unit == "ms" else unit[0]]
        if 0 < events <= MAX_EVENTS and 0 < seconds <= MAX_TIME:
            return Rate(events, seconds)
    raise ValueError(f'{quoted(value)} is not a rate; write it as "100/s", "100/m", "1000/10m" or "50000/d"')


def parse_schedule(value: object) -> tuple[float, ...]:
    """Seconds between attempts of "1m, 5m*2, 1h*3"; the last repeats. Raises ValueError with the remedy."""
    if isinstance(value, tuple):
        return value
    remedy = f'{quoted(value)} is not a retry schedule; write it as "1m, 5m*2, 15m, 1h*3, 4h"'
    if not isinstance(value, str) or not value.strip():
        raise ValueError(remedy)
    steps: list[float] = []
    for part in value.split(","):
        match = _STEP.fullmatch(part.strip())
        if not match:
            raise ValueError(remedy)
        try:
            step, count = parse_time(match[1]), int(match[2] or 1)
        except ValueError:
            raise ValueError(remedy) from None
        if not step or not count or len(steps) + count > MAX_STEPS:
            raise ValueError(f"{remedy}, with no wait of 0 and at most {MAX_STEPS} waits")
        steps += [step] * count
    return tuple(steps)


def quoted(value: object) -> str:
    """A value about as TOML writes it, on one line and cut short, for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:80]}..."


def format_size(octets: int) -> str:
    """The shortest exact way to write a size."""
    for unit in ("T", "G", "M", "K"):
        if octets and octets % _SIZES[unit] == 0:
            return f"{octets // _SIZES[unit]}{unit}"
    return str(octets)


def format_time(seconds: float) -> str:
    """The shortest exact way to write a time in one unit; one week is 7d."""
    for unit in ("w", "d", "h", "m", "s"):
        count, rest = divmod(seconds, _SECONDS[unit])
        if seconds and not rest and (unit != "w" or count > 1):
            return f"{int(count)}{unit}"
    return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms" if seconds else "0s"


def format_schedule(steps: tuple[float, ...]) -> str:
    """A retry schedule with runs folded: `1m, 5m*2`."""
    runs: list[tuple[float, int]] = []
    for step in steps:
        if runs and runs[-1][0] == step:
            runs[-1] = (step, runs[-1][1] + 1)
        else:
            runs.append((step, 1))
    return ", ".join(format_time(step) + (f"*{count}" if count > 1 else "") for step, count in runs)
