"""What pydantic finds wrong, in plain words: the place, the problem, the remedy.

The remedy follows the last "; " of a text, so that a table can show it in a column of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

from postduif.config.describe import Heading, Setting, headings
from postduif.config.lines import KeyPath
from postduif.config.units import quoted


class Fault(NamedTuple):
    """One thing that is wrong with the settings: where, and `problem; remedy`."""

    path: KeyPath
    text: str


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, if any is."""
    return next(iter(difflib.get_close_matches(name.replace("-", "_").lower(), list(known), 1)), None)


def translate(errors: Sequence[ErrorDetails]) -> list[Fault]:
    """One fault for each error."""
    known = headings()
    return [Fault(error["loc"], _text(error, known)) for error in errors]


def _text(error: ErrorDetails, known: dict[str, Heading]) -> str:
    path, value = error["loc"], error["input"]
    heading = known.get(str(path[0]))
    if heading is None:
        return _unknown_section(str(path[0]), value, known)
    setting = next((heading.settings[step] for step in path[1:] if step in heading.settings), None)
    if setting is None:
        return _wrong_section(heading, path, value, known)
    return _wrong_value(error, setting)


def _unknown_section(name: str, value: Any, known: dict[str, Heading]) -> str:
    if isinstance(value, dict | list):
        near = nearest(name, known)
        return "no such section; " + (f"did you mean {known[near]}?" if near else f"there are {_all(known.values())}")
    homes = [str(heading) for heading in known.values() if name in heading.settings]
    if homes:
        return f"stands before any section; write it below {' or '.join(homes)}"
    near = nearest(name, (setting for heading in known.values() for setting in heading.settings))
    remedy = f'did you mean "{near}"? It stands below a section' if near else "settings stand below a [section]"
    return f"no such setting; {remedy}"


def _wrong_section(heading: Heading, path: KeyPath, value: Any, known: dict[str, Heading]) -> str:
    if path[-1] == heading.name or isinstance(path[-1], int):
        if isinstance(value, dict):
            return f"may stand several times; write it with two brackets, as {heading}"
        if isinstance(value, list):
            return f"stands only once; write it with one bracket on each side, as {heading}"
        return f"{quoted(value)} is not a section; write {heading} on a line of its own and its settings below"
    name = str(path[-1])
    homes = [str(other) for other in known.values() if name in other.settings]
    near = nearest(name, heading.settings)
    if near and (not homes or near.replace("_", "") == name.replace("_", "")):
        return f'no such setting; did you mean "{near}"?'
    if homes:
        return f"no such setting in {heading}; it belongs in {' or '.join(homes)}"
    return f"no such setting; {heading} knows {_all(heading.settings)}"


def _wrong_value(error: ErrorDetails, setting: Setting) -> str:
    value, kind = error["input"], setting.kind
    match error["type"]:
        case "missing":
            return f"missing; write {setting.name} = {setting.example}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "literal_error":
            near = nearest(value, setting.choices) if isinstance(value, str) else None
            remedy = f'did you mean "{near}"?' if near else "write one of these"
            return f"{quoted(value)} is not one of {_all(setting.choices)}; {remedy}"
        case "greater_than" | "greater_than_equal" | "less_than_equal":
            shown = value if isinstance(value, str) else kind.write(value)
            return f"{shown} is out of range; write {setting.range}"
        case "too_short":
            return f"is empty; name at least one, as {setting.example}"
        case "tuple_type":
            return f"{quoted(value)} is not a list; write it in square brackets, as {setting.example}"
    if kind.bare and isinstance(value, str):
        return f"{quoted(value)} is text, not {kind.noun}; write it without quotes, as {kind.example}"
    return f"{quoted(value)} is not {kind.noun}; write it as {kind.example}"


def _all(names: Iterable[object]) -> str:
    return ", ".join(str(name) for name in names)
