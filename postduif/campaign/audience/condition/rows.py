"""A condition as rows of a form: something that is known, a comparison, a value. Pure; `reading` knows the grammar.

Rows stand in groups. Within a group all must be true or any, and so between the groups. `text_of` writes the condition,
`rows_of` reads one back; a condition that says more than rows can is None, and stays a text.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import NamedTuple

from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.condition.reading import read
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.tree import (
    All,
    Among,
    AnyChild,
    Compare,
    Condition,
    Either,
    Empty,
    Field,
    Flag,
    Has,
    Moment,
    Not,
    Value,
)
from postduif.campaign.audience.condition.vocabulary import FLAGS, LISTS, Vocabulary

MAX_ROWS = 50
"""Of one form; a longer condition is written as text."""
ALL, ANY = "all", "any"


class Row(NamedTuple):
    """One row, as it is filled in."""

    field: str = ""
    """A name; of a child record COLLECTION.NAME; COLLECTION alone asks whether there is one."""
    sign: str = ""
    value: str = ""


class Group(NamedTuple):
    """Rows that belong together."""

    join: str
    """ALL of them, or ANY."""
    rows: tuple[Row, ...]


class Rows(NamedTuple):
    """A whole form."""

    join: str
    groups: tuple[Group, ...]


class Sign(NamedTuple):
    """A comparison that a row can make."""

    words: str
    kinds: frozenset[Kind]
    valued: bool = True
    """A value belongs to it."""
    of_dates: str = ""
    """The words for dates, where these are others."""


_ORDERED = frozenset({Kind.NUMBER, Kind.DATE})
_PLAIN = frozenset({Kind.TEXT, Kind.NUMBER, Kind.DATE})
_TEXT, _DATE, _LIST, _YES = (frozenset({kind}) for kind in (Kind.TEXT, Kind.DATE, Kind.LIST, Kind.BOOLEAN))
SIGNS: Mapping[str, Sign] = {
    "=": Sign("is", _PLAIN),
    "!=": Sign("is not", _PLAIN),
    "in": Sign("is one of", _PLAIN),
    "contains": Sign("contains", _TEXT),
    "starts": Sign("starts with", _TEXT),
    "ends": Sign("ends with", _TEXT),
    ">": Sign("is more than", _ORDERED, of_dates="is after"),
    ">=": Sign("is at least", _ORDERED, of_dates="is on or after"),
    "<": Sign("is less than", _ORDERED, of_dates="is before"),
    "<=": Sign("is at most", _ORDERED, of_dates="is on or before"),
    "last": Sign("in the last … days", _DATE),
    "ago": Sign("over … days ago", _DATE),
    "has": Sign("has", _LIST),
    "lacks": Sign("has not", _LIST),
    "yes": Sign("is so", _YES, valued=False),
    "no": Sign("is not so", _YES, valued=False),
    "empty": Sign("is not known", _PLAIN | _LIST, valued=False),
    "known": Sign("is known", _PLAIN | _LIST, valued=False),
}
_DAYS = re.compile(r"\d{1,5}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)
_MOMENT = re.compile(r"today(?:\s*[+-]\s*\d{1,5}[dwmy])*", re.ASCII | re.IGNORECASE)


def fields_of(words: Vocabulary) -> dict[str, Kind]:
    """What a row can be about, and the kind of it."""
    found = {name: one.kind for name, one in words.contacts.fields.items()}
    found |= dict.fromkeys(LISTS, Kind.LIST) | dict.fromkeys(FLAGS, Kind.BOOLEAN)
    for name, scope in words.children.items():
        found[name] = Kind.BOOLEAN
        found |= {f"{name}.{field}": one.kind for field, one in scope.fields.items()}
    return found


def text_of(rows: Rows, kinds: Mapping[str, Kind]) -> str:
    """The condition that the rows say; "" for none. Rows without a field are left out. Raises ConditionFault."""
    parts = []
    for group in rows.groups:
        said = [_written(row, kinds) for row in group.rows if row.field]
        if said:
            parts.append((f" {_word(group.join)} ".join(said), len(said) > 1 and group.join != rows.join))
    alone = len(parts) == 1
    return f" {_word(rows.join)} ".join(f"({text})" if mixed and not alone else text for text, mixed in parts)


def rows_of(condition: str) -> Rows | None:
    """The rows that say the same; None: rows cannot. Raises ConditionFault for what is no condition at all."""
    if not condition.strip():
        return Rows(ALL, (Group(ALL, (Row(),)),))
    found = read(condition)
    join = ANY if isinstance(found, Either) else ALL
    groups: list[Group] = []
    for part in found.conditions if isinstance(found, All | Either) else (found,):
        group = _group(part, join)
        if group is None:
            return None
        if groups and group.join == groups[-1].join == join:
            group = Group(join, (*groups.pop().rows, *group.rows))
        groups.append(group)
    return Rows(join, tuple(groups)) if sum(len(group.rows) for group in groups) <= MAX_ROWS else None


def _word(join: str) -> str:
    return "or" if join == ANY else "and"


def _written(row: Row, kinds: Mapping[str, Kind]) -> str:
    if row.field not in kinds or row.sign not in SIGNS:
        raise ConditionFault(f"a row is about {row.field!r}, which is not known; choose from the list", 0)
    sign, kind, value = SIGNS[row.sign], kinds[row.field], row.value.strip()
    if kind not in sign.kinds:
        fitting = ", ".join(one.words for one in SIGNS.values() if kind in one.kinds)
        raise ConditionFault(f"{row.field} is a {kind}, so it cannot be asked whether it {sign.words}: {fitting}", 0)
    if sign.valued and not value:
        raise ConditionFault(f"{row.field} {sign.words} what? Fill in a value, or take the row away", 0)
    collection, dot, name = row.field.partition(".")
    if not dot:
        one_of = f"any {row.field}" if kind is Kind.BOOLEAN and f"{row.field}.created" in kinds else row.field
        return _compared(one_of, row.sign, kind, value)
    return f"any {collection}({_compared(name, row.sign, kind, value)})"


def _compared(field: str, sign: str, kind: Kind, value: str) -> str:
    match sign:
        case "yes" | "no":
            return field if sign == "yes" else f"not {field}"
        case "empty" | "known":
            return f"{field} is {'' if sign == 'empty' else 'not '}empty"
        case "has" | "lacks":
            return f"{quoted(value)} {'' if sign == 'has' else 'not '}in {field}"
        case "last" | "ago":
            if not _DAYS.fullmatch(value):
                raise ConditionFault(f"{value!r} is no number of days; write one, as 30", 0)
            return f"{field} {'>=' if sign == 'last' else '<'} today - {value}d"
        case "in":
            values = [_value(field, kind, one.strip()) for one in value.split(",") if one.strip()]
            return f"{field} in ({', '.join(values)})"
        case "contains":
            return f"{field} contains {quoted(value)}"
        case "starts" | "ends":
            return f"{field} {sign} with {quoted(value)}"
    return f"{field} {sign} {_value(field, kind, value)}"


def _value(field: str, kind: Kind, text: str) -> str:
    if kind is Kind.NUMBER and not _NUMBER.fullmatch(text):
        raise ConditionFault(f"{field} is a number, and {text!r} is none; write it as 12.5", 0)
    if kind is Kind.DATE and not (_DAY.fullmatch(text) or _MOMENT.fullmatch(text)):
        raise ConditionFault(f"{field} is a date, and {text!r} is none; write 2026-01-31, today or today - 30d", 0)
    return quoted(text) if kind is Kind.TEXT else text


def quoted(text: str) -> str:
    """A text as a condition has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _group(found: Condition, outer: str) -> Group | None:
    join = ANY if isinstance(found, Either) else ALL if isinstance(found, All) else outer
    rows = [_row(one) for one in (found.conditions if isinstance(found, All | Either) else (found,))]
    return Group(join, tuple(row for row in rows if row)) if all(rows) else None


