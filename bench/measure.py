"""One run of one peer in one scenario: fresh queue, warm-up, measurement, end."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bench.counter import Count, Counter
from bench.errors import BenchError
from bench.load import Load, Sent, send
from bench.peer import Job, Peer
from bench.program import Program, free_port, wait_for_greeting
from bench.scenario import Kind, Scenario
from bench.usage import Usage, usage

WARM_UP = 200
CALIBRATION = 300
_SETTLE = 0.5
_STALL = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run gave: messages, seconds, CPU seconds of the peer, its memory in octets at the end."""

    messages: int
    seconds: float
    cpu: float
    proportional: int
    peak_resident: int

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds


class Living(Protocol):
    """What can end."""

    def check(self) -> None:
        """Raises BenchError when it has."""


class Sink:
    """The sink of bench.sink as a running program."""

    def __init__(self, root: Path, *, chunking: bool = False) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.first_message = root / "first.eml"
        path = root / "counter"
        for old in (path, self.first_message):
            old.unlink(missing_ok=True)
        self._counter = Counter(path)
        command: list[str | Path] = [sys.executable, "-m", "bench.sink", "--port", str(self.port), "--counter", path]
        options: list[str | Path] = ["--keep", self.first_message, *(["--chunking"] if chunking else [])]
        self._program = Program([*command, *options], root / "sink.log")
        try:
            wait_for_greeting(self.port, self._program)
        except BenchError:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._program.pid

    @property
    def count(self) -> Count:
        """The figures now."""
        return self._counter.read()

    def wait(self, messages: int, peer: Living | None) -> Count:
        """The figures when so many messages have come. BenchError when none comes for a minute, or the peer ends."""
        moved, seen = time.monotonic(), -1
        while (count := self.count).messages < messages:
            if count.messages != seen:
                moved, seen = time.monotonic(), count.messages
            elif time.monotonic() - moved > _STALL:
                raise BenchError(
                    f"{count.messages} of {messages} messages came to the sink, then none for {_STALL:.0f} s"
                )
            if peer:
                peer.check()
            time.sleep(0.005)
        return count

    def stop(self) -> None:
        """Ends it."""
        self._program.stop()
        self._counter.close()


@contextmanager
def sink(root: Path, *, chunking: bool) -> Iterator[Sink]:
    """A sink for one run."""
    running = Sink(root, chunking=chunking)
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def silent() -> Iterator[int]:
    """The port of a next hop with which nothing is delivered and nothing fails: it listens and never greets."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        yield listening.getsockname()[1]


def _run(messages: int, seconds: float, before: float, after: Usage) -> Run:
    return Run(messages, seconds, after.cpu - before, after.proportional, after.peak_resident)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where runs happen, each peer below a directory of its name, and how long they take."""

    root: Path
    key: Path
    seconds: float
    smtp_source: bool = False
    chunking: bool = False
    keep: bool = False

    def run(self, peer: Peer, scenario: Scenario, messages: int | None) -> Run:
        """One run; without a number of messages, as many as fill the time at the rate of a first batch."""
        with sink(self.root / "sink", chunking=self.chunking) as end, silent() as nowhere:
            job = Job(next_hop=end.port, signed=scenario.signed, key=self.key)
            try:
                port = peer.start(job if scenario.kind == "submit" else replace(job, next_hop=nowhere))
                load = Load(WARM_UP, scenario.size, scenario.domains, self.smtp_source)
                road = _Road(peer, end, port, load, scenario.kind)
                road.warm_up()
                count = messages or scenario.messages(road.calibrate(), self.seconds)
                os.sync()
                return road.drain(count, job) if scenario.kind == "drain" else road.through(count)
            finally:
                peer.stop()
                if not self.keep:
                    shutil.rmtree(self.root / peer.name, ignore_errors=True)


class _Road:
    """Generator, peer and sink of one run."""

    def __init__(self, peer: Peer, end: Sink, port: int, load: Load, kind: Kind) -> None:
        self._peer = peer
        self._end = end
        self._port = port
        self._load = load
        self._delivers = kind == "submit"
        self._total = 0

    def _send(self, messages: int) -> Sent:
        try:
            sent = send(replace(self._load, messages=messages), self._port)
        except BenchError:
            self._peer.check()  # its last words say more than the generator's
            raise
        self._total += messages
        return sent

    def _batch(self, messages: int) -> float:
        """Seconds until a batch was accepted or, where there is delivery, was at the sink."""
        sent = self._send(messages)
        if self._delivers:
            return self._end.wait(self._total, self._peer).last - sent.started
        return sent.seconds

    def warm_up(self) -> None:
        """Some messages, so that every program of the peer has started."""
        self._batch(WARM_UP)

    def calibrate(self) -> float:
        """The rate of some more messages."""
        return CALIBRATION / self._batch(CALIBRATION)

    def through(self, messages: int) -> Run:
        """From the first connection to the last 250 or the last message at the sink; CPU until the queue is tidy."""
        before = usage(self._peer.roots())
        seconds = self._batch(messages)
        time.sleep(_SETTLE if self._delivers else 0.0)
        return _run(messages, seconds, before.cpu, usage(self._peer.roots()))

    def drain(self, messages: int, job: Job) -> Run:
        """From the first to the last message at the sink, after a restart; CPU with all that starting costs."""
        self._send(messages)
        os.sync()
        self._peer.resume(job)
        count = self._end.wait(self._total, self._peer)
        time.sleep(_SETTLE)
        return _run(self._total, count.last - count.first, 0.0, usage(self._peer.roots()))
