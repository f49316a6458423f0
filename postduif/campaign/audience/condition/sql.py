"""A condition as SQL: an expression over the row `contact`, and its parameters.

Two-valued: what is not known is not so. A field without a value is equal to nothing, so `!=` and `not` are true of it;
NULL never gets further than the comparison that it is in. A value is always a parameter; a name comes from the file's
own list of what is declared.
"""

# ruff: noqa: S608  statements are made of constants and checked names; values are parameters

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple

from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.condition.calendar import day_of, number_of
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
from postduif.campaign.audience.condition.vocabulary import (
    FLAGS,
    LISTS,
    Known,
    Scope,
    Vocabulary,
    known,
    listed,
    nearest,
)

_DAY = 86400.0
MAX_NESTED = 20
"""Selections within selections."""
MAX_COMPARISONS = 500
"""Of one condition, with those of the selections in it. SQLite takes 1,000 in a row."""
MAX_LEVELS = 25
"""Of them within each other. SQLite's parser takes some 40."""
MAX_PARAMETERS = 30_000
"""SQLite may be built for no more than 32,766."""


class Compiled(NamedTuple):
    """SQL, the values of its question marks, and whether it asks the suppression list (attached as `mta`)."""

    sql: str
    values: tuple[Any, ...]
    asks_suppression: bool = False


