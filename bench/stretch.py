"""One stretch of a daemon's work, measured: from one message at the hosts that are well to another."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

from bench.daemon import Daemon
from bench.field import Field
from bench.gauges import Lag, Watch, lag
from bench.load import Load, send
from bench.usage import cpu

_WARM_UP = 500
_SETTLE = 0.5


@dataclass(frozen=True, slots=True)
class Stretch:
    """What it gave. Memory and files are the most there were; lag is since the daemon was ready, or had started."""

    rate: float
    """Messages a second at the hosts that are well."""
    cpu: float
    """CPU seconds of all our processes for each message delivered, wherever to."""
    memory: int
    """Octets, of all our processes, shared pages counted once."""
    files: int
    """Open files and sockets of the process that has most."""
    lag: Lag
    first: float = 0.0
    """Seconds from the start of the program to the first message at a host."""


class _Mark(NamedTuple):
    at: float
    well: int
    all: int
    cpu: float


def _mark(daemon: Daemon, field: Field) -> _Mark:
    well = field.count.messages
    return _Mark(time.monotonic(), well, well + field.recovered, cpu([daemon.pid]))


def draining(daemon: Daemon, field: Field, begin: int, end: int) -> Stretch:
    """A daemon that has just been started on a queue: from the `begin`th to the `end`th message."""
    with Watch(daemon.pid) as watch:
        first = field.wait(1, daemon.check).first - daemon.started
        field.wait(begin, daemon.check)
        before = _mark(daemon, field)
        field.wait(end, daemon.check)
        after = _mark(daemon, field)
        late = lag(daemon.samples())
    rate = (after.well - before.well) / (after.at - before.at)
    return Stretch(rate, (after.cpu - before.cpu) / (after.all - before.all), watch.memory, watch.files, late, first)


def passing(daemon: Daemon, field: Field, load: Load) -> Stretch:
    """New mail comes in by SMTP and goes out at once, beside whatever waits."""
    daemon.ready()
    _through(daemon, field, Load(_WARM_UP, load.size, load.domains))
    time.sleep(_SETTLE)
    earlier = lag(daemon.samples())
    with Watch(daemon.pid) as watch:
        before = cpu([daemon.pid])
        seconds = _through(daemon, field, load)
        time.sleep(_SETTLE)
        spent = cpu([daemon.pid]) - before
        late = lag(daemon.samples()).since(earlier)
    return Stretch(load.messages / seconds, spent / load.messages, watch.memory, watch.files, late)


def _through(daemon: Daemon, field: Field, load: Load) -> float:
    """Seconds from the first connection to the last message at a host."""
    total = field.count.messages + load.messages
    sent = send(load, daemon.port)
    return field.wait(total, daemon.check).last - sent.started
