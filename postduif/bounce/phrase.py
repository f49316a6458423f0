"""Texts as rules see them: words in small letters without accents, and the phrases that are looked for in them.

Punctuation, spaces and line ends say nothing; addresses are left out, so that no local part is taken for a word of the
reply. Chinese, Japanese and Korean characters are each a word of their own, as no space parts them there.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import NamedTuple

GAP = ".."
MAX_GAP = 6
"""Words that a gap in a phrase may stand for."""

_APART = "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f"
_WORD = re.compile(rf"[^\W_{_APART}]+|[{_APART}]")
_ENDS = r"""\s<>()\[\]{}:;,"'"""
_ADDRESS = re.compile(rf"(?<![^{_ENDS}])[^{_ENDS}@]*+@[^{_ENDS}]*+")
_ACCENT = re.compile("[\u0300-\u036f]")
_CHOICE = re.compile(r"\(([^()]*)\)")


def words(text: str) -> list[str]:
    """The words of a text, in linear time. Addresses are one word, `@`, that no phrase has."""
    if not text.isascii():
        text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    if "@" in text:
        text = _ADDRESS.sub(" ", text)
    return _WORD.findall(text.lower())


class Phrase(NamedTuple):
    """Words that follow one another, with gaps of at most MAX_GAP words where the rule has `..`."""

    parts: tuple[str, ...]
    """The words between the gaps, each part as ` word word `."""
    pattern: re.Pattern[str] | None
    """Set when there is a gap."""

    @classmethod
    def read(cls, text: str) -> Phrase:
        """From its written form without choices."""
        parts = tuple(f" {' '.join(words(part))} " for part in text.split(GAP))
        if len(parts) == 1:
            return cls(parts, None)
        gap = rf"(?:\S+ ){{0,{MAX_GAP}}}?"
        return cls(parts, re.compile(" " + gap.join(re.escape(part[1:]) for part in parts)))

    def fits(self, text: str) -> bool:
        """Whether it is in a text of words, written ` word word `."""
        return self.pattern.search(text) is not None if self.pattern else self.parts[0] in text

    @property
    def words(self) -> tuple[str, ...]:
        """All its words, in order."""
        return tuple(word for part in self.parts for word in part.split())

    def __str__(self) -> str:
        """As it may be written in a rule."""
        return f" {GAP} ".join(part.strip() for part in self.parts)


def expand(text: str) -> list[Phrase]:
    """All phrases that one with choices stands for: `box (is|) full` is `box is full` and `box full`."""
    pieces = _CHOICE.split(text)
    choices = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    return [Phrase.read("".join(chosen)) for chosen in itertools.product(*choices)]
