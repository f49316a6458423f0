"""What it costs to send a mailing: handed over to a daemon, until its last message is at the sink."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from bench import machine
from bench.errors import BenchError
from bench.gauges import Watch
from bench.house import House
from bench.measure import Sink, sink
from bench.preparing import Prepared
from bench.program import Program
from bench.programs import cpu_of_each, since, written
from bench.proof import check
from bench.usage import cpu, usage
from postduif.campaign.mailings import running
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import State
from postduif.campaign.sending.acting import Means, act
from postduif.mta.control import ask

_SETTLE = 0.5
_IDLE = 0.05  # CPU seconds in that time
_UNTIL_FINISHED = 30.0


@dataclass(frozen=True, slots=True)
class Sending:
    """What one took."""

    messages: int
    seconds: float
    """From the first message at the sink to the last."""
    delay: float
    """Seconds from the order to the first message."""
    signatures: float
    """RSA-2048 signatures a second on all cores, just before and after: their mean."""
    cpu: dict[str, float]
    """CPU seconds of each program of the daemon."""
    sink_cpu: float
    """CPU seconds of the sink."""
    memory: int
    """Octets: the most that all programs had together, shared pages counted once."""
    memory_before: int
    written: int
    """Octets to the disk."""

    @property
    def rate(self) -> float:
        """Messages a second."""
        return (self.messages - 1) / self.seconds

    @property
    def share(self) -> float:
        """Of the signing rate."""
        return self.rate / self.signatures

    @property
    def share_of_cpu(self) -> float:
        """What part of the daemon's CPU time goes to signing: the share of the rate, were the cores ours alone."""
        return self.cpu.get("signing", 0.0) / sum(self.cpu.values())

    def cpu_each(self, program: str = "") -> float:
        """CPU seconds a message, of one program or of all."""
        spent = self.cpu.get(program, 0.0) if program else sum(self.cpu.values())
        return spent / self.messages


class Stage(NamedTuple):
    """A daemon whose mail goes to a sink."""

    house: House
    end: Sink
    daemon: Program


@contextmanager
def stage(house: House) -> Iterator[Stage]:
    """Both run while the context lasts."""
    with sink(house.root / "sink", chunking=False) as end:
        house.furnish(end.port)
        with house.daemon() as daemon:
            _until_idle(daemon)
            yield Stage(house, end, daemon)


def _until_idle(daemon: Program, patience: float = 20.0) -> None:
    """The campaign's process has started, too: that is no part of sending."""
    deadline, spent = time.monotonic() + patience, -1.0
    while (now := cpu([daemon.pid])) > spent + _IDLE and time.monotonic() < deadline:
        daemon.check()
        spent = now
        time.sleep(_SETTLE)


def order(house: House, number: int) -> None:
    """What `postduif mailing send` does."""
    with mailings(house.places.data_dir) as connection:
        running.send(connection, find(connection, number), house.by())
        act(Means(connection, house.places, partial(ask, house.config.server.run_dir), time.time()), number)


Beside = Callable[[int], AbstractContextManager[object]]
"""What goes on while a daemon of that process id sends."""


def sent(house: House, made: Prepared, seconds: int = 2, beside: Beside = nullcontext) -> Sending:
    """Send a mailing that is prepared. Raises BenchError when not everybody got one, once, and signed.

    The signing rate is measured for so many seconds, before and after.
    """
    rate = machine.signing_rate(seconds)
    with stage(house) as place:
        found = measured(place, made, beside)
        see_finished(place, made)
        check(place.end.first_message.read_bytes(), house.key, signed=True)
    return replace(found, signatures=(rate + machine.signing_rate(seconds)) / 2)


def see_finished(place: Stage, made: Prepared) -> None:
    """Wait for the record to say that it is finished. Raises BenchError when it does not, or somebody got two."""
    deadline = time.monotonic() + _UNTIL_FINISHED
    while (seen := place.house.look(made.number)).state is not State.FINISHED:
        place.daemon.check()
        if time.monotonic() > deadline:
            raise BenchError(f"all has come, and after {_UNTIL_FINISHED:.0f} s the mailing is still {seen.state}")
        time.sleep(0.1)
    if place.end.count.messages != made.took.recipients:
        raise BenchError(f"{place.end.count.messages} messages came for {made.took.recipients} recipients")


def measured(place: Stage, made: Prepared, beside: Beside) -> Sending:
    """Send it; the signing rate is left out."""
    people, pid = made.took.recipients, place.daemon.pid
    idle, spent, disk = usage([pid]).proportional, cpu_of_each(pid), written(pid)
    taking = cpu([place.end.pid])
    with Watch(pid) as watch:
        began = time.monotonic()
        order(place.house, made.number)
        with beside(pid):
            count = place.end.wait(people, place.daemon)
        time.sleep(_SETTLE)
        taking = cpu([place.end.pid]) - taking
        spent, disk = since(spent, cpu_of_each(pid)), written(pid) - disk
    return Sending(
        messages=people,
        seconds=count.last - count.first,
        delay=count.first - began,
        signatures=0.0,
        cpu=spent,
        sink_cpu=taking,
        memory=watch.memory,
        memory_before=idle,
        written=disk,
    )
