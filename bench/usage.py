"""CPU time and memory of whole process trees, read from /proc.

CPU counts every process below the roots, and those that have ended and were waited for by one that lives.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK = 1.0 / os.sysconf("SC_CLK_TCK")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """What a tree has used: CPU seconds; octets resident with shared pages counted once (PSS); the sum of peak RSS."""

    cpu: float
    proportional: int
    peak_resident: int


def _stat(pid: int) -> tuple[int, float]:
    """Parent and CPU seconds (own and of reaped children) of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15]) * _TICK


def tree(roots: Iterable[int]) -> dict[int, float]:
    """Every process at or below the roots, with its CPU seconds."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                found[int(name)] = _stat(int(name))
    members = {pid for pid in roots if pid in found}
    while grown := {pid for pid, (parent, _) in found.items() if parent in members} - members:
        members |= grown
    return {pid: found[pid][1] for pid in members}


def _lines(pid: int, name: str, key: str) -> int:
    """The octets that one `Key:  123 kB` line of a /proc file tells; 0 when there is none."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return int(line.split()[1]) * _KIB
    return 0


def cpu(roots: Iterable[int]) -> float:
    """CPU seconds of the trees so far."""
    return sum(tree(roots).values())


def usage(roots: Iterable[int]) -> Usage:
    """What the trees have used so far."""
    members = tree(roots)
    return Usage(
        cpu=sum(members.values()),
        proportional=sum(_lines(pid, "smaps_rollup", "Pss:") for pid in members),
        peak_resident=sum(_lines(pid, "status", "VmHWM:") for pid in members),
    )
