"""The world around a daemon that is measured: DNS, hosts that are well, and hosts that are not.

Every domain is a site of its own. `refusing-*`, `silent-*` and `tarpit-*` are the names of sick ones; on a field where
all are well these go to a second sink, so that what the others get can be told apart.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.counter import Count, Counter
from bench.errors import BenchError
from bench.program import Program, wait_for_greeting

WELL, RECOVERED, REFUSING, SILENT, TARPIT = (f"127.0.0.{number}" for number in range(11, 16))
TARPIT_DELAY = 8.0
"""Seconds before each of its replies."""
_STALL = 60.0


def _free_port() -> int:
    """A port that is free, over TCP and UDP, on all the addresses."""
    while True:
        with socket.socket() as probe, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            probe.bind(("0.0.0.0", 0))
            port: int = probe.getsockname()[1]
            try:
                other.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port


class Field:
    """Runs while the context lasts. `port` is that of every host, and of DNS on 127.0.0.1."""

    def __init__(self, root: Path, *, sick: bool) -> None:
        self.port = _free_port()
        self._root = root
        self._sick = sick
        self._programs: list[Program] = []

    def __enter__(self) -> Field:
        self._root.mkdir(parents=True, exist_ok=True)
        try:
            self._well = self._sink("well", WELL)
            self._recovered = self._sink("recovered", RECOVERED)
            if self._sick:
                options = [f"--silent={SILENT}", f"--tarpit={TARPIT}", f"--delay={TARPIT_DELAY}"]
                self._run("sick", "bench.sick", options)
            places = {"refusing": REFUSING, "silent": SILENT, "tarpit": TARPIT}
            hosts = [f"--place={word}={address if self._sick else RECOVERED}" for word, address in places.items()]
            self._run("nameserver", "bench.nameserver", [f"--place=={WELL}", *hosts])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for program in self._programs:
            program.stop()

    @property
    def count(self) -> Count:
        """What came to the hosts that are always well."""
        return self._well.read()

    @property
    def recovered(self) -> int:
        """Messages for the domains with the names of sick ones, where all are well."""
        return self._recovered.read().messages

    def wait(self, messages: int, check: Callable[[], None]) -> Count:
        """When so many have come to those that are well. BenchError when none comes for a minute."""
        moved, seen = time.monotonic(), -1
        while (count := self.count).messages < messages:
            if count.messages != seen:
                moved, seen = time.monotonic(), count.messages
            elif time.monotonic() - moved > _STALL:
                raise BenchError(f"{seen} of {messages} messages came, then none for {_STALL:.0f} s")
            check()
            time.sleep(0.005)
        return count

    def _sink(self, name: str, address: str) -> Counter:
        path = self._root / f"{name}.counter"
        path.unlink(missing_ok=True)
        counter = Counter(path)
        running = self._run(name, "bench.sink", [f"--address={address}", f"--counter={path}"])
        wait_for_greeting(self.port, running, address=address)
        return counter

    def _run(self, name: str, module: str, options: list[str]) -> Program:
        command = [sys.executable, "-m", module, f"--port={self.port}", *options]
        program = Program(command, self._root / f"{name}.log")
        self._programs.append(program)
        return program
