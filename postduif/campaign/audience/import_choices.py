"""What somebody says of a file that is to be taken in, as a form has it: texts, one for each question. Pure.

`options_of` makes of it what an import is told. A choice for a column is one of: LEFT_OUT, what `heading` knows, the
name of an attribute, or NEW and a kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from postduif.campaign.audience.attributes import MAX_NAME, RESERVED, Kind, name_of
from postduif.campaign.audience.heading import Column, HeadingFault, Wish
from postduif.campaign.audience.import_plan import Duplicates, Options
from postduif.campaign.audience.values import Conventions, DateOrder

LEFT_OUT = "-"
NEW = "new:"
"""Before the kind of an attribute that is to be declared."""


class Choices(NamedTuple):
    """Of one file. "" is found out, or not wanted."""

    columns: tuple[str, ...] = ()
    """For each column in turn; empty: as the headings seem to say."""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    comma: bool = False
    """12,5 is a number."""
    dates: str = DateOrder.ISO.value
    duplicates: str = Duplicates.UPDATE.value
    new: bool = True
    """Columns that nobody knows become attributes, unless `columns` says otherwise."""
    keep_invalid: bool = False
    collection: str = ""
    selection: str = ""
    project: str = ""
    role: str = ""
    subscribe: str = ""
    wording: str = ""
    source: str = ""


def options_of(choices: Choices, heading: Sequence[str]) -> Options:
    """What the import is told. Raises HeadingFault for a choice that nothing offers."""
    wishes = {str(place): _wish(one, heading, place) for place, one in enumerate(choices.columns[: len(heading)], 1)}
    try:
        conventions = Conventions("," if choices.comma else ".", DateOrder(choices.dates))
        duplicates = Duplicates(choices.duplicates)
    except ValueError as error:
        raise HeadingFault(f"{error}; choose from the list") from None
    return Options(
        wishes=wishes,
        conventions=conventions,
        duplicates=duplicates,
        new_attributes=choices.new and not choices.columns,
        keep_invalid=choices.keep_invalid,
        collection=choices.collection,
        selection=choices.selection.strip(),
        project=choices.project,
        role=choices.role.strip() if choices.project else "",
        subscribe=choices.subscribe,
        wording=choices.wording.strip() if choices.subscribe else "",
        source=choices.source.strip(),
    )


def chosen(columns: Sequence[Column]) -> tuple[str, ...]:
    """The choices that a plan amounts to."""
    return tuple(f"{NEW}{one.kind.value}" if one.new else one.to or LEFT_OUT for one in columns)


def _wish(choice: str, heading: Sequence[str], place: int) -> Wish:
    if choice in ("", LEFT_OUT):
        return Wish("", None)
    if not choice.startswith(NEW):
        return Wish(choice, None)
    kind = choice.removeprefix(NEW)
    name = name_of(heading[place - 1]) or f"column_{place}"
    if kind not in list(Kind):
        raise HeadingFault(f"{kind!r} is no kind of attribute; there are {', '.join(Kind)}")
    return Wish(name if name not in RESERVED else f"x_{name}"[:MAX_NAME], Kind(kind))
