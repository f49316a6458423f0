"""Suppression lists as CSV files, as spreadsheets write and read them; no cell is a formula (`spreadsheet`)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO

from postduif.bounce.suppression_rows import COLUMNS
from postduif.errors import PostduifError
from postduif.spreadsheet import guarded, unguarded

MAX_CELL = 1000
"""Characters of a cell that are read."""

_ADDRESS = ("address", "email", "e-mail", "email address", "recipient", "destination")


class NotAList(PostduifError):  # noqa: N818  the name says what is the case
    """The file has no column with addresses."""


def write(file: TextIO, rows: Iterable[Mapping[str, str]]) -> None:
    """Write the heading and all rows."""
    file.writelines(pieces(rows))


def pieces(rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """What `write` writes, a line at a time: for who sends it while it is read."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    for row in rows:
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([guarded(row[name]) for name in COLUMNS])
    yield buffer.getvalue()


def read(file: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows, by the names of `COLUMNS`.

    Commas and semicolons separate, as the first line does. A heading names the columns; without one, the first column
    has addresses. Other columns are skipped. Raises NotAList, also for what is no CSV.
    """
    first = file.readline(64 * 1024)
    delimiter = ";" if first.count(";") > first.count(",") else ","
    (heading,) = list(csv.reader([first], delimiter=delimiter)) or [[]]
    names = _names(heading)
    reader = csv.reader(_lines(first if names is None else "", file), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                pairs = zip(names or COLUMNS[:1], cells, strict=False)
                row = {name: unguarded(cell[:MAX_CELL].strip()) for name, cell in pairs if name}
                yield reader.line_num + (names is not None), row
    except (csv.Error, UnicodeDecodeError) as error:
        raise NotAList(f"line {reader.line_num + 1} cannot be read ({error}); save the file as CSV in UTF-8") from None


def _names(heading: list[str]) -> list[str] | None:
    """What each column is; None: there is no heading, and the first line is an address already."""
    names = [cell.strip().strip("\ufeff").lower() for cell in heading]
    if any(name in _ADDRESS for name in names):
        found = ["address" if name in _ADDRESS else name if name in COLUMNS else "" for name in names]
        return [name if name not in found[:number] else "" for number, name in enumerate(found)]
    if names and ("@" in names[0] or names[0].startswith("#")):
        return None
    raise NotAList(f'no column is called "address"; the first line should be {",".join(COLUMNS)}')


def _lines(first: str, file: TextIO) -> Iterator[str]:
    if first:
        yield first.lstrip("\ufeff")
    yield from file
