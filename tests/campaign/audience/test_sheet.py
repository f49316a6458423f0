"""Files of rows, whatever they are."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from postduif.campaign.audience import excel_rows
from postduif.campaign.audience.csv_rows import MAX_ROW, CsvSheet
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.sheet_fault import SheetFault
from tests.campaign.audience.workbook import write_raw, write_workbook

ROWS = [["e-mail", "naam"], ["a@example.com", "Zoë"], ["b@example.com", "x, y"]]


def written(directory: Path, text: str, encoding: str = "utf-8") -> Path:
    """A text file."""
    path = directory / "file.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rows(path: Path, encoding: str = "", delimiter: str = "", sheet: str = "") -> list[list[str]]:
    """Cells of every row."""
    return [cells for _, cells in open_sheet(path, encoding, delimiter, sheet).lines()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Encoding and delimiter are found out."""
    text = "\r\n".join(delimiter.join(f'"{cell}"' if "," in cell else cell for cell in row) for row in ROWS)
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    assert rows(written(tmp_path, mark + text, encoding)) == ROWS


def test_late_byte(tmp_path: Path) -> None:
    """A file is UTF-8 only if all of it is: what decides may come after megabytes of ASCII."""
    text = "e-mail,naam\n" + "a@example.com,Anna\n" * 100_000 + "b@example.com,Zoë Müller-Lüdenscheidt\n"
    found = CsvSheet(written(tmp_path, text, "cp1252"))
    assert found.encoding == "cp1252"
    *_, (number, cells) = found.lines()
    assert (number, cells) == (100_002, ["b@example.com", "Zoë Müller-Lüdenscheidt"])


def test_slow_to_sniff(tmp_path: Path) -> None:
    """Quotes without end, over which `csv.Sniffer` goes in squares, are judged in less than a second or two."""
    path = written(tmp_path, "email;name\n" + 'x\n"' * 100_000)
    before = time.process_time()
    assert CsvSheet(path).delimiter == ";"
    assert time.process_time() - before < 5


def test_tab_by_name(tmp_path: Path) -> None:
    """A tab, which is hard to type, has a name."""
    path = written(tmp_path, "a,b\tc\n")
    assert rows(path, delimiter="tab") == rows(path, delimiter="\\t") == [["a,b", "c"]]


def test_japanese(tmp_path: Path) -> None:
    """Shift JIS is found out from its words."""
    text = "メールアドレス,氏名,会社\n" + "a@example.jp,山田太郎,株式会社サンプル東京支店\n" * 50
    assert rows(written(tmp_path, text, "shift_jis"))[1] == ["a@example.jp", "山田太郎", "株式会社サンプル東京支店"]


def test_given(tmp_path: Path) -> None:
    """What is said of a file counts; octets that the encoding does not have are seen."""
    path = written(tmp_path, "a;b,c\nZoë;1,2\n", "cp1252")
    assert rows(path, delimiter=",") == [["a;b", "c"], ["Zoë;1", "2"]]
    assert rows(path, encoding="ascii", delimiter=";")[1][0] == "Zo\ufffd"


def test_lines(tmp_path: Path) -> None:
    """Rows have the number of their first line; empty ones are left out, line ends of any kind are read."""
    path = written(tmp_path, 'a,b\r\n\r\n,\r\n"x\r\ny",1\r\nz,2\r\n')
    assert list(open_sheet(path).lines()) == [(1, ["a", "b"]), (4, ["x\r\ny", "1"]), (6, ["z", "2"])]
    old = written(tmp_path, "a,b\rx,1\r")
    assert list(open_sheet(old).lines()) == [(1, ["a", "b"]), (2, ["x", "1"])]


def test_separator_said(tmp_path: Path) -> None:
    """Excel's own line about the separator is no row."""
    assert rows(written(tmp_path, "sep=;\r\na,x;b\r\n1,2;3\r\n")) == [["a,x", "b"], ["1,2", "3"]]


