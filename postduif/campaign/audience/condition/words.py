"""A condition in plain words, so that who wrote it can see whether it says what they meant."""

from __future__ import annotations

import datetime

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

_SIGNS = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "contains": "contains",
    "starts": "starts with",
    "ends": "ends with",
}
_DATE_SIGNS = _SIGNS | {"<": "is before", "<=": "is on or before", ">": "is after", ">=": "is on or after"}
_FLAGS = {
    "valid": "their address is one",
    "bounced": "their mail comes back",
    "complained": "they complained",
    "unsubscribed": "they unsubscribed from something",
    "suppressed": "their address takes no mail at all",
}
_LISTS = {
    "sources": "they came from {}",
    "selections": "they are in the selection {}",
    "projects": "they are in the project {}",
    "subscriptions": "they get mail of the type {}",
}


def said(condition: Condition) -> str:
    """One sentence; brackets where it could be read in two ways."""
    match condition:
        case All(parts):
            return " and ".join(_bracketed(part, Either) for part in parts)
        case Either(parts):
            return " or ".join(_bracketed(part, All) for part in parts)
        case Not(inner):
            return f"it is not so that {_bracketed(inner, All, Either)}"
        case AnyChild(collection, None):
            return f"there is one of their {collection}"
        case AnyChild(collection, inner_):
            assert inner_
            return f"there is one of their {collection} of which {_bracketed(inner_, All, Either)}"
        case Has(word, field):
            return _LISTS.get(field.name, f"{{}} is in {field.name}").format(f'"{word}"')
        case Flag(field):
            return _FLAGS.get(field.name, f"{field.name} is yes")
        case Empty(field):
            return f"{_field(field)} is not known"
        case Among(field, values):
            return f"{_field(field)} is one of {', '.join(map(_value, values))}"
        case Compare(field, sign, value):
            dated = isinstance(value, datetime.date) or (isinstance(value, Moment) and not value.part)
            return f"{_field(field)} {(_DATE_SIGNS if dated else _SIGNS)[sign]} {_value(value)}"


def _bracketed(condition: Condition, *kinds: type) -> str:
    return f"({said(condition)})" if isinstance(condition, kinds) else said(condition)


def _field(field: Field) -> str:
    return f"the {field.part} of {field.name}" if field.part else field.name


def _value(value: Value) -> str:
    if isinstance(value, Moment):
        return f"the {value.part} of {_moment(value)}" if value.part else _moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _moment(moment: Moment) -> str:
    years = moment.months % 12 == 0
    counted = ((moment.months // 12, "year") if years else (moment.months, "month"), (moment.days, "day"))
    steps = [(abs(count), unit, count > 0) for count, unit in counted if count]
    text = "today"
    for count, unit, later in steps:
        text = f"{count} {unit}{'' if count == 1 else 's'} {'after' if later else 'before'} {text}"
    return text
