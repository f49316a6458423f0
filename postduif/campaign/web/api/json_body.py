"""JSON that came from anybody, judged before it is read by type: bounded, unambiguous, and storable as it is. Pure."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.shape import MAX_INTEGER
from postduif.mta.injection.reading import has_more

MAX_DEPTH = 30
MAX_VALUES = 100_000
"""Values of one body. A selection may get so many people at once."""
_DIGITS = 400


def judge(body: bytes) -> None:
    """Raises Problem: no JSON, or more, deeper or stranger than is taken."""
    if has_more(body, MAX_VALUES):
        raise Problem("too_large", f"more than {MAX_VALUES:,} values in one body")
    try:
        found = json.loads(
            body.decode(), parse_constant=_refuse, parse_int=_integer, object_pairs_hook=_object, parse_float=_float
        )
    except RecursionError:
        raise Problem("malformed", f"the JSON is deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise Problem("malformed", f"this is no JSON: {error}") from None
    _walk(found)


def _walk(found: Any) -> None:
    level = [found]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one
                below += one.values()
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str):
                _judge_text(one)
        if not below:
            return
        level = below
    raise Problem("malformed", f"the JSON is deeper than {MAX_DEPTH} levels")


def _judge_text(text: str) -> None:
    if "\0" in text:
        raise Problem("malformed", "there is a NUL in a text")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Problem("malformed", "there is half a character in a text")


def _integer(text: str) -> int:
    number = int(text) if len(text) < _DIGITS else MAX_INTEGER + 1
    if abs(number) > MAX_INTEGER:
        raise ValueError("a number is larger than any there can be")
    return number


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is larger than any there can be")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
