"""The suppression list in many requests: read to its end, and a file taken in, however long each is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from postduif.bounce.address_state import Cause
from postduif.bounce.suppression_rows import COLUMNS
from postduif.errors import PostduifError

PAGE = 1000
"""Entries of one request."""
SHOWN = 100
"""Characters of an address that cannot be taken."""


class Ask(Protocol):
    """Says what an action of `suppression_operations` says."""

    def __call__(self, do: str, **request: Any) -> Any:
        """Raises PostduifError."""
        ...


class TakenIn(NamedTuple):
    """What came of an import."""

    lines: int
    changed: int
    problems: list[tuple[int, str]]
    """Lines that could not be taken, and why."""
    stopped: str = ""
    """Why it was not read to its end; what came before is on the list."""


def entries(ask: Ask, wanted: Mapping[str, str], limit: int = PAGE) -> Iterator[dict[str, Any]]:
    """All that are wanted, `limit` a request at most; whoever has enough goes away."""
    after: object = None
    while True:
        page = ask("suppress.list", wanted=wanted, after=after, limit=min(limit, PAGE))
        yield from page["entries"]
        if (after := page["next"]) is None:
            return


def lines_of(found: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Entries as an export writes them."""
    return ({name: str(one["since"] if name == "at" else one[name]) for name in COLUMNS} for one in found)


def take_in(ask: Ask, rows: Iterator[tuple[int, dict[str, str]]], *, cause: str, reason: str, name: str) -> TakenIn:
    """Enter the rows of a file that is called `name`; `cause` and `reason` are of those that say none.

    Raises PostduifError when nothing of it was entered.
    """
    taken = TakenIn(0, 0, [])
    try:
        while chunk := list(itertools.islice(rows, PAGE // 2)):
            found = ask("suppress.enter", rows=[_completed(row, cause, reason, name) for _, row in chunk])
            for number, text in found["problems"]:
                line, row = chunk[number]
                taken.problems.append((line, f"{row.get('address', '')[:SHOWN]!r}: {text}"))
            taken = TakenIn(taken.lines + len(chunk), taken.changed + found["changed"], taken.problems)
    except PostduifError as error:
        if not taken.lines:
            raise
        return taken._replace(stopped=str(error))
    return taken


def _completed(row: dict[str, str], cause: str, reason: str, name: str) -> dict[str, str]:
    """A line with what it leaves out. What a host said is reason enough, but for an entry by hand."""
    named = row.get("cause") or ("erased" if row.get("address", "").startswith("#") else cause)
    said = row.get("evidence") and named.lower() != Cause.MANUAL.value
    return {**row, "cause": named, "reason": row.get("reason") or reason or ("" if said else f"imported from {name}")}
