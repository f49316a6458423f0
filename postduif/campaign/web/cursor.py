"""Long lists in slices: each names where the next one begins, so that what is added meanwhile shifts nothing.

Ask the store for one row more than is shown, and give it to `slice_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, NamedTuple, TypeVar

from fastapi import Query, Request

Row = TypeVar("Row")
Cursor = Annotated[int, Query(ge=0, le=2**63 - 1)]
"""Of a list by number; 0: from its beginning."""


class Slice(NamedTuple, Generic[Row]):
    """What is shown at once."""

    rows: Sequence[Row]
    next: str
    """The address of the next slice; "" when there is none."""
    first: str
    """The address of the beginning; "" when this is it."""


def slice_of(
    request: Request, found: Sequence[Row], limit: int, key: Callable[[Row], object], name: str = "before"
) -> Slice[Row]:
    """The first `limit` rows, and the address of those after them: this one, with `name` set to the last row's key."""
    more = len(found) > limit
    rows = found[:limit]
    url = request.url
    ahead = url.include_query_params(**{name: str(key(rows[-1]))}) if more else None
    back = url.remove_query_params(name) if name in request.query_params else None
    return Slice(rows, _local(ahead.path, ahead.query) if ahead else "", _local(back.path, back.query) if back else "")


def _local(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path
