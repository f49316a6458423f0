"""What one site may be asked to take: the limits of `[delivery]` as `[[site]]` changes them, and rates over time.

Pure: the time is given, nothing waits here. Who counts connections and messages is delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from postduif.config.schema import Config
from postduif.config.schema import Site as SiteSettings
from postduif.config.units import Rate

BURST = 0.1  # seconds: who comes late by less than this may catch up, so that a busy event loop does not lower a rate
_ROUNDING = 1e-6  # seconds: floats near the epoch are no finer


@dataclass(frozen=True, slots=True)
class Limits:
    """What one site may be asked to take. Times are in seconds."""

    connections: int
    """Open at once."""
    messages_per_connection: int
    """Before QUIT; 0 is no limit."""
    message_rate: Rate | None
    connection_rate: Rate | None
    idle_time: float
    """How long a connection with nothing to send is kept open."""
    max_recipients: int
    """In one transaction."""
    tls: Literal["none", "opportunistic", "required"]


def limits_of(config: Config, site: SiteSettings | None = None) -> Limits:
    """The limits of a site: what `[[site]]` sets, and the values of `[delivery]` for everything it leaves out."""
    holds = site.over(config.delivery) if site else config.delivery
    return Limits(**{field.name: getattr(holds, field.name) for field in fields(Limits)})


class RateLimit:
    """So many events in so many seconds, evenly spread (the generic cell rate algorithm).

    In any stretch of `rate.seconds` at most `rate.events` are taken, plus what falls into `BURST`; in the long run
    exactly the rate is reached. None is no limit. `now` is monotonic, in seconds.
    """

    __slots__ = ("_interval", "_next", "_tolerance")

    def __init__(self, rate: Rate | None) -> None:
        self._next = float("-inf")  # when the next event comes if all keep their distance
        self._set(rate)

    def _set(self, rate: Rate | None) -> None:
        self._interval = rate.seconds / rate.events if rate else 0.0
        self._tolerance = max(BURST - self._interval, 0.0)

    def change(self, rate: Rate | None, now: float) -> None:
        """Another rate holds from now on. What was taken before counts, but for no longer than the new rate asks."""
        self._set(rate)
        self._next = min(self._next, now + self._interval)

    def wait(self, now: float) -> float:
        """Seconds until the next event is allowed; 0.0 when it is now."""
        seconds = self._next - self._tolerance - now
        return seconds if seconds > _ROUNDING else 0.0

    def take(self, now: float, events: int = 1) -> None:
        """Count events that happen now. More than one at once, or too early, makes the later ones wait longer."""
        if self._interval:
            self._next = max(self._next, now) + events * self._interval
