"""The stage of every proof: the real daemon, a sink, clients, and the books, in one event loop that survives."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvloop

from postduif.sink import Sink
from tests.crash.accounts import Accounts
from tests.crash.injector import Injector
from tests.crash.report import Row
from tests.program import Program
from tests.queue.mail import sql
from tests.stories.roads import free_port

CONNECTIONS = 10  # of the daemon to the sink
LONGEST_STOP = 30.0  # seconds
PATIENCE = 120.0  # seconds for what must happen; no figure of ours: the machine may do much else
LONGEST_DRAIN = 600.0  # seconds until all is accounted for, after the last start
MOST_MEMORY = 400 * 1024 * 1024  # octets of the daemon and its children together, at their highest
_DELIVERED_TWICE = """
SELECT message, recipient FROM journal WHERE kind = 'delivered' GROUP BY message, recipient HAVING count(*) > 1
"""  # what the journal had as delivered was never sent again
_COUNT = "SELECT count(*) FROM recipient"
_QUEUED = """
SELECT message.message_id, recipient.address FROM recipient JOIN message ON message.id = recipient.id >> 24
"""


class Scene:
    """`async with Scene(directory, "kill -9") as scene:`; at its end nothing of it runs any more."""

    def __init__(
        self, directory: Path, fault: str, *, settings: str = "", retry: str = "1s", delay: str = '["0ms", "5ms"]'
    ) -> None:
        """`settings`: sections of TOML. `retry`: all waits between attempts. `delay`: of the sink's 250."""
        self.row = Row(fault)
        self.accounts = Accounts()
        self.seed = random.randrange(1 << 32)
        self.dice = random.Random(self.seed)
        self.port, self.health_port, self._sink_port = (free_port() for _ in range(3))
        self.injector = Injector(self.port, self.accounts, self.seed)
        self.directory = directory
        self._sink = Sink(
            rules=f"[[rule]]\ndot = {{delay = {delay}}}",
            port=self._sink_port,
            keep=0,
            keepers=[self.accounts],
            seed=self.seed,
        )
        roads = f"""
            [[next_hop]]
            domain = "*"
            hosts = ["127.0.0.1:{self._sink_port}"]
            [metrics]
            address = "127.0.0.1:{self.health_port}"
            {settings}
            [delivery]
            retry_jitter = 0
            retry = "{retry}"
            connections = {CONNECTIONS}
            max_recipients = 10
            """
        self.program = Program(directory, roads, listener=f"127.0.0.1:{self.port}")
        self.slowest_start = 0.0
        self._kin: set[int] = set()

    async def __aenter__(self) -> Self:
        """The sink takes mail; the daemon is not started yet."""
        await self._sink.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing runs any more."""
        await self.injector.stop()
        self.program.__exit__()
        for pid in self._kin:
            with contextlib.suppress(ProcessLookupError):
                if _is_ours(pid):
                    os.kill(pid, signal.SIGKILL)
        await self._sink.stop()

    # --- life of the daemon

    async def up(self, shell: str = "exec", **environment: str) -> None:
        """Start it; return when it is ready. Raises AssertionError when it ends instead, or takes too long."""
        began = time.monotonic()
        assert await self.try_up(shell, **environment), self.said()[-2000:]
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)

    async def try_up(self, shell: str = "exec", **environment: str) -> bool:
        """Start it; True when it is ready, False when it ended before that. Raises AssertionError when it hangs."""
        self.program.start(shell, **environment)
        heard = self.program.heard
        await self.until(lambda: heard("READY=1") or not self.program.runs, PATIENCE, "the start hangs")
        if not heard("READY=1"):
            return False
        self.program.wait_told("READY=1")
        self._kin = set(family(self.program.pid))
        return True

    async def ended(self) -> int:
        """Its exit status, once it and its children have ended. What is killed in a write waits for the disk."""
        await self.until(lambda: not self.program.runs, PATIENCE, f"{_command(self.program.pid)!r} does not end")
        status = self.program.ended()
        await self.until(lambda: not any(map(lives, self._kin)), PATIENCE, "a child goes on without its daemon")
        self._kin.clear()
        return status

    async def stop(self) -> int:
        """End it as systemd does; its exit status."""
        self.program.send(signal.SIGTERM)
        return await self.ended()

    def writer(self) -> int:
        """The process that writes the queue file."""
        (pid,) = filter(is_writer, family(self.program.pid))
        return pid

    def kill(self, victim: str) -> None:
        """kill -9 of the "daemon", its "writer", or "all" of its processes at once."""
        mine = family(self.program.pid)
        for pid in {"daemon": mine[:1], "writer": [one for one in mine if is_writer(one)], "all": mine}[victim]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # --- what it says

    def said(self) -> str:
        """Its log."""
        return self.program.log.read_text()

    async def ready(self) -> dict[str, Any]:
        """What /readyz answers."""
        text = await asyncio.to_thread(_get, self.health_port, "/readyz")
        answer: dict[str, Any] = json.loads(text)
        return answer

    async def well(self) -> bool:
        """Whether /readyz says that mail is taken."""
        return bool((await self.ready())["ok"])

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        page = await asyncio.to_thread(_get, self.health_port, "/metrics")
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))

    async def until(self, true: Any, patience: float, what: str, *, every: float = 0.01) -> float:
        """Wait until `true()` (awaited if need be); the seconds that took. Raises AssertionError with `what`."""
        began = time.monotonic()
        while True:
            result = true()
            if asyncio.iscoroutine(result):
                result = await result
            if result:
                return time.monotonic() - began
            assert time.monotonic() - began < patience, f"{what}\n{self.said()[-2000:]}"
            await asyncio.sleep(every)

    def memory(self) -> int:
        """Octets that it and its children had at most."""
        return sum(map(_highest, family(self.program.pid)))

    # --- the verdict

    async def reconcile(self, bound: int | None = None) -> Row:
        """Of a daemon that runs: let it deliver all, end it, and compare the books. `bound` of second copies."""
        row, accounts = self.row, self.accounts
        await self.drained()
        row.check(self.memory() < MOST_MEMORY, f"{self.memory():,} octets of memory")
        row.check(await self.stop() == 0, "the last stop failed")
        queued = set(sql(self.directory, _QUEUED))
        missing = {key for key in accounts.missing() if tuple(key) not in queued}
        row.acknowledged, row.lost, row.again = len(accounts.acknowledged), len(missing), len(accounts.again)
        row.bound = accounts.bound(CONNECTIONS) if bound is None else bound
        row.check(not missing, f"lost: {sorted(missing)[:5]}")
        row.check(not accounts.partial, f"arrived in part: {accounts.partial[:5]}")
        row.check(row.again <= row.bound, f"{row.again} second copies, {row.bound} at most")
        row.check(not accounts.unexplained(), f"{accounts.unexplained()} second copies that no fault explains")
        row.check(sql(self.directory, _DELIVERED_TWICE) == [], "sent again what the journal had as delivered")
        row.check(sql(self.directory, "PRAGMA integrity_check") == [("ok",)], "the queue file is damaged")
        row.check(not self.injector.heard["late"], f"{self.injector.heard['late']} replies never came")
        row.notes.append(
            f"slowest start {self.slowest_start:.1f} s; oldest second copy {accounts.oldest() * 1000:.0f} ms before "
            f"its fault; replies {dict(self.injector.heard)}; seed {self.seed}"
        )
        return row

    async def drained(self) -> None:
        """Return when nothing waits."""
        await self.until(
            lambda: sql(self.directory, _COUNT) == [(0,)], LONGEST_DRAIN, "the queue does not drain", every=0.1
        )


def play(story: Coroutine[Any, Any, Row]) -> Row:
    """Run a proof to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(story)


def family(pid: int) -> list[int]:
    """The process and those below it, the oldest first."""
    parents: dict[int, int] = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (directory / "stat").read_bytes()
                parents[int(directory.name)] = int(stat.rpartition(b")")[2].split()[1])
    found = [pid]
    for one in found:
        found += sorted(child for child, parent in parents.items() if parent == one)
    return found


def is_writer(pid: int) -> bool:
    """It writes a queue file."""
    return b"postduif.queue.writing_worker" in _command(pid)


def lives(pid: int) -> bool:
    """It has not ended, and may have files open."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def _is_ours(pid: int) -> bool:
    return b"postduif." in _command(pid)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _highest(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def _get(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()