class Compiler:
    """For one moment: `today` is a day in UTC."""

    def __init__(self, words: Vocabulary, today: datetime.date) -> None:
        self._words = words
        self._today = today
        self._within: list[str] = []
        self._asks = False
        self._level = 0
        self._comparisons = 0
        self._parameters = 0

    def compile(self, condition: Condition) -> Compiled:
        """For contacts. Raises ConditionFault."""
        return self._compiled(self._any(condition, self._words.contacts))

    def compile_child(self, condition: Condition, collection: str) -> Compiled:
        """For child records, over the row `child`. Raises ConditionFault."""
        return self._compiled(self._any(condition, self._scope(collection, 0)))

    def selection(self, name: str, at: int = 0) -> Compiled:
        """For those in a selection. Raises ConditionFault."""
        return self._compiled(self._selection(name, at))

    def _compiled(self, found: tuple[str, list[Any]]) -> Compiled:
        self._comparisons = self._parameters = 0  # of each condition by itself
        sql, values = found
        return Compiled(sql, tuple(values), self._asks)

    def _any(self, condition: Condition, scope: Scope) -> tuple[str, list[Any]]:
        self._level += 1
        if self._level > MAX_LEVELS:
            raise ConditionFault(
                f"more than {MAX_LEVELS} levels within each other, those of its selections counted; make it flatter", 0
            )
        sql, values = self._part(condition, scope)
        self._level -= 1
        return sql, values

    def _part(self, condition: Condition, scope: Scope) -> tuple[str, list[Any]]:
        match condition:
            case All(parts):
                return self._joined(parts, " AND ", scope)
            case Either(parts):
                return self._joined(parts, " OR ", scope)
            case Not(inner):
                sql, values = self._any(inner, scope)
                return f"({sql}) IS NOT TRUE", values
            case AnyChild(collection, inner_, at):
                return self._child(collection, inner_, scope, at)
            case Has() | Flag() | Empty() | Among() | Compare():
                return self._counted(self._leaf(condition, scope))

    def _counted(self, found: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
        self._comparisons += 1
        self._parameters += len(found[1])
        if self._comparisons > MAX_COMPARISONS or self._parameters > MAX_PARAMETERS:
            raise ConditionFault(
                f"more than {MAX_COMPARISONS} comparisons or {MAX_PARAMETERS:,} values, those of its selections "
                "counted; write country in (...), or put these people into a static selection",
                0,
            )
        return found

    def _leaf(self, condition: Has | Flag | Empty | Among | Compare, scope: Scope) -> tuple[str, list[Any]]:
        match condition:
            case Has(word, field):
                return self._has(word, field, scope)
            case Flag(field):
                return self._flag(field, scope)
            case Empty(field):
                return f"{self._field(field, scope).sql} IS NULL", []
            case Among(field, listed):
                return self._among(field, listed, scope)
            case Compare():
                return self._compare(condition, scope)

    def _joined(self, parts: tuple[Condition, ...], word: str, scope: Scope) -> tuple[str, list[Any]]:
        found = [self._any(part, scope) for part in parts]
        return word.join(f"({sql})" for sql, _ in found), [value for _, values in found for value in values]

    def _field(self, field: Field, scope: Scope) -> Known:
        if not scope.collection and field.name in LISTS:
            raise ConditionFault(f'{field.name} is a list of names; ask: "..." in {field.name}', field.at)
        if not scope.collection and field.name in FLAGS:
            raise ConditionFault(f"{field.name} is true or not; write it alone, or behind not", field.at)
        found = known(scope, field.name, field.at)
        if not field.part:
            return found
        if found.kind is not Kind.DATE:
            raise ConditionFault(f"{field.name} is no date; {field.part}(...) is of a date", field.at)
        text = f"date({found.sql}, 'unixepoch')" if found.time else found.sql
        place = {"year": "1, 4", "month": "6, 2", "day": "9, 2"}[field.part]
        return Known(f"CAST(substr({text}, {place}) AS INTEGER)", Kind.NUMBER)

    def _compare(self, one: Compare, scope: Scope) -> tuple[str, list[Any]]:
        found = self._field(one.field, scope)
        if found.kind is Kind.LIST:
            raise ConditionFault(f'{one.field.name} is a list; ask: "..." in {one.field.name}', one.field.at)
        if one.sign in _MATCHES:
            if found.kind is not Kind.TEXT:
                raise ConditionFault(f"{one.field.name} is a {found.kind}, no text", one.field.at)
            return _MATCHES[one.sign](found.sql), [one.value] * (1 if one.sign == "contains" else 2)
        value = self._value(one.value, found, one.field)
        if found.time:
            return _day_compare(found.sql, one.sign, value)
        if value == "":
            sign = "IS" if one.sign == "=" else "IS NOT"
            return f"{found.sql} {sign} NULL", []
        sign = {"!=": "IS NOT"}.get(one.sign, one.sign)
        return f"{found.sql} {sign} ?", [value]

    def _among(self, field: Field, values: tuple[Value, ...], scope: Scope) -> tuple[str, list[Any]]:
        if self._field(field, scope).time:
            return self._joined(tuple(Compare(field, "=", value) for value in values), " OR ", scope)
        found = self._field(field, scope)
        if found.kind is Kind.LIST:
            raise ConditionFault(f'{field.name} is a list; ask: "..." in {field.name}', field.at)
        return f"{found.sql} IN ({', '.join('?' * len(values))})", [self._value(one, found, field) for one in values]

    def _value(self, value: Value, found: Known, field: Field) -> Any:
        """What SQLite is given. Raises ConditionFault when it is not of the field's kind."""
        if isinstance(value, Moment):
            value = number_of(value, self._today) if value.part else day_of(value, self._today, field.at)
        kinds = {Kind.TEXT: str, Kind.BOOLEAN: bool, Kind.DATE: datetime.date}
        wanted = kinds.get(found.kind, int | float)
        if not isinstance(value, wanted) or (found.kind is Kind.NUMBER and isinstance(value, bool)):
            example = _EXAMPLES[found.kind]
            raise ConditionFault(f"{field.name} is a {found.kind}; hold it against one, as {example}", field.at)
        if isinstance(value, datetime.date):
            return value if found.time else value.isoformat()
        return value.lower() if found.lower and isinstance(value, str) else value

    def _has(self, word: str, field: Field, scope: Scope) -> tuple[str, list[Any]]:
        if not scope.collection and field.name == "selections":
            return self._selection(word, field.at)
        if not scope.collection and field.name in LISTS:
            word = listed(self._words, field.name, word, field.at)
            if field.name == "subscriptions":
                self._asks = True
                return _SUBSCRIBED, [word, word, word]
            return _IN_LIST[field.name], [word]
        found = known(scope, field.name, field.at)
        if found.kind is not Kind.LIST:
            raise ConditionFault(f"{field.name} is no list; write {field.name} = ...", field.at)
        return f"instr(lower({found.sql}), lower(?)) > 0", [f"\n{word}\n"]

    def _flag(self, field: Field, scope: Scope) -> tuple[str, list[Any]]:
        if not scope.collection and field.name in FLAGS:
            self._asks |= field.name != "valid"
            return _FLAG[field.name], []
        found = known(scope, field.name, field.at)
        if found.kind is not Kind.BOOLEAN:
            raise ConditionFault(f"{field.name} is a {found.kind}; hold it against something", field.at)
        return f"{found.sql} = 1", []

    def _child(self, name: str, inner: Condition | None, scope: Scope, at: int) -> tuple[str, list[Any]]:
        if scope.collection:
            raise ConditionFault("child records have no child records of their own", at)
        below = self._scope(name, at)
        assert below.collection
        sql, values = self._any(inner, below) if inner else ("1", [])
        return f"contact.id IN (SELECT child.contact FROM {below.collection.table} child WHERE {sql})", values

    def _scope(self, name: str, at: int) -> Scope:
        if name not in self._words.children:
            near = nearest(name, tuple(self._words.children))
            raise ConditionFault(f"there are no child records {name!r}{near}", at)
        return self._words.children[name]

    def _selection(self, name: str, at: int) -> tuple[str, list[Any]]:
        found = self._words.selections.get(name.lower())
        if not found:
            near = nearest(name, tuple(one.name for one in self._words.selections.values()))
            raise ConditionFault(f"there is no selection {name!r}{near}", at)
        if found.kind == "static":
            return "contact.id IN (SELECT contact FROM selection_member WHERE selection = ?)", [found.id]
        if found.kind == "addresses":
            return "contact.subject IN (SELECT subject FROM selection_address WHERE selection = ?)", [found.id]
        if found.name in self._within or len(self._within) >= MAX_NESTED:
            ring = " -> ".join([*self._within, found.name])
            raise ConditionFault(f"selections within selections without end: {ring}", at)
        self._within.append(found.name)
        try:
            sql, values = self._any(read(found.condition), self._words.contacts)
        except ConditionFault as fault:
            if len(self._within) > 1 or at:
                raise ConditionFault(f"in the selection {found.name!r}: {fault}", at) from None
            raise
        finally:
            self._within.pop()
        return f"({sql})", values


def _day_compare(sql: str, sign: str, day: datetime.date) -> tuple[str, list[Any]]:
    """A moment in seconds against a whole day in UTC."""
    begin = datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp()
    if sign in ("=", "!="):
        denied = "NOT " if sign == "!=" else ""
        return f"{denied}({sql} >= ? AND {sql} < ?)", [begin, begin + _DAY]
    after = sign in (">", "<=")
    return f"{sql} {'>=' if sign[0] == '>' else '<'} ?", [begin + _DAY if after else begin]


_MATCHES: dict[str, Callable[[str], str]] = {
    "contains": lambda sql: f"instr(lower({sql}), lower(?)) > 0",
    "starts": lambda sql: f"substr(lower({sql}), 1, length(?)) = lower(?)",
    "ends": lambda sql: f"substr(lower({sql}), -length(?)) = lower(?)",
}
_EXAMPLES = {Kind.TEXT: '"a text"', Kind.NUMBER: "12.5", Kind.DATE: "2026-01-31 or today - 30d", Kind.BOOLEAN: "true"}

_REFUSED = "contact.subject IN (SELECT subject FROM mta.suppression WHERE "
_FLAG = {
    "valid": "contact.invalid = ''",
    "bounced": f"{_REFUSED}type = '' AND standing = 'quarantined')",
    "complained": f"{_REFUSED}cause = 'complaint')",
    "unsubscribed": f"{_REFUSED}cause = 'unsubscribe')",
    "suppressed": f"{_REFUSED}type = '' AND standing IN ('quarantined', 'suppressed'))",
}
_IN_LIST = {
    "sources": "contact.id IN (SELECT contact FROM origin WHERE source IN (SELECT id FROM source WHERE name = ?))",
    "projects": "contact.id IN (SELECT contact FROM project_member WHERE project IN "
    "(SELECT id FROM project WHERE name = ?))",
}
_SUBSCRIBED = (
    "(contact.id IN (SELECT s.contact FROM subscription s JOIN subscription_type t ON t.name = s.type "
    "WHERE s.type = ? AND (s.state = 'confirmed' OR NOT t.confirm)) "
    "OR EXISTS (SELECT 1 FROM subscription_type WHERE name = ? AND everybody)) "
    "AND contact.subject NOT IN (SELECT subject FROM mta.suppression "
    "WHERE type IN ('*', (SELECT name FROM subscription_type WHERE name = ?)))"
)
