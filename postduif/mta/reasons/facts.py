"""What is known about mail, and the answer made of it: values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Setting(NamedTuple):
    """One setting as it holds."""

    name: str
    value: str
    where: str
    """`file:line`, or "default"."""

    def __str__(self) -> str:
        """As it is said in an answer."""
        return f"{self.name} = {self.value} ({self.where})"


class Schedule(NamedTuple):
    """`delivery.retry` as numbers: seconds between attempts, and the share by which each may differ."""

    steps: tuple[float, ...]
    jitter: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one recipient of one message. Rows are as the daemon gives them."""

    message: int
    sender: str
    """"" is the null sender."""
    recipient: str
    now: float
    """Seconds since the epoch."""
    waiting: Row | None
    """Its row of `queue.list`; None when it is not in the queue."""
    attempts: Sequence[Row]
    """Its rows of `queue.journal`, the latest first."""
    running: bool
    """A daemon answers."""
    road: Row
    """What `site.of` says of its domain; {} when nobody was asked."""
    hold: Row
    """The hold of its whole scheduled queue; {} when there is none."""
    settings: Mapping[str, Setting]
    """retry, lifetime, connections, message_rate and connection_rate of its site."""
    schedule: Schedule
    zone: tzinfo | None = None
    """In which times are said; None is the machine's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """About one recipient."""

    state: str
    """delivered, failed, expired, withdrawn, suppressed, bounced, complained, unsubscribed, answered, held, queued,
    ready or under way."""
    cause: str
    """One word for what keeps it there: schedule, site suspended, message_rate and so on; "" at the end of the road."""
    lines: tuple[str, ...]
    next_attempt: float | None = None
    """Seconds since the epoch; None: not by waiting."""
    setting: Setting | None = None
    """The one that decides when."""
