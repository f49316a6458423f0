"""Excel files for tests, written by hand: a workbook is a zip of XML."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DATE_STYLE = '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]], hidden: Sequence[str] = ()) -> Path:
    """Write sheets of rows: texts, numbers, booleans; `("date", 45000)` is a day by its number."""
    sheet_xml = {name: f"<sheetData>{''.join(map(_row, rows))}</sheetData>" for name, rows in sheets.items()}
    return write_raw(path, sheet_xml, hidden)


def write_raw(path: Path, sheets: Mapping[str, str], hidden: Sequence[str] = ()) -> Path:
    """Write sheets given as XML."""
    numbered = list(enumerate(sheets.items(), 1))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for number, _ in numbered
        )
        file.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_TYPES}"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
            f"{overrides}</Types>",
        )
        file.writestr("_rels/.rels", _relations([("r1", "officeDocument", "xl/workbook.xml")]))
        entries = "".join(
            f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"'
            f"{' state=' + chr(34) + 'hidden' + chr(34) if name in hidden else ''}/>"
            for number, (name, _) in numbered
        )
        book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{entries}</sheets></workbook>'
        file.writestr("xl/workbook.xml", book)
        targets = [(f"r{number}", "worksheet", f"worksheets/sheet{number}.xml") for number, _ in numbered]
        file.writestr("xl/_rels/workbook.xml.rels", _relations([*targets, ("rs", "styles", "styles.xml")]))
        file.writestr("xl/styles.xml", f'<styleSheet xmlns="{_MAIN}">{_DATE_STYLE}</styleSheet>')
        for number, (_, xml) in numbered:
            sheet = f'<worksheet xmlns="{_MAIN}">{xml}</worksheet>'
            file.writestr(f"xl/worksheets/sheet{number}.xml", sheet)
    return path


def _relations(entries: Sequence[tuple[str, str, str]]) -> str:
    inner = "".join(f'<Relationship Id="{id_}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for id_, kind, to in entries)
    return f'<Relationships xmlns="{_RELATIONS}">{inner}</Relationships>'


def _row(cells: Sequence[object]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, tuple):
        return f'<c s="1"><v>{value[1]}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
