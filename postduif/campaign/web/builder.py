"""The form that a condition is built with: its fields read, and what its buttons do to it. Pure.

Without scripts each button sends the whole form, and the page comes back with a row more or less. Fields are named by
their place: `field:GROUP:ROW`, `sign:GROUP:ROW`, `value:GROUP:ROW`, `join:GROUP`, and `join` between the groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from postduif.campaign.audience.attributes import Attribute, Kind
from postduif.campaign.audience.condition.rows import ALL, ANY, MAX_ROWS, SIGNS, Group, Row, Rows, rows_of, text_of
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.condition.vocabulary import FLAGS, LISTS, OF_CONTACTS

EMPTY = Group(ALL, (Row(),))


class Builder(NamedTuple):
    """The form, as it is filled in."""

    rows: Rows
    text: str
    as_text: bool
    """The text counts, not the rows."""

    def condition(self, kinds: Mapping[str, Kind]) -> str:
        """What it says; "" for nothing. Raises ConditionFault."""
        return self.text if self.as_text else text_of(self.rows, kinds)


def begun(condition: str) -> Builder:
    """The form for a condition that is there: rows, if they can say it."""
    try:
        rows = rows_of(condition)
    except ConditionFault:
        rows = None
    return Builder(rows or Rows(ALL, (EMPTY,)), condition, rows is None)


def read_form(posted: Mapping[str, str]) -> Builder:
    """As it was sent."""
    places: dict[int, set[int]] = {}
    for name in posted:
        what, _, place = name.partition(":")
        group, _, row = place.partition(":")
        if what == "field" and group.isdecimal() and row.isdecimal() and len(place) < 10:
            places.setdefault(int(group), set()).add(int(row))
    groups = tuple(_group(posted, group, sorted(rows)[:MAX_ROWS]) for group, rows in sorted(places.items())[:MAX_ROWS])
    rows = Rows(_join(posted.get("join")), groups or (EMPTY,))
    return Builder(rows, posted.get("text", ""), posted.get("mode") == "text")


def pressed(builder: Builder, do: str, kinds: Mapping[str, Kind]) -> Builder:
    """What a button makes of it. Raises ConditionFault when the other form cannot be made."""
    what, _, place = do.partition(":")
    if what == "text":
        return builder._replace(text=builder.condition(kinds), as_text=True)
    if what == "rows":
        rows = rows_of(builder.text)
        if rows is None:
            raise ConditionFault("this condition says more than rows can; it stays a text", 0)
        return builder._replace(rows=rows, as_text=False)
    groups = [list(group.rows) for group in builder.rows.groups]
    joins = [group.join for group in builder.rows.groups]
    if what == "group" and sum(map(len, groups)) < MAX_ROWS:
        groups.append([Row()])
        joins.append(ANY if builder.rows.join == ALL else ALL)
    if what in ("row", "drop"):
        _step(groups, what, place)
    fitting = [[_fitted(row, kinds) for row in rows] for rows in groups]
    left = tuple(Group(join, tuple(rows)) for join, rows in zip(joins, fitting, strict=True) if rows)
    return builder._replace(rows=builder.rows._replace(groups=left or (EMPTY,)))


def choices(known: Mapping[str, Attribute], children: Mapping[str, Mapping[str, Kind]]) -> list[tuple[str, list[str]]]:
    """What a row may be about, in groups with a title."""
    found = [("Person", list(OF_CONTACTS)), ("Attributes", list(known)), ("In or from", list(LISTS))]
    found.append(("State of the address", list(FLAGS)))
    found += [(name, [name, *(f"{name}.{field}" for field in fields)]) for name, fields in children.items()]
    return [(title, names) for title, names in found if names]


def signs_for(kind: Kind | None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Comparisons that fit that kind, and the others: a field that is chosen anew may need one of these."""
    dated = kind is Kind.DATE
    fits = [
        (sign, (dated and one.of_dates) or one.words)
        for sign, one in SIGNS.items()
        if kind is None or kind in one.kinds
    ]
    others = [(sign, one.words) for sign, one in SIGNS.items() if kind is not None and kind not in one.kinds]
    return fits, others


def _fitted(row: Row, kinds: Mapping[str, Kind]) -> Row:
    """A comparison that was of another field gives way to the first that fits."""
    kind = kinds.get(row.field)
    fits = row.sign not in SIGNS or kind is None or kind in SIGNS[row.sign].kinds
    return row if fits else row._replace(sign=next(sign for sign, one in SIGNS.items() if kind in one.kinds))


def _step(groups: list[list[Row]], what: str, place: str) -> None:
    first, _, second = place.partition(":")
    if not first.isdecimal() or int(first) >= len(groups):
        return
    group = groups[int(first)]
    if what == "row" and sum(map(len, groups)) < MAX_ROWS:
        group.append(Row())
    elif what == "drop" and second.isdecimal() and int(second) < len(group):
        del group[int(second)]


def _group(posted: Mapping[str, str], group: int, rows: list[int]) -> Group:
    made = tuple(
        Row(*(posted.get(f"{what}:{group}:{row}", "").strip() for what in ("field", "sign", "value"))) for row in rows
    )
    return Group(_join(posted.get(f"join:{group}")), made)


def _join(text: str | None) -> str:
    return ANY if text == ANY else ALL
