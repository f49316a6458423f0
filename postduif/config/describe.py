"""The schema as people see it: sections, settings, how a value is written, what range it has.

Messages, `postduif check --show` and the manual are all made from here, so they cannot disagree. TOML has no word for
"not set"; where a default is nothing, `default` says so in words.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from postduif.config.kinds import Kind
from postduif.config.schema import Config
from postduif.config.section import Section


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `kind` is that of its elements when it is `listed`; `choices` are the words it may be, if few."""

    name: str
    kind: Kind
    listed: bool
    choices: tuple[str, ...]
    field: FieldInfo

    @property
    def example(self) -> str:
        """A value as it may stand in the file."""
        return f"[{self.kind.example}]" if self.listed else self.kind.example

    @property
    def range(self) -> str:
        """`1 to 65535`, `1 or more`, `more than 0`; "" when any value goes."""
        bounds = {
            name: getattr(m, name) for m in self.field.metadata for name in ("gt", "ge", "le") if hasattr(m, name)
        }
        words = {name: self.kind.write(bound) for name, bound in bounds.items() if bound is not None}
        if "gt" in words:
            return f"more than {words['gt']}" + (f" and at most {words['le']}" if "le" in words else "")
        if "le" in words:
            return f"{words.get('ge', self.kind.write(0))} to {words['le']}"
        return f"{words['ge']} or more" if "ge" in words else ""

    @property
    def default(self) -> str:
        """As it would stand in the file, or why it cannot."""
        if self.field.is_required():
            return "required"
        if self.field.default_factory is not None:
            return "see there"
        if self.field.default is None and self.kind not in self.field.metadata:
            return "not set"
        return self.toml(self.field.default)

    def toml(self, value: Any) -> str:
        """A value as it stands in the file; "" for one that is not set and has no way to be written."""
        plain = self.plain(value)
        return "" if plain is None else self.literal(plain)

    def literal(self, plain: object) -> str:
        """What `plain` gave, as text; TOML writes all of it as JSON does."""
        return json.dumps(plain, ensure_ascii=False)

    def plain(self, value: Any) -> object:
        """A value in the types of TOML, as it is written in the file; None for one that cannot be."""
        if value is None:
            return "" if self.kind.noun == "a rate" else None
        return [self._one(element) for element in value] if self.listed else self._one(value)

    def _one(self, value: Any) -> object:
        text = self.kind.write(value)
        return value if self.kind.bare or (isinstance(value, int) and text.isdigit()) else text


@dataclass(frozen=True, slots=True)
class Heading:
    """One section: its name, whether it may stand several times (`[[name]]`), and its settings by name."""

    name: str
    repeated: bool
    model: type[Section]
    settings: dict[str, Setting]

    def __str__(self) -> str:
        """As it stands in the file."""
        return f"[[{self.name}]]" if self.repeated else f"[{self.name}]"


def headings() -> dict[str, Heading]:
    """All sections by name, in the order of the schema."""
    found = {}
    for name, field in Config.model_fields.items():
        repeated = get_origin(field.annotation) is tuple
        model = get_args(field.annotation)[0] if repeated else field.annotation
        assert isinstance(model, type)
        assert issubclass(model, Section)
        settings = {key: _setting(key, inner) for key, inner in model.model_fields.items()}
        found[name] = Heading(name, repeated, model, settings)
    return found


def _setting(name: str, field: FieldInfo) -> Setting:
    kinds = [item for item in field.metadata if isinstance(item, Kind)]
    parts = list(_parts(field.annotation))
    choices = next((get_args(part) for part in parts if get_origin(part) is Literal), ())
    kinds += [item for part in parts for item in getattr(part, "__metadata__", ()) if isinstance(item, Kind)]
    listed = get_origin(field.annotation) is tuple and not any(isinstance(item, Kind) for item in field.metadata)
    if choices:
        kinds = [Kind("a word", json.dumps(choices[0]))]
    return Setting(name, kinds[0], listed, choices, field)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    if get_origin(annotation) in (Union, types.UnionType, tuple):
        for inner in get_args(annotation):
            yield from _parts(inner)
