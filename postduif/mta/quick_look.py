"""Does a text hold one of a few literals? Rust's regular expressions, which pydantic brings, say it with SIMD.

For 10 KB that takes 3 us where `in` or `find` over bytes take 10 to 20: every line end is half a match to them.
"""

from __future__ import annotations

from collections.abc import Callable

from pydantic_core import SchemaValidator, core_schema


def looks_for(pattern: str) -> Callable[[str], bool]:
    """A function that says whether the pattern (of Rust's regex) is in a text; octets are given as latin-1."""
    return SchemaValidator(core_schema.str_schema(pattern=pattern)).isinstance_python
