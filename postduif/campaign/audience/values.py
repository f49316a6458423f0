"""What people write, as a value of a kind; and a stored value as people read it. Pure.

A number has a decimal point, or a comma when the file is said to have one; no thousands separators: "1.234" is never
guessed at. A date is YYYY-MM-DD, or in the order that the file is said to have.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from postduif.campaign.audience.attributes import Kind

MAX_WHOLE = 2.0**53
MAX_TEXT = 10_000
"""Characters of one value."""

Stored = str | int | float | None
"""A value as it is on file; None is empty."""
Shown = str | int | float | bool | tuple[str, ...] | None
"""A value as templates and JSON have it."""


class DateOrder(StrEnum):
    """In which order a file writes a date."""

    ISO = "ymd"
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class Conventions(NamedTuple):
    """How a file writes what can be written in several ways."""

    decimal: str = "."
    dates: DateOrder = DateOrder.ISO


class ValueFault(ValueError):  # noqa: N818  the name says what is the case
    """This is no value of that kind; the text says why and what would be one."""


_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ].*)?", re.ASCII)
_ORDERED = re.compile(r"(\d\d?)[-/. ](\d\d?)[-/. ](\d{4})(?: .*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,2})?", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff]")
_YES = "1 true yes y on x t ja j oui o si sí sì s sim tak verdadero vero vrai wahr waar はい 是"
_NO = "0 false no n off f nee nein non não nao nie falso faux falsch onwaar いいえ 否"
_TRUE, _FALSE = frozenset(_YES.split()), frozenset(_NO.split())


def read(kind: Kind, text: str, conventions: Conventions = Conventions()) -> Stored:  # noqa: B008  frozen
    """The value to store; None for nothing but spaces. Raises ValueFault."""
    text = text.strip()
    if not text:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _READ[kind](text, conventions)


def shown(kind: Kind, value: Stored) -> Shown:
    """As templates have it: a list is a list, a boolean true or false, a date YYYY-MM-DD."""
    if kind is Kind.LIST:
        return items(value)
    if value is None:
        return None
    return bool(value) if kind is Kind.BOOLEAN else value


def written(kind: Kind, value: Stored) -> str:
    """As it stands in a cell; `read` takes it back."""
    if value is None:
        return ""
    if kind is Kind.LIST:
        return "; ".join(items(value))
    if kind is Kind.BOOLEAN:
        return "yes" if value else "no"
    return str(value)


@lru_cache(maxsize=4096)  # the same few lists come again and again
def items(value: Stored) -> tuple[str, ...]:
    """What is in a stored list."""
    return tuple(str(value)[1:-1].split("\n")) if value else ()


def plain_number(number: float) -> int | float:
    """A whole number without a point, if it is one that SQLite stores exactly."""
    return int(number) if number.is_integer() and abs(number) < MAX_WHOLE else number


def stored_list(words: list[str]) -> Stored:
    """A list as it is stored: each word once, none empty."""
    kept = [word for word in dict.fromkeys(" ".join(word.split()) for word in words) if word]
    return "\n" + "\n".join(kept) + "\n" if kept else None


def _text(text: str, _: Conventions) -> Stored:
    if len(text) <= MAX_TEXT and text.isprintable() and "\ufffd" not in text:
        return text
    if len(text) > MAX_TEXT:
        raise ValueFault(f"has {len(text):,} characters; {MAX_TEXT:,} at most")
    if _UNPRINTABLE.search(text):
        raise ValueFault("has characters that cannot be read; save the file as UTF-8, or name its --encoding")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _number(text: str, conventions: Conventions) -> Stored:
    plain = text.replace(conventions.decimal, ".") if conventions.decimal not in ("", ".") else text
    if not _NUMBER.fullmatch(plain) or (conventions.decimal != "." and "." in text):
        example = f"1234{conventions.decimal}5"
        raise ValueFault(f"{text[:40]!r} is no number; write it as {example}, or say --decimal-comma")
    return plain_number(float(plain))


def _date(text: str, conventions: Conventions) -> Stored:
    try:
        if match := _ISO.fullmatch(text):
            return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        if conventions.dates is not DateOrder.ISO and (match := _ORDERED.fullmatch(text)):
            first, second, year = int(match[1]), int(match[2]), int(match[3])
            day, month = (first, second) if conventions.dates is DateOrder.DAY_FIRST else (second, first)
            return datetime.date(year, month, day).isoformat()
    except ValueError:
        pass
    raise ValueFault(f"{text[:40]!r} is no date; write it as 2026-01-31, or say --dates dmy or mdy")


def _boolean(text: str, _: Conventions) -> Stored:
    word = text.casefold()
    if word in _TRUE:
        return 1
    if word in _FALSE:
        return 0
    raise ValueFault(f"{text[:40]!r} is neither yes nor no")


def _list(text: str, conventions: Conventions) -> Stored:
    checked = str(_text(text, conventions))
    return stored_list(re.split(r"[;|\n]", checked) if re.search(r"[;|\n]", checked) else checked.split(","))


_READ: dict[Kind, Callable[[str, Conventions], Stored]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.BOOLEAN: _boolean,
    Kind.LIST: _list,
}
