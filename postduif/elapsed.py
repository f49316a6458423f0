"""How long ago something was, or how long it takes, as people say it. Pure, but for the time where none is given."""

from __future__ import annotations

import time


def ago(moment: float, now: float | None = None) -> str:
    """`3m ago`, `in 2h`: a moment in seconds since the epoch, as people say it."""
    seconds = moment - (time.time() if now is None else now)
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def span(seconds: float) -> str:
    """The two largest units: `2h 5m`."""
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count or (unit == "s" and not parts):
            parts.append(f"{int(count)}{unit}")
    return " ".join(parts[:2])
