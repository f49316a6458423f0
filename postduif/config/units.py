"""Sizes, times, rates and retry schedules, as people write them: "25M", "5m", "100/m", "1m, 5m*2, 1h"."""

from __future__ import annotations

import re
from typing import NamedTuple

_SIZES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_SIZE = re.compile(r"(\d+)\s*([KMGT]?)B?", re.IGNORECASE)
_TIME_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])", re.IGNORECASE)
_RATE = re.compile(r"(\d[\d,]*)\s*/\s*(\d*)\s*(ms|s|m|h|d|w)(?:ec|in|our|ay)?", re.IGNORECASE)
_STEP = re.compile(r"(.+?)\s*(?:\*\s*(\d+))?")
MAX_STEPS = 1000


class Rate(NamedTuple):
    """So many events in so many seconds."""

    events: int
    seconds: float

    def __str__(self) -> str:
        """As it is written in the file."""
        return f"{self.events}/{format_time(self.seconds).removeprefix('1')}"


def parse_size(value: object) -> int:
    """Octets of "25M" (powers of 1024) or of a plain number. Raises ValueError with the remedy."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and (match := _SIZE.fullmatch(value.strip())):
        return int(match[1]) * _SIZES[match[2].upper()]
    raise ValueError(f"{value!r} is not a size; write it as 512K, 25M or 2G")


def parse_time(value: object) -> float:
    """Seconds of "5m", "1h30m" or of a plain number of seconds. Raises ValueError with the remedy."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str) and re.fullmatch(rf"(?:{_TIME_PART.pattern}\s*)+", value.strip(), re.IGNORECASE):
        return sum(float(number) * _SECONDS[unit.lower()] for number, unit in _TIME_PART.findall(value))
    raise ValueError(f"{value!r} is not a time; write it as 30s, 5m, 1h30m or 4d")


def parse_rate(value: object) -> Rate | None:
    """The rate of "100/m" or "1000/10s"; None for "" (no limit). Raises ValueError with the remedy."""
    if value is None or isinstance(value, Rate):
        return value
    if value == "":
        return None
    if isinstance(value, str) and (match := _RATE.fullmatch(value.strip())):
        count, seconds = int(match[1].replace(",", "")), int(match[2] or 1) * _SECONDS[match[3].lower()]
        if count and seconds:
            return Rate(count, seconds)
    raise ValueError(f"{value!r} is not a rate; write it as 100/s, 100/m, 1000/10m or 50000/d")


def parse_schedule(value: object) -> tuple[float, ...]:
    """Seconds between attempts of "1m, 5m*2, 1h*3"; the last repeats. Raises ValueError with the remedy."""
    if isinstance(value, tuple):
        return value
    remedy = f"{value!r} is not a retry schedule; write it as 1m, 5m*2, 15m, 1h*3, 4h"
    if not isinstance(value, str) or not value.strip():
        raise ValueError(remedy)
    steps: list[float] = []
    for part in value.split(","):
        match = _STEP.fullmatch(part.strip())
        if not match or int(match[2] or 1) + len(steps) > MAX_STEPS:
            raise ValueError(remedy)
        try:
            steps += [parse_time(match[1])] * int(match[2] or 1)
        except ValueError:
            raise ValueError(remedy) from None
    return tuple(steps)


def format_size(octets: int) -> str:
    """The shortest exact way to write a size."""
    for unit in ("T", "G", "M", "K"):
        if octets and octets % _SIZES[unit] == 0:
            return f"{octets // _SIZES[unit]}{unit}"
    return str(octets)


def format_time(seconds: float) -> str:
    """The shortest exact way to write a time in one unit."""
    for unit in ("w", "d", "h", "m", "s"):
        if (
            seconds
            and seconds % _SECONDS[unit] == 0
            and not (unit == "w" and seconds % _SECONDS["d"] == 0 and seconds < 2 * _SECONDS["w"])
        ):
            return f"{int(seconds // _SECONDS[unit])}{unit}"
    return f"{seconds * 1000:g}ms" if seconds else "0s"


def format_schedule(steps: tuple[float, ...]) -> str:
    """A retry schedule with runs folded: `1m, 5m*2`."""
    runs: list[tuple[float, int]] = []
    for step in steps:
        if runs and runs[-1][0] == step:
            runs[-1] = (step, runs[-1][1] + 1)
        else:
            runs.append((step, 1))
    return ", ".join(format_time(step) + (f"*{count}" if count > 1 else "") for step, count in runs)
