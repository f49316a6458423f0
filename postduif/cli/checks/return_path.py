"""Signed return addresses: their keys can be read, and mail to them has a door."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.bounce import keyring
from postduif.cli.checks.finding import About, Finding
from postduif.config.load import Loaded
from postduif.errors import ConfigError


def return_path(loaded: Loaded) -> Iterator[Finding]:
    """What `[bounce]` needs, when it has a domain."""
    config = loaded.config
    if config.bounce.domain is None:
        return
    if not any(listener.role == "inbound" for listener in config.listener):
        yield About(loaded, "bounce", "domain").warning(
            f"mail to {config.bounce.domain} comes back to no listener of ours",
            'add [[listener]] with role = "inbound"',
        )
    if config.bounce.key_file is not None:
        about = About(loaded, "bounce", "key_file")
        try:
            keys = keyring.load(config.bounce.key_file, create=False)
        except ConfigError as error:
            yield about.wrong(str(error))
        else:
            others = f", {len(keys) - 1} more believed" if len(keys) > 1 else ""
            yield about.ok(f"{config.bounce.key_file}: a key that signs{others}")
