"""CSV files as people have them: any encoding, any delimiter, in memory of one row.

UTF-8 is believed when the whole file is valid UTF-8; else `charset-normalizer` judges a sample around the first octet
that is not. The delimiter is what `csv.Sniffer` finds, if the first line has it; else what the first line has most of.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from charset_normalizer import from_bytes

from postduif.campaign.audience.sheet_fault import MAX_COLUMNS, SheetFault

SAMPLE = 64 * 1024
"""Octets that are looked at to judge the encoding."""
SNIFFED = 4 * 1024
"""Characters to judge the delimiter by: the time that `csv.Sniffer` may take grows with their square."""
BLOCK = 1024 * 1024
MAX_ROW = 4 * 1024 * 1024
"""Characters of one row."""
DELIMITERS = ",;\t|"
_TABS = {"tab": "\t", "\\t": "\t"}
_TOGETHER = re.compile(rb"[\x80-\xff]{2}")
_SAID = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class CsvSheet:
    """A CSV file. Octets that the encoding does not have become U+FFFD, which no value may have."""

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "") -> None:
        """Judges encoding and delimiter, unless they are given. Raises SheetFault."""
        self._path = path
        self._size = max(1, path.stat().st_size)
        self._file: IO[bytes] | None = None
        self.encoding = _known(encoding) if encoding else _encoding(path)
        try:
            with path.open(encoding=self.encoding, errors="replace", newline="") as file:
                sample = file.read(SNIFFED)
        except UnicodeError as error:  # UTF-16 and UTF-32 have to say in which order their octets are
            raise SheetFault(f"{path} is not {encoding} ({error}); say utf-16-le, or another encoding") from None
        self._said = _SAID.match(sample)  # Excel's own hint, in a line before the heading
        self.delimiter = _TABS.get(delimiter, delimiter) or (self._said[1] if self._said else _delimiter(sample))
        if len(self.delimiter) != 1 or not self.delimiter.isascii() or self.delimiter in '"\r\n':
            raise SheetFault(f"{delimiter!r} is no delimiter; write one character, as ; or , or tab")

    @property
    def described(self) -> str:
        """`CSV, utf-8, separated by ;`."""
        return f"CSV, {self.encoding}, separated by {'tabs' if self.delimiter == chr(9) else self.delimiter}"

    @property
    def part(self) -> float:
        """How far the file has been read."""
        return min(1.0, self._file.tell() / self._size) if self._file and not self._file.closed else 1.0

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not empty. Raises SheetFault."""
        with self._path.open("rb") as self._file:
            text = io.TextIOWrapper(self._file, self.encoding, errors="replace", newline="")
            held = _Held(text)
            reader = csv.reader(held, delimiter=self.delimiter)
            number = 1
            try:
                for cells in reader:
                    held.characters = 0
                    if any(cells) and not (number == 1 and cells[0].lower() == "sep=" and self._said):
                        if len(cells) > MAX_COLUMNS:
                            raise SheetFault(f"line {number} has {len(cells):,} cells; {MAX_COLUMNS:,} at most")
                        yield number, cells
                    number = reader.line_num + 1
            except csv.Error as error:
                remedy = "look for a quote that is not closed"
                raise SheetFault(f"line {number} cannot be read ({error}); {remedy}") from None


class _Held:
    """Lines of a file, as long as they do not become a row that is too long to be one."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.characters = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MAX_ROW):
            self.characters += len(line)
            if self.characters >= MAX_ROW:
                raise csv.Error(f"a row of more than {MAX_ROW:,} characters")
            yield line


def _known(encoding: str) -> str:
    """The name of an encoding of texts that can go on behind what it does not have. Raises SheetFault."""
    try:
        io.TextIOWrapper(io.BytesIO(b"a"), encoding, errors="replace").read()
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):  # ValueError: it holds a NUL
        raise SheetFault(f"{encoding!r} is no encoding; write one as utf-8, cp1252 or shift_jis") from None


def _encoding(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = b""
    with path.open("rb") as file:
        first = file.read(BLOCK)
        for mark, name in _MARKS:
            if first.startswith(mark):
                return name
        block = first
        while block:
            if b"\0" in block:
                return _guess(first[:SAMPLE])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                sample = (before + block)[max(0, len(before) + error.start - SAMPLE // 2) :][:SAMPLE]
                return _guess(sample)
            before = block[-SAMPLE:]
            block = file.read(BLOCK)
    return "utf-8"


def _guess(sample: bytes) -> str:
    """Of octets that are no UTF-8; Windows' western encoding when nothing else is plausible.

    Letters of other scripts come in words; octets that all stand alone are accents of western words.
    """
    if b"\0" not in sample and not _TOGETHER.search(sample):
        return "cp1252"
    best = from_bytes(sample).best()
    name = best.encoding if best else "cp1252"
    return "cp1252" if name in ("ascii", "latin_1", "cp1250", "cp1257", "iso8859_15") else name


def _delimiter(sample: str) -> str:
    heading = sample.partition("\n")[0]
    whole_lines = sample[: sample.rfind("\n") + 1] or sample
    try:
        found = csv.Sniffer().sniff(whole_lines, DELIMITERS).delimiter
    except csv.Error:
        found = ""
    if found and found in heading:
        return found
    return max(DELIMITERS, key=heading.count)
