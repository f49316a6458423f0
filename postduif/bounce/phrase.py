"""Texts as rules see them: words in small letters without accents, and the phrases that are looked for in them.

Punctuation, spaces and line ends say nothing, but that no phrase goes from one sentence into the next. An address is
one word, `@`, so that no local part is taken for a word of the reply. Chinese and Japanese characters are each a word
of their own, as no space parts them there.

A phrase is words that follow one another. `(full|over quota)` is a choice, `(is|)` may be left out, `..` stands for at
most MAX_GAP words. It becomes one regular expression without nested repetition: linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

MAX_GAP = 5
"""Words that `..` may stand for."""

_END = "."
"""Between two sentences, among words; no gap goes over it."""
_MARK = "\x01"
_ENDS = tuple(f"{sign}{space}" for sign in ".;!?" for space in " \n")
_OF_ADDRESS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&*+-/=?^_`|~"
_ASCII = {code: chr(code).lower() if chr(code).isalnum() or chr(code) == "@" else " " for code in range(128)}
_ASCII[ord(_MARK)] = _END
_APART = "\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f"
_WORD = re.compile(rf"[^\W_{_APART}]+|[{_APART}@{_END}]")
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "\u0131": "i", "ß": "ss", "æ": "ae", "œ": "oe"})
"""Letters that are no letter with an accent for Unicode, and are for those who leave accents out."""
_ACCENT = re.compile("[\u0300-\u036f]")
_PIECE = re.compile(r"\(([^()]*)\)|(\.\.)|([^()]+?)(?=\(|\.\.|$)")

Choice = tuple[tuple[str, ...], ...]
"""The alternatives of one place in a phrase, each as words. One alternative: it stands there as it is."""
GAP: Choice = ()


def words(text: str) -> list[str]:
    """The words of a text, in linear time."""
    if "@" in text:
        text = _without_addresses(text)
    text = text.replace("...", " ")
    for end in _ENDS:
        text = text.replace(end, f" {_MARK} ")
    if text.isascii():
        return text.translate(_ASCII).split()
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", text)).lower().translate(_PLAIN)
    return _WORD.findall(plain.replace(_END, " ").replace(_MARK, _END).replace("。", _END))


def _without_addresses(text: str) -> str:
    """With `@` alone for each address, without the rules of RFC 5322: what looks like a part of it goes with it."""
    before, *others = text.split("@")
    kept = [before]
    for other in others:
        kept[-1] = kept[-1].rstrip(_OF_ADDRESS)
        kept.append(other.lstrip(_OF_ADDRESS))
    return " @ ".join(kept)


class Phrase(NamedTuple):
    """What a rule looks for in a text of words, written ` word word `."""

    written: str
    parts: tuple[Choice, ...]
    pattern: re.Pattern[str]

    @classmethod
    def read(cls, written: str) -> Phrase:
        """From its written form. ValueError when it is no phrase."""
        parts = tuple(_parts(written))
        if not any(part and all(part) for part in parts):
            raise ValueError(f'"{written}" says nothing')
        return cls(written, parts, re.compile(" " + "".join(map(_expression, parts))))

    def fits(self, text: str) -> bool:
        """Whether it is in the text."""
        return self.pattern.search(text) is not None

    @property
    def words(self) -> set[str]:
        """Every word in it."""
        return {word for part in self.parts for alternative in part for word in alternative}


def _parts(written: str) -> list[Choice]:
    parts: list[Choice] = []
    if _PIECE.sub("", written):
        raise ValueError(f'"{written}" has a parenthesis too many')
    for choice, gap, plain in _PIECE.findall(written):
        if gap:
            parts.append(GAP)
        elif plain:
            parts += [(plain_words,)] if (plain_words := tuple(words(plain))) else []
        else:
            parts.append(tuple(tuple(words(one)) for one in choice.split("|")))
    return parts


def _expression(part: Choice) -> str:
    if part == GAP:
        return rf"(?:[^ {_END}]+ ){{0,{MAX_GAP}}}?"
    alternatives = ["".join(f"{re.escape(word)} " for word in alternative) for alternative in part]
    return alternatives[0] if len(part) == 1 else f"(?:{'|'.join(alternatives)})"
