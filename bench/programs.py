"""What each program of a daemon has used: who signs, who writes, who talks. Read from /proc.

Programs are told apart by their command lines. What was used by processes that have ended is "ended".
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from bench.usage import tree

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")
_WRITTEN = "write_bytes: "
_PROGRAMS = {
    "signing_worker": "signing",
    "writing_worker": "queue files",
    "--only\0web": "campaign",
    "--only\0public": "pages",
}
EVENT_LOOP, ENDED = "event loop", "ended"


def cpu_of_each(root: int) -> dict[str, float]:
    """CPU seconds so far, by program."""
    spent: dict[str, float] = {}
    for pid in tree([root]):
        with contextlib.suppress(OSError):
            name, path = _name(pid), Path(f"/proc/{pid}/stat")
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
            spent[name] = spent.get(name, 0.0) + (int(fields[11]) + int(fields[12])) * _TICK
            spent[ENDED] = spent.get(ENDED, 0.0) + (int(fields[13]) + int(fields[14])) * _TICK
    return spent


def since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """What was used in between, without those that used nothing."""
    used = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
    return {name: seconds for name, seconds in used.items() if seconds > 0.0}


def written(root: int) -> int:
    """Octets that those who live gave to the disk so far."""
    total = 0
    for pid in tree([root]):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/io").read_text(encoding="utf-8").splitlines()
            total += sum(int(line.removeprefix(_WRITTEN)) for line in lines if line.startswith(_WRITTEN))
    return total


def _name(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    return next((name for word, name in _PROGRAMS.items() if word in command), EVENT_LOOP)
