"""What pydantic finds wrong with what people typed, in plain words with the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "missing": "{name} is missing; fill it in",
    "string_too_long": "{name} has more than {max_length:,} characters; shorten it",
    "greater_than_equal": "{name} is {ge:,} or more; write such a number",
    "less_than_equal": "{name} is {le:,} or less; write such a number",
    "int_parsing": "{name} is a whole number; write one",
}


def unfit(name: str, error: Mapping[str, Any]) -> str:
    """One of its errors, about what is called `name`."""
    words = _WORDS.get(error["type"], "{name} cannot be so ({msg}); choose another")
    return words.format_map({**error.get("ctx", {}), "name": name, "msg": error["msg"]})
