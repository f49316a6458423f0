"""What is said of a file of keys that sign: those of return addresses, and those of the links in mail."""

from __future__ import annotations

from pathlib import Path

from postduif.bounce import keyring
from postduif.errors import ConfigError
from postduif.mta.soundness.finding import About, Finding


def key_ring(about: About, path: Path, use: str) -> Finding:
    """Whether it can be read, and how many keys it has; `use` is what the first one does. A file is never made."""
    try:
        keys = keyring.load(path, create=False)
    except ConfigError as error:
        return about.wrong(str(error))
    others = f", {len(keys) - 1} more believed" if len(keys) > 1 else ""
    return about.ok(f"{path}: a key that {use}{others}")
