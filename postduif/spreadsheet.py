"""Cells that a spreadsheet would carry out.

A spreadsheet takes a cell that begins with = + - @, a tab or a return for a formula. Addresses may begin so, and what
others have said may, too. So what we write has an apostrophe before such a cell, and what we read loses it again.
"""

from __future__ import annotations

import re

_BEGINS = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"  # the last four are = + - @ as East Asian keyboards have them
_FORMULA = re.compile(rf"'*{_BEGINS}")
_GUARDED = re.compile(rf"'+{_BEGINS}")


def guarded(cell: str) -> str:
    """A cell that no spreadsheet carries out."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell
