"""The filters that templates have, and no others. Each is a pure function from a value to a value.

None makes more than MAX_VALUE characters of anything, none knows a clock, a locale or a file. What a filter cannot
read (a date that is none, a number that is text) it gives back as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import quote

from postduif.errors import MergeError
from postduif.mta.merge.names import Kind
from postduif.mta.merge.value import MAX_VALUE, blank, rows, shown

_CODE = re.compile(r"%(-?[dmHMSj]|[yY%])")
_MAX_FORM = 200  # characters of how a date is to be shown
_MAX_DIGITS = 30
_MAX_DECIMALS = 6


class Filter(NamedTuple):
    """A filter and what it is used with."""

    call: Callable[..., object]
    takes: Kind
    fewest: int
    """Arguments beside the value."""
    most: int


def within(text: str) -> str:
    """The text, if it is not too long. Raises MergeError."""
    if len(text) > MAX_VALUE:
        raise MergeError(f"a text is longer than {MAX_VALUE:,} characters")
    return text


def _default(value: object, other: object) -> object:
    return other if blank(value) else value


def _truncate(value: object, length: object, end: object = "…") -> str:
    """At most so many characters, `end` among them, cut between words where that costs less than half."""
    text, tail, most = shown(value), shown(end), _count(length)
    if len(text) <= most:
        return text
    room = max(0, most - len(tail))
    head = text[: room + 1].rpartition(" ")[0]
    return (head.rstrip() if len(head) * 2 >= room else text[:room]) + tail[:most]


def _replace(value: object, old: object, new: object) -> str:
    text, gone, instead = shown(value), shown(old), shown(new)
    if not gone:
        return text
    if len(text) + text.count(gone) * len(instead) > MAX_VALUE:
        raise MergeError(f"replace makes a text longer than {MAX_VALUE:,} characters")
    return text.replace(gone, instead)


def _number(value: object, decimals: object = 0, thousands: object = "", point: object = ".") -> str:
    """1234.5 | number(2, ".", ",") is 1.234,50. Half goes to even."""
    text = shown(value)
    try:
        number = Decimal(text)
        if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS:
            return text
    except InvalidOperation:
        return text
    digits = f"{number:,.{min(_count(decimals), _MAX_DECIMALS)}f}"
    return within(digits.replace(",", "\0").replace(".", shown(point)).replace("\0", shown(thousands)))


def _date(value: object, form: object) -> str:
    """A date or time as JSON has it (ISO 8601) in a form of %d %m %Y %y %H %M %S %j; %-d and so on without zeros."""
    text, wanted = shown(value), shown(form)
    if len(wanted) > _MAX_FORM:
        raise MergeError(f"the form of a date is longer than {_MAX_FORM} characters")
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return text

    def part(code: re.Match[str]) -> str:
        if code[1] == "Y":
            return f"{at.year:04}"  # strftime leaves the zeros out
        digits = at.strftime(f"%{code[1].lstrip('-')}")
        return (digits.lstrip("0") or "0") if code[1].startswith("-") else digits

    return _CODE.sub(part, wanted)


def _join(value: object, between: object = "") -> str:
    texts = [shown(one) for one in rows(value)]
    if sum(map(len, texts)) + len(texts) * len(shown(between)) > MAX_VALUE:
        raise MergeError(f"join makes a text longer than {MAX_VALUE:,} characters")
    return shown(between).join(texts)


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise MergeError(f"{value!r} is not a number of characters")
    return value


def _text(change: Callable[[str], str]) -> Callable[[object], str]:
    return lambda value: within(change(within(shown(value))))


FILTERS = {
    "capitalize": Filter(_text(str.capitalize), Kind.VALUE, 0, 0),
    "date": Filter(_date, Kind.VALUE, 1, 1),
    "default": Filter(_default, Kind.VALUE, 1, 1),
    "first": Filter(lambda value: next(iter(rows(value)), ""), Kind.LIST, 0, 0),
    "join": Filter(_join, Kind.LIST, 0, 1),
    "last": Filter(lambda value: next(reversed(rows(value)), ""), Kind.LIST, 0, 0),
    "length": Filter(lambda value: len(rows(value)), Kind.LIST, 0, 0),
    "lower": Filter(_text(str.lower), Kind.VALUE, 0, 0),
    "number": Filter(_number, Kind.VALUE, 0, 3),
    "replace": Filter(_replace, Kind.VALUE, 2, 2),
    "title": Filter(_text(str.title), Kind.VALUE, 0, 0),
    "trim": Filter(_text(str.strip), Kind.VALUE, 0, 0),
    "truncate": Filter(_truncate, Kind.VALUE, 1, 2),
    "upper": Filter(_text(str.upper), Kind.VALUE, 0, 0),
    "urlencode": Filter(_text(lambda text: quote(text, safe="")), Kind.VALUE, 0, 0),
}
LINES = "lines"
"""Keeps the lines of a value. Not in the table: it is the last one of an expression, and `steps` does it."""
