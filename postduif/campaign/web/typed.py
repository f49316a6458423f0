"""What people type into a field of a form, and how much of it may be.

A bound that is written on the field is judged before the page runs, and answered by a page of its own: what was typed
is gone. So `Typed` has none, but that of a request, and `at_most` is asked where the page catches its other faults.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Form

from postduif.errors import PostduifError

Typed = Annotated[str, Form()]
"""The whole text."""


class TooLong(PostduifError):  # noqa: N818  the name says what is the case
    """More characters than the field takes; the text says how many it takes."""


def at_most(most: int, **fields: str) -> None:
    """Judge fields, by what the page calls them. Raises TooLong for the first that has more characters."""
    for label, text in fields.items():
        if len(text) > most:
            raise TooLong(f"{label}: {len(text):,} characters are too many. Shorten it to {most:,}.")
