"""What a proof found: one row of the table that `make crash` ends with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

HEADINGS = ("fault", "cycles", "acknowledged", "lost", "second copies", "bound", "verdict")


@dataclass(slots=True)
class Row:
    """One fault. `wrong` says what did not hold; empty is a proof."""

    fault: str
    cycles: int = 0
    acknowledged: int = 0
    lost: int = 0
    again: int = 0
    bound: int = 0
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Figures beside those of the table."""
    good: str = "holds"
    """The verdict when nothing is wrong."""
    skipped: str = ""
    """Why it was not tried."""

    def check(self, holds: object, otherwise: str) -> None:
        """Something that must be so."""
        if not holds:
            self.wrong.append(otherwise)

    def verdict(self) -> str:
        """In a word."""
        return f"not tried: {self.skipped}" if self.skipped else "WRONG" if self.wrong else self.good

    def cells(self) -> Sequence[str]:
        """As text, in the order of the headings."""
        figures = (self.cycles, self.acknowledged, self.lost, self.again, self.bound)
        return self.fault, *(f"{figure:,}" for figure in figures), self.verdict()


def table(rows: Iterable[Row]) -> str:
    """In the form of the manual's tables, with what did not hold, and other figures, below it."""
    rows = list(rows)
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    ruled = [lines[0], ["-" * width for width in widths], *lines[1:]]
    text = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in ruled]
    text += ["", *(f"{row.fault}: {note}" for row in rows for note in row.notes)]
    text += [f"WRONG: {row.fault}: {one}" for row in rows for one in row.wrong]
    return "\n".join(text)
