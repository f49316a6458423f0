"""`python -m postduif.campaign.audience.excel_worker FILE [SHEET]`: the child that reads a spreadsheet.

Writes lines of JSON: the name and height of the sheet, then batches of [row number, texts]. Ends with status 1 and a
reason on standard error; with a signal when its memory is used up.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from postduif.memory_order import FIRST, go_before_others
from postduif.processor_order import LAST, stand_back

MEMORY = 2048 * 1024 * 1024
"""Octets of address space; a sheet of 100,000 rows of ten cells takes some 100 MB."""
SECONDS = 120
"""Of processor time; a million rows of ten cells take some twenty."""
BATCH = 500
"""Rows of one line, at most."""
MOST = 1024 * 1024
"""Characters of one line, unless a single row has more."""


class NoSheet(Exception):  # noqa: N818  the name says what is the case
    """There is none of that name, or none at all."""


def write_rows(path: str, name: str, out: TextIO) -> None:
    """Read one sheet and write its rows."""
    with CalamineWorkbook.from_path(path) as workbook:
        visible = [
            one.name
            for one in workbook.sheets_metadata
            if one.visible is SheetVisibleEnum.Visible and one.typ is SheetTypeEnum.WorkSheet
        ]
        if (name and name not in workbook.sheet_names) or not visible:
            raise NoSheet(f"there is no sheet {name!r}; there are {', '.join(workbook.sheet_names) or 'none'}")
        sheet = workbook.get_sheet_by_name(name or visible[0])
        first = sheet.start[0] if sheet.start else 0
        out.write(json.dumps([sheet.name, first + sheet.height]) + "\n")
        rows = (
            (number, [text_of(cell) for cell in cells]) for number, cells in enumerate(sheet.iter_rows(), first + 1)
        )
        out.writelines(json.dumps(batch) + "\n" for batch in _batches(rows))


def _batches(rows: Iterable[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows that are not empty, so many together that a line stays short."""
    batch, size = [], 0
    for row in rows:
        if any(row[1]):
            batch.append(row)
            size += sum(map(len, row[1]))
        if len(batch) >= BATCH or size >= MOST:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def text_of(cell: object) -> str:
    """What a person would type: 12, 12.5, 2026-01-31, true."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ") if cell.time() != datetime.time() else cell.date().isoformat()
    return str(cell)


def main() -> None:
    """Read what the command line names."""
    go_before_others(FIRST)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    stand_back(LAST)
    try:
        write_rows(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "", sys.stdout)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except (NoSheet, CalamineError, OSError, MemoryError) as error:
        sys.exit(str(error) or "it needs more memory than there is; save the sheet as CSV")


if __name__ == "__main__":
    main()