def test_one_column(tmp_path: Path) -> None:
    """A list of addresses is a file of one column."""
    assert rows(written(tmp_path, "a@example.com\nb@example.com\n")) == [["a@example.com"], ["b@example.com"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a," * 1001 + "\n", "1,000 at most"),
        ("x" * (MAX_ROW + 1), "more than 4,194,304 characters"),
        ('a\n"' + "x\n" * (MAX_ROW // 2 + 1), "look for a quote that is not closed"),
    ],
)
def test_too_much(tmp_path: Path, text: str, said: str) -> None:
    """A row that is no row ends the reading, in the memory of one."""
    path = written(tmp_path, text)
    with pytest.raises(SheetFault, match=said):
        rows(path, delimiter=",")


def test_faults(tmp_path: Path) -> None:
    """What is said of a file and cannot be is refused."""
    path = written(tmp_path, "a,b\n")
    for given, said in (
        ({"encoding": "latin-99"}, "is no encoding"),
        ({"encoding": "base64"}, "is no encoding"),
        ({"encoding": "undefined"}, "is no encoding"),
        ({"encoding": "idna"}, "is no encoding"),
        ({"encoding": "utf-16"}, "is not utf-16"),
        ({"encoding": "utf-32"}, "is not utf-32"),
        ({"delimiter": "::"}, "is no delimiter"),
        ({"sheet": "x"}, "has no sheets"),
    ):
        with pytest.raises(SheetFault, match=said):
            open_sheet(path, **given)
    with pytest.raises(SheetFault, match="No such file"):
        open_sheet(tmp_path / "absent.csv")


def test_workbook(tmp_path: Path) -> None:
    """The first visible sheet is read, or the named one; cells are what a person would type."""
    path = write_workbook(
        tmp_path / "people.xlsx",
        {
            "Notes": [["nothing"]],
            "People": [
                ["e-mail", "born", "n", "x", "ok"],
                ["a@example.com", ("date", 45000), 12, 0.5, True],
                [],
                ["b"],
            ],
        },
        hidden=["Notes"],
    )
    sheet = open_sheet(path)
    assert list(sheet.lines()) == [
        (1, ["e-mail", "born", "n", "x", "ok"]),
        (2, ["a@example.com", "2023-03-15", "12", "0.5", "true"]),
        (4, ["b", "", "", "", ""]),
    ]
    assert (sheet.part, sheet.described) == (1.0, "spreadsheet, sheet People")
    assert rows(path, sheet="Notes") == [["nothing"]]
    with pytest.raises(SheetFault, match="there is no sheet 'X'; there are Notes, People"):
        rows(path, sheet="X")


def test_the_reader_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When memory is used up the kernel ends whoever reads a spreadsheet, and nobody else; one more waits, not long."""
    monkeypatch.setattr(excel_rows, "_TURNS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(excel_rows, "PATIENCE", 0.01)
    path = write_workbook(tmp_path / "people.xlsx", {"S": [["x" * 100]] * 3000})
    lines = open_sheet(path).lines()
    next(lines)
    children = "".join(one.read_text() for one in Path("/proc/self/task").glob("*/children")).split()
    scores = [Path(f"/proc/{pid}/oom_score_adj").read_text() for pid in children]
    assert "1000\n" in scores
    with pytest.raises(SheetFault, match="try again"):
        rows(path)
    del lines
    assert len(rows(path)) == 3000


def test_hostile_workbook(tmp_path: Path) -> None:
    """A file of a few octets that claims ten thousand million cells is an error, and takes none of our memory."""
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = write_raw(tmp_path / "big.xlsx", {"S": f"<sheetData>{cells}</sheetData>"})
    with pytest.raises(SheetFault, match="save the sheet as CSV"):
        rows(path)


def test_strange_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lies in the directory that somebody is in, none of it is run."""
    path = write_workbook(tmp_path / "people.xlsx", {"S": [["a"]]})
    (tmp_path / "python_calamine.py").write_text("raise SystemExit('this was run')")
    monkeypatch.chdir(tmp_path)
    assert rows(path) == [["a"]]


def test_huge_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of cells as long as Excel allows come in short lines; a row that has no room in a line is an error."""
    monkeypatch.setattr(excel_rows, "MAX_LINE", 2 * 1024 * 1024)
    long = "x" * 32_767
    path = write_workbook(tmp_path / "long.xlsx", {"S": [[long] * 5 for _ in range(30)]})
    found = rows(path)
    assert (len(found), {cell for row in found for cell in row}) == (30, {long})
    monkeypatch.setattr(excel_rows, "MAX_LINE", 100_000)
    with pytest.raises(SheetFault, match="a row behind row 0 is too long; shorten its cells"):
        rows(path)


def test_broken_workbook(tmp_path: Path) -> None:
    """A zip that is no workbook is said to be none."""
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"x" * 100)
    with pytest.raises(SheetFault, match="cannot be read"):
        rows(path)
