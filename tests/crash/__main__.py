"""`make crash`: every proof in its long form, half an hour, as root. `python -m tests.crash NAME...` makes some.

Ends with one table. Status 0 when everything was tried and holds, 1 when something does not, 2 when something could
not be tried.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tests.crash import campaigns, clocks, damage, disk_errors, kills, stops, sweep
from tests.crash.apart import apart
from tests.crash.report import Row, table
from tests.crash.scene import play

KILLS, LEAST = 200, 100_000
CUTS = {"ext4": 50, "xfs": 20}
LONGEST = 2.0  # seconds from being ready to the kill: on a busy machine clients come back and send in that time
LONGEST_CUT = 0.8  # the same for a power cut
STRACE = shutil.which("strace") or ""
PREFERRED = Path("/var/tmp")  # a disk, where /tmp may be memory


def _here(story: Callable[[Path], Coroutine[Any, Any, Row]]) -> Row:
    with tempfile.TemporaryDirectory(dir=PREFERRED) as directory:
        return play(story(Path(directory)))


def _traced(name: str, story: Callable[[Path], Coroutine[Any, Any, Row]]) -> Row:
    return _here(story) if STRACE else Row(name, skipped="strace is not installed (run `make peers`)")


def _start(*, crashed: bool) -> Row:
    return _traced("KILL at every call of a start", lambda path: sweep.starts(path, STRACE, crashed=crashed))


def _cut(kind: str, lies: str = "", cycles: int = 0) -> Row:
    missing = [one for one in (f"mkfs.{kind}", *(["eatmydata"] if lies else [])) if shutil.which(one) is None]
    if missing:
        return Row(f"power cut, {kind}", skipped=f"{missing[0]} is not installed (run `make peers`)")
    return apart("power", kind, cycles or CUTS[kind], LONGEST_CUT, lies)


def _fails(calls: str, error: str, *, ever: bool) -> Row:
    return _traced(error, lambda path: disk_errors.sync_fails(path, STRACE, calls, ever=ever, error=error))


PROOFS: dict[str, Callable[[], Row]] = {
    "kill": lambda: _here(lambda path: kills.kills(path, KILLS, LEAST, LONGEST)),
    "mailing": lambda: _here(lambda path: campaigns.killed(path, 20_000, 40, LONGEST, stops=False)),
    "mailing-stop": lambda: _here(lambda path: campaigns.killed(path, 20_000, 40, LONGEST, stops=True)),
    "road": lambda: _traced("KILL at every call of the road", lambda path: sweep.sweep(path, STRACE)),
    "start": lambda: _start(crashed=False),
    "restart": lambda: _start(crashed=True),
    "ext4": lambda: _cut("ext4"),
    "xfs": lambda: _cut("xfs"),
    "control": lambda: _cut("ext4", "libeatmydata.so", 3),
    "eio-once": lambda: _fails("fdatasync,fsync", "EIO", ever=False),
    "eio-ever": lambda: _fails("fdatasync,fsync", "EIO", ever=True),
    "write-eio": lambda: _fails("pwrite64", "EIO", ever=True),
    "full-reserve": lambda: apart("full", "ext4", "12M"),
    "full-ext4": lambda: apart("full", "ext4", "0"),
    "full-xfs": lambda: apart("full", "xfs", "0"),
    "full-tmpfs": lambda: apart("full", "tmpfs", "0"),
    "inodes": lambda: apart("inodes"),
    "read-only": lambda: apart("read-only"),
    "damage": lambda: _here(damage.damages),
    "clock": lambda: _here(lambda path: clocks.jumps(path, back=True)),
    "second": lambda: _here(lambda path: stops.doubles(path, 10)),
    "stop": lambda: _here(lambda path: stops.stops(path, 20)),
}


def main() -> None:
    """Make the proofs, all or those that are named."""
    names = sys.argv[1:] or list(PROOFS)
    if unknown := set(names) - set(PROOFS):
        sys.exit(f"no proof is called {', '.join(sorted(unknown))}; there are {', '.join(PROOFS)}")
    rows: list[Row] = []
    for name in names:
        began = time.monotonic()
        try:
            row = PROOFS[name]()
        except AssertionError as error:  # the daemon did what no row is for; the other proofs are made all the same
            row = Row(name, wrong=[str(error)])
        print(f"{name}: {row.verdict()} ({time.monotonic() - began:.0f} s)", *row.wrong, sep="\n  ", flush=True)
        rows.append(row)
    print(f"\n{table(rows)}")
    sys.exit(1 if any(row.wrong for row in rows) else 2 if any(row.skipped for row in rows) else 0)


if __name__ == "__main__":
    main()