def _row(found: Condition) -> Row | None:
    match found:
        case AnyChild(collection, None):
            return Row(collection, "yes")
        case AnyChild(collection, inner):
            row = _row(inner) if inner else None
            return row and (row._replace(field=f"{collection}.{row.field}") if "." not in row.field else None)
        case Not(AnyChild(collection, None)):
            return Row(collection, "no")
        case Flag(Field(name)):
            return Row(name, "yes")
        case Not(Flag(Field(name))):
            return Row(name, "no")
        case Empty(Field(name, "")):
            return Row(name, "empty")
        case Not(Empty(Field(name, ""))):
            return Row(name, "known")
        case Has(word, Field(name)):
            return Row(name, "has", word)
        case Not(Has(word, Field(name))):
            return Row(name, "lacks", word)
        case Among(Field(name, ""), values):
            texts = [_plain(value) for value in values]
            return None if any("," in one for one in texts) else Row(name, "in", ", ".join(texts))
        case Compare(Field(name, ""), sign, value):
            return _of_compare(name, sign, value)
    return None


def _of_compare(name: str, sign: str, value: Value) -> Row | None:
    if isinstance(value, bool):
        return Row(name, "yes" if value == (sign == "=") else "no") if sign in ("=", "!=") else None
    if isinstance(value, Moment) and value.part:
        return None
    if isinstance(value, Moment) and value.days < 0 and not value.months and sign in (">=", "<"):
        return Row(name, "last" if sign == ">=" else "ago", str(-value.days))
    text = _plain(value)
    return Row(name, sign, text) if text.strip() == text and text else None


def _plain(value: Value) -> str:
    if isinstance(value, Moment):
        steps = ((value.months, "m"), (value.days, "d"))
        return "today" + "".join(f" {'+' if count > 0 else '-'} {abs(count)}{unit}" for count, unit in steps if count)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
