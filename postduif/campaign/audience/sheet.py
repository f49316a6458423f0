"""A file of rows, whatever it is: CSV in any encoding, Excel, LibreOffice. All cells are texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from postduif.campaign.audience.csv_rows import CsvSheet
from postduif.campaign.audience.excel_rows import ExcelSheet
from postduif.campaign.audience.sheet_fault import SheetFault

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Sheet(Protocol):
    """A file of rows."""

    @property
    def described(self) -> str:
        """What it was taken for: format, encoding, delimiter, sheet."""
        ...

    @property
    def part(self) -> float:
        """How far it has been read, 0 to 1."""
        ...

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not empty, with the number of its first line, from 1; from the beginning each time.

        Raises SheetFault.
        """
        ...


def open_sheet(path: Path, encoding: str = "", delimiter: str = "", sheet: str = "") -> Sheet:
    """Look at a file and say what it is, unless that is given. Raises SheetFault."""
    try:
        with path.open("rb") as file:
            begin = file.read(len(_OLE))
    except OSError as error:
        raise SheetFault(f"{path} cannot be read: {error.strerror}") from None
    if begin.startswith(_ZIP) or begin == _OLE:
        return ExcelSheet(path, sheet)
    if sheet:
        raise SheetFault(f"{path} is a text file and has no sheets; leave out the name of one")
    return CsvSheet(path, encoding, delimiter)
