"""A condition, read: from text to tree. It knows the grammar and nothing of which attributes there are.

    condition  = all ("or" all)*            all = one ("and" one)*          one = "not" one | simple
    simple     = "(" condition ")" | "any" NAME ["(" condition ")"] | value "in" field | field rest | flag
    rest       = sign value | ["not"] "in" "(" value ("," value)* ")" | "is" ["not"] ("empty" | value)
               | ("contains" | "starts" "with" | "ends" "with") text
    field      = NAME | ("year" | "month" | "day") "(" NAME ")"
    value      = text | number | date | "true" | "false" | "today" [("+" | "-") SPAN], a span as 30d 2w 6m 1y

"and" binds closer than "or", "not" closest. Words of the language are the same in capitals.
"""

from __future__ import annotations

import datetime
import re

from postduif.campaign.audience.condition.tokens import ConditionFault, Token, tokens
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
from postduif.campaign.audience.values import plain_number

MAX_DEPTH = 40
"""Of brackets, nots and anys within each other."""
MAX_VALUES = 1000
"""Within one `in (...)`."""

SIGNS = ("=", "!=", "<", "<=", ">", ">=")
PARTS = ("year", "month", "day")
_LANGUAGE = "and or not in any is empty contains starts ends with true false today"
_WORDS = frozenset(_LANGUAGE.split())
_SPAN = re.compile(r"(\d+)([dwmy])")


def read(text: str) -> Condition:
    """The tree of a condition. Raises ConditionFault, which says where and what could stand there."""
    reader = _Reader(list(tokens(text)))
    found = reader.either()
    if reader.next.kind != "end":
        raise ConditionFault(f"{reader.next.text!r} comes too late here; and? or?", reader.next.at)
    return found


class _Reader:
    """Walks over the tokens once, from left to right."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._place = 0
        self._depth = 0

    @property
    def next(self) -> Token:
        return self._tokens[self._place]

    def either(self) -> Condition:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self) -> Condition:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionFault(f"more than {MAX_DEPTH} levels of brackets; put parts into selections", self.next.at)
        try:
            return Not(self._one()) if self._took("not") else self._simple()
        finally:
            self._depth -= 1

    def _simple(self) -> Condition:
        if self._took("("):
            found = self.either()
            self._need(")")
            return found
        if self._took("any"):
            return self._child()
        if self.next.kind in ("text", "number"):
            return self._word_in()
        return self._about(self._field())

    def _child(self) -> Condition:
        name = self._name("a kind of child records, as in: any orders(total > 100)")
        if not self._took("("):
            return AnyChild(name.text.lower(), None, name.at)
        if self._took(")"):
            return AnyChild(name.text.lower(), None, name.at)
        condition = self.either()
        self._need(")")
        return AnyChild(name.text.lower(), condition, name.at)

    def _word_in(self) -> Condition:
        word = self._take()
        denied = self._took("not")
        self._need("in", 'in, as in: "vip" in tags')
        has = Has(word.text, self._field())
        return Not(has) if denied else has

    def _about(self, field: Field) -> Condition:
        if self.next.kind == "sign" and self.next.text in SIGNS:
            return Compare(field, self._take().text, self._value())
        if self._took("is"):
            denied = self._took("not")
            found: Condition = Empty(field) if self._took("empty") else Compare(field, "=", self._value())
            return Not(found) if denied else found
        if self._took("contains"):
            return Compare(field, "contains", self._text())
        for word in ("starts", "ends"):
            if self._took(word):
                self._need("with")
                return Compare(field, word, self._text())
        if self._word_is("not"):
            self._take()
            self._need("in", "in, as in: country not in (...)")
            return Not(Among(field, self._values()))
        if self._took("in"):
            return Among(field, self._values())
        if field.part:
            raise ConditionFault(f"{field.part}(...) of what? compare it, as in: {field.part}(born) = 1", field.at)
        return Flag(field)

    def _field(self) -> Field:
        name = self._name("something that is known of people")
        if name.text.lower() in PARTS and self._took("("):
            inner = self._name("a date")
            self._need(")")
            return Field(inner.text.lower(), name.text.lower(), name.at)
        return Field(name.text.lower(), "", name.at)

    def _name(self, what: str) -> Token:
        if self.next.kind != "word" or self.next.text.lower() in _WORDS:
            raise ConditionFault(f"here should be {what}{self._instead()}", self.next.at)
        return self._take()

    def _values(self) -> tuple[Value, ...]:
        self._need("(")
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        self._need(")")
        if len(values) > MAX_VALUES:
            raise ConditionFault(f"more than {MAX_VALUES:,} values; put these people into a selection", self.next.at)
        return tuple(values)

    def _text(self) -> str:
        if self.next.kind not in ("text", "number"):
            raise ConditionFault(f"here should be a text in quotes{self._instead()}", self.next.at)
        return self._take().text

    def _value(self) -> Value:
        negative = self._took("-")
        token = self.next
        if token.kind == "number":
            return plain_number(float(self._take().text) * (-1 if negative else 1))
        word = token.text.lower() if token.kind == "word" else ""
        if not negative and token.kind == "text":
            return self._take().text
        if not negative and token.kind == "date":
            return _date(self._take())
        if not negative and word in ("true", "false"):
            return self._take().text.lower() == "true"
        if not negative and (word == "today" or word in PARTS):
            return self._moment()
        raise ConditionFault(f"here should be a value: a text in quotes, a number, a date{self._instead()}", token.at)

    def _moment(self) -> Moment:
        part = self._take().text.lower()
        if part in PARTS:
            self._need("(")
            self._need("today", "today; what is known of people stands to the left")
        days = months = 0
        while self.next.kind == "sign" and self.next.text in ("+", "-"):
            direction = 1 if self._take().text == "+" else -1
            match = _SPAN.fullmatch(self.next.text) if self.next.kind == "span" else None
            if not match or len(match[1]) > 5:
                raise ConditionFault(f"here should be a time, as 30d, 2w, 6m or 1y{self._instead()}", self.next.at)
            self._take()
            count = direction * int(match[1])
            days += count * {"d": 1, "w": 7}.get(match[2], 0)
            months += count * {"m": 1, "y": 12}.get(match[2], 0)
        if part == "today":
            return Moment(days, months)
        self._need(")")
        return Moment(days, months, part)

    def _word_is(self, word: str) -> bool:
        return self.next.kind in ("word", "sign") and self.next.text.lower() == word

    def _took(self, word: str) -> bool:
        if self._word_is(word):
            self._place += 1
            return True
        return False

    def _take(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _need(self, word: str, said: str = "") -> None:
        if not self._took(word):
            raise ConditionFault(f"here should be {said or word}{self._instead()}", self.next.at)

    def _instead(self) -> str:
        return ", and the condition ends" if self.next.kind == "end" else f", not {self.next.text[:40]!r}"


def _date(token: Token) -> datetime.date:
    year, month, day = map(int, token.text.split("-"))
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise ConditionFault(f"{token.text} is no day of the calendar", token.at) from None
