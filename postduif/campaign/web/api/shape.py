"""What calls and answers look like, as far as all of them have it in common.

Fields that a shape does not have are refused, so nobody sets what is not theirs to set. Nothing is guessed: a number is
no text, and "true" is not true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from postduif.campaign.web.cursor import slice_of

T = TypeVar("T")
Row = TypeVar("Row")
MAX_INTEGER = 2**63 - 1
MOST_LISTED = 1000


class Shape(BaseModel):
    """Of a JSON object."""

    model_config = ConfigDict(extra="forbid", strict=True, from_attributes=True, hide_input_in_errors=True)


def rfc3339(at: float) -> str:
    """2026-11-22T14:05:06.789Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _at(value: object) -> object:
    return value.timestamp() if isinstance(value, datetime) else value


Moment = Annotated[
    float,
    BeforeValidator(_at),
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Seconds since the epoch with us, RFC 3339 in UTC for others."""
Line = Annotated[str, StringConstraints(max_length=1000)]
"""A text of one line."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[int, Path(ge=1, le=MAX_INTEGER)]
"""In an address."""
Id = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
Before = Annotated[int, Query(ge=0, le=MAX_INTEGER, description="Only those before this one: the cursor of `next`.")]
After = Annotated[int, Query(ge=0, le=MAX_INTEGER, description="Only those behind this one: the cursor of `next`.")]
AfterText = Annotated[str, Query(max_length=1000, description="Only what is behind it: the cursor of `next`.")]
Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="At most so many.")]
Filter = Annotated[str, Query(max_length=1000)]
CSV: dict[int | str, dict[str, Any]] = {200: {"description": "A CSV file", "content": {"text/csv": {}}}}
"""What an export answers."""


class Page(Shape, Generic[T]):
    """A part of a list."""

    items: list[T]
    next: str | None = Field(description="The address of the part behind this one; null: there is none.")


def paged(
    request: Request,
    found: Sequence[Row],
    limit: int,
    key: Callable[[Row], object],
    name: str,
    shape: Callable[[Row], T],
) -> Page[T]:
    """The first `limit` of what was found, which is one more if there are more."""
    part = slice_of(request, found, limit, key, name)
    return Page(items=[shape(row) for row in part.rows], next=part.next or None)
