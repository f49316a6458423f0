"""Text as it flows onto lines, with template expressions in it: what `plain_text` writes into.

Blanks and line ends are owed until something is shown after them, so none are doubled and none stand at the end. Where
a condition or a loop begins or ends they are written, so that a line begins in the same place whatever the values are.
Line ends right behind the beginning of one are written in front of it.
"""

from __future__ import annotations

import re
from enum import IntEnum

_OPENS = re.compile(r"\{+(?=[{%#]|\Z)|\[+(?=\[|\Z)")


class Owed(IntEnum):
    """What has to come before the next thing that is shown."""

    NOTHING = 0
    BLANK = 1
    CELL = 2
    LINE = 3
    PARAGRAPH = 4


_ON_A_LINE = {Owed.NOTHING: "", Owed.BLANK: " ", Owed.CELL: " | "}
_LINE_ENDS = {Owed.LINE: 1, Owed.PARAGRAPH: 2}


class Flow:
    """Text that grows."""

    def __init__(self) -> None:
        self.indent = 0
        """Blanks before a line."""
        self.marker = ""
        """Of a list's item, before its first text."""
        self._owed = Owed.NOTHING
        self._ends = 2  # line ends that stand there whatever the values are; as many as needed at the beginning
        self._before: list[int] = []  # the same, where the conditions and loops began that are open
        self._opened: list[str] = []  # beginnings of conditions and loops behind which nothing was shown yet
        self._done: list[str] = []
        self._literal: list[str] = []

    def owe(self, what: Owed) -> None:
        """At least this comes before what is shown next. Behind the mark of an item nothing does."""
        if not self.marker and what > self._owed and (what >= Owed.LINE or not self._ends):
            self._owed = what

    def line_break(self) -> None:
        """A new line; after a new line, an empty one."""
        self.owe(Owed.PARAGRAPH if self._owed is Owed.LINE else Owed.LINE)

    def text(self, text: str) -> None:
        """Show fixed text. What looks like a template in it is shown, not run."""
        self._pay()
        self._literal.append(text)

    def value(self, expression: str) -> None:
        """Show what an expression shows."""
        self._pay()
        self._put(expression)

    def block(self, word: str, expression: str) -> None:
        """A condition or a loop begins, goes on or ends."""
        if self.marker:
            self._pay()
        else:
            self._write_owed()
        if word in ("if", "for"):
            self._before.append(self._ends)
            self._opened.append(expression)
            return
        if self._before:
            before = self._before.pop() if word.startswith("end") else self._before[-1]
            self._ends = min(self._ends, before) if word.startswith("end") else before
        self._put(expression)

    def mark(self) -> int:
        """A place, for `since`."""
        if self._owed >= Owed.LINE or self._opened:
            self._write_owed()
        self._flush()
        return len(self._done)

    def since(self, mark: int) -> str:
        """What was written after a place, without blanks around it."""
        self._flush()
        return "".join(self._done[mark:]).strip()

    def whole(self) -> str:
        """All of it, with a line end; "" where there is nothing."""
        self._write_owed()
        self._flush()
        text = "".join(self._done).strip("\n ")
        return f"{text}\n" if text else ""

    def _pay(self) -> None:
        """Write what has to come before what is shown now."""
        self._write_owed()
        if self._ends:
            self._literal.append(" " * self.indent)
        if self.marker:
            self._literal.append(self.marker)
            self.indent += len(self.marker)
            self.marker = ""
        self._ends = 0

    def _write_owed(self) -> None:
        ends = _LINE_ENDS.get(self._owed, 0)
        if ends > self._ends:
            self._literal.append("\n" * (ends - self._ends))
            self._ends = ends
            opened = len(self._before) - len(self._opened)
            self._before[opened:] = [ends] * len(self._opened)
        if self._opened:
            self._put("".join(self._opened))
            self._opened.clear()
        self._literal.append(_ON_A_LINE.get(self._owed, ""))
        self._owed = Owed.NOTHING

    def _put(self, expression: str) -> None:
        self._flush()
        self._done.append(expression)

    def _flush(self) -> None:
        text = "".join(self._literal)
        self._literal.clear()
        if text:
            self._done.append(_OPENS.sub(lambda match: f'{{{{ "{match[0]}" }}}}', text))
