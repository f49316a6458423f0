"""What a recipient's values are, and how they are read: text, numbers, yes or no, and lists of these or of rows.

They come from JSON, so each may be of any of its kinds; what is missing counts as empty text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from postduif.errors import MergeError

MAX_VALUE = 100_000  # characters of one text that a template makes
MAX_TEXTS = 1_000_000  # characters of up to 64 values that stand between two conditions
MAX_ROWS = 50_000  # of a list
MAX_BITS = 1_000  # of a whole number, some 300 digits: Python writes out 4,300 digits at most

CONTROLS = re.compile(r"\r\n|[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What may not come from a value: each becomes a space."""

Scope = Mapping[str, object]
"""The values of one recipient by dotted name, and what loops have added."""


def shown(value: object) -> str:
    """A value as text. Raises MergeError for a list, a row, and a number past MAX_BITS."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and value.bit_length() <= MAX_BITS):
        return str(value)
    if isinstance(value, int):
        raise MergeError("a number has more digits than can be shown")
    raise MergeError(f"a value is {type(value).__name__}, where text or a number belongs")


def blank(value: object) -> bool:
    """There is nothing to be seen of it. 0 and false are not blank."""
    return value is None or value in ("", [], ()) or (isinstance(value, str) and not value.strip())


def rows(value: object) -> Sequence[object]:
    """A value as a list; what is missing is an empty one. Raises MergeError for anything else, and past MAX_ROWS."""
    if isinstance(value, list | tuple):
        if len(value) > MAX_ROWS:
            raise MergeError(f"a list has more than {MAX_ROWS:,} rows")
        return value
    if value is None or value == "":
        return ()
    raise MergeError(f"a value is {type(value).__name__}, where a list belongs")


def joined(values: Sequence[object]) -> str:
    """Values as texts with a line feed between; one within a value becomes a space.

    Raises MergeError for what is no text, and past MAX_TEXTS together.
    """
    try:
        if sum(map(len, values)) <= MAX_TEXTS:  # type: ignore[arg-type]  # no length, or no text: caught below
            together = "\n".join(values)  # type: ignore[arg-type]
            if together.count("\n") < len(values):
                return together
    except TypeError:
        pass
    shown_values = [CONTROLS.sub(" ", shown(value)) for value in values]
    if sum(map(len, shown_values)) > MAX_TEXTS:
        raise MergeError(f"the values together are longer than {MAX_TEXTS:,} characters")
    return "\n".join(shown_values)
