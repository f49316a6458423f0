"""The whole effective configuration, each setting with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from postduif.config.describe import Setting, headings
from postduif.config.lines import KeyPath, written
from postduif.config.load import Loaded

_COLUMN = 48


class Effective(NamedTuple):
    """One setting as it holds. `value` has a type of TOML, None when it is not set; `source` is as in `Loaded`."""

    section: KeyPath
    heading: str
    setting: Setting
    value: object
    source: str

    @property
    def name(self) -> str:
        """As it is written in messages: `listener[0].address`."""
        return written((*self.section, self.setting.name))


def effective(loaded: Loaded) -> Iterator[Effective]:
    """Every setting, in the order of the schema."""
    for heading in headings().values():
        value = getattr(loaded.config, heading.name)
        several = enumerate(value) if isinstance(value, tuple) else [(None, value)]
        for index, section in several:
            path: KeyPath = (heading.name,) if index is None else (heading.name, index)
            for name, setting in heading.settings.items():
                source, held = loaded.source(*path, name), getattr(section, name)
                unset = held is None and source == "default"
                yield Effective(path, str(heading), setting, None if unset else setting.plain(held), source)


def as_toml(loaded: Loaded) -> Iterator[str]:
    """`name = value  # file:line`, line by line; what is not set stands as a comment. It reads back as the same."""
    for _, group in groupby(effective(loaded), key=lambda one: one.section):
        settings = list(group)
        yield settings[0].heading
        for one in settings:
            name = one.setting.name
            text = f"# {name} is not set" if one.value is None else f"{name} = {one.setting.literal(one.value)}"
            yield f"{text:{_COLUMN}}  # {one.source}"
        yield ""
