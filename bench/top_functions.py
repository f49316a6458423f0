"""Where the time of a running daemon goes: py-spy looks at it, and the functions with most of the looks are printed.

py-spy stops what it looks at for a moment each time: figures of such a run are not to be compared with others.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.errors import BenchError

RATE = 100  # looks a second
_PATIENCE = 60.0
_PROCESS = "process "
_WAITING = ("Condition.wait (threading.py)", "_worker (concurrent/futures/thread.py)")
"""Of threads that wait, which py-spy takes for work where it cannot see their state."""


class Share(NamedTuple):
    """One function: where it is, and which shares of the looks found it at work itself, or below it in the stack."""

    function: str
    itself: float
    with_callees: float


class Profile:
    """Keeps the looks of the last run in a file below `root`. Raises BenchError when there is no py-spy."""

    def __init__(self, root: Path) -> None:
        found = shutil.which("py-spy")
        if found is None:
            raise BenchError(
                "py-spy is not on PATH; pip install py-spy somewhere and name that, or leave out --profile"
            )
        self._program = found
        self._file = root / "looks"
        self._log = root / "py-spy.log"

    @contextmanager
    def of(self, pid: int) -> Iterator[None]:
        """Look at a process and those below it while the context lasts."""
        command = [self._program, "record", f"--pid={pid}", f"--rate={RATE}", "--subprocesses"]
        options = ["--format=raw", "--duration=100000", f"--output={self._file}"]
        with self._log.open("wb") as log:
            looking = subprocess.Popen([*command, *options], stdout=log, stderr=log, start_new_session=True)
        try:
            yield
        finally:
            looking.send_signal(signal.SIGINT)  # it writes its file then
            try:
                looking.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                looking.kill()
                looking.wait()

    def shares(self, process: str) -> list[Share]:
        """The functions of the processes with that word in their command line, the busiest first."""
        return shares(self._file.read_text(encoding="utf-8").splitlines(), process)


def shares(lines: Iterable[str], process: str) -> list[Share]:
    """Of py-spy's raw format: a stack, frames with semicolons between them, and how often it was seen.

    The stack of a process that another one started begins with the name of the other.
    """
    itself: Counter[str] = Counter()
    below: Counter[str] = Counter()
    total = 0
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        own = max((at for at, frame in enumerate(frames) if frame.startswith(_PROCESS)), default=-1)
        names = [_function(frame) for frame in frames[own + 1 :]]
        if own < 0 or process not in frames[own] or not names or names[-1] in _WAITING:
            continue
        total += int(count)
        itself[names[-1]] += int(count)
        for name in set(names):
            below[name] += int(count)
    return [Share(name, itself[name] / total, seen / total) for name, seen in below.most_common()]


def _function(frame: str) -> str:
    """Without the line: `function (file)`."""
    return frame.rpartition(":")[0] + ")" if frame.endswith(")") and ":" in frame else frame
