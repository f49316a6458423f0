"""Spreadsheets (xlsx, xlsm, xlsb, xls, ods), read by a process of their own with a limit on its memory.

`python-calamine` is fast because it reads a whole sheet into memory, and a hostile file of a few octets can claim a
sheet of ten thousand million cells. So it runs in a child that may use MEMORY and SECONDS, AT_ONCE of them at a time,
and rows come over a pipe; what does not fit is an error that says so, and our own memory holds one batch of rows.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from postduif.campaign.audience.excel_worker import MEMORY, SECONDS
from postduif.campaign.audience.sheet_fault import MAX_COLUMNS, SheetFault

MAX_LINE = 64 * 1024 * 1024
"""Characters of one batch from the child; more is no sheet of people."""
AT_ONCE = 2
PATIENCE = 10.0
"""Seconds to wait for a turn."""

_TURNS = threading.BoundedSemaphore(AT_ONCE)


class ExcelSheet:
    """One sheet of a workbook: the named one, or the first that is visible."""

    def __init__(self, path: Path, sheet: str = "") -> None:
        self._path = path
        self._name = sheet
        self._read = 0
        self._height = 1

    @property
    def described(self) -> str:
        """`spreadsheet, sheet Clients`; the name is known once a row was read."""
        return f"spreadsheet, sheet {self._name}" if self._name else "spreadsheet"

    @property
    def part(self) -> float:
        """How far the sheet has been read."""
        return min(1.0, self._read / self._height)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not empty. Raises SheetFault."""
        if "\0" in self._name:
            raise SheetFault(f"there is no sheet {self._name!r}")
        if not _TURNS.acquire(timeout=PATIENCE):
            raise SheetFault(f"{AT_ONCE} spreadsheets are being read already; try again when one is done")
        try:
            yield from self._rows()
        finally:
            _TURNS.release()

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        # -P: nothing is imported from the directory that we happen to be in
        command = [sys.executable, "-P", "-m", "postduif.campaign.audience.excel_worker", str(self._path), self._name]
        with subprocess.Popen(  # noqa: S603  our own module, and a path that is no option
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as child:
            assert child.stdout
            assert child.stderr
            try:
                head = child.stdout.readline(MAX_LINE)
                if head:
                    self._name, self._height = json.loads(head)
                    while batch := child.stdout.readline(MAX_LINE):
                        if not batch.endswith(b"\n"):
                            raise SheetFault(f"a row behind row {self._read} is too long; shorten its cells")
                        for number, cells in json.loads(batch):
                            self._read = number
                            if len(cells) > MAX_COLUMNS:
                                raise SheetFault(f"row {number} has {len(cells):,} cells; {MAX_COLUMNS:,} at most")
                            yield number, cells
                said = child.stderr.read(2000).decode("utf-8", "replace").strip()
                if status := child.wait():
                    raise SheetFault(f"{self._path} cannot be read: {_reason(status, said)}")
            finally:
                child.kill()


def _reason(status: int, said: str) -> str:
    if status == 1 and said:
        return said.splitlines()[-1]
    if status == -signal.SIGXCPU:
        return f"it takes more than {SECONDS} s to read; save the sheet as CSV"
    return f"it needs more than {MEMORY // 1024 // 1024} MB of memory; save the sheet as CSV"
