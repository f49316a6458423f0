"""The whole effective configuration as lines of TOML, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.config.describe import Heading, headings
from postduif.config.lines import KeyPath
from postduif.config.load import Loaded
from postduif.config.section import Section

_COLUMN = 48


def effective(loaded: Loaded) -> Iterator[str]:
    """`name = value  # file:line` for every setting; what is not set stands as a comment. It reads back as the same."""
    for heading in headings().values():
        value = getattr(loaded.config, heading.name)
        if isinstance(value, tuple):
            for index, one in enumerate(value):
                yield from _section(loaded, heading, (heading.name, index), one)
        else:
            yield from _section(loaded, heading, (heading.name,), value)


def _section(loaded: Loaded, heading: Heading, path: KeyPath, section: Section) -> Iterator[str]:
    yield str(heading)
    for name, setting in heading.settings.items():
        origin = loaded.source(*path, name)
        value = getattr(section, name)
        if value is None and origin == "default":
            yield f"{f'# {name} is not set':{_COLUMN}}  # {origin}"
        else:
            yield f"{f'{name} = {setting.toml(value)}':{_COLUMN}}  # {origin}"
    yield ""
