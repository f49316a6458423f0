"""A source with its template expressions, and where its lines end: what readers of HTML and of text have in common."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Sequence

from postduif.campaign.content.expressions import MASK, Span, masked, spans

_MASKED = re.compile(rf"{MASK}+")


class Source:
    """A template. Every place in `masked` is the same place in `text`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = spans(text)
        self.masked = masked(text, self.spans)
        self._starts = [span.start for span in self.spans]
        self._line_ends = [match.start() for match in re.finditer("\n", text)]

    def line(self, at: int) -> int:
        """The line of a place, from 1."""
        return bisect_left(self._line_ends, at) + 1

    def within(self, start: int, end: int) -> Sequence[Span]:
        """The expressions that begin between two places."""
        return self.spans[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def decoded(self, start: int, end: int) -> str:
        """Part of the text with character references as what they stand for; expressions as they are."""
        shown, at = [], start
        for match in _MASKED.finditer(self.masked, start, end):
            shown += [html.unescape(self.text[at : match.start()]), self.text[match.start() : match.end()]]
            at = match.end()
        return "".join([*shown, html.unescape(self.text[at:end])])
