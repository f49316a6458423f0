"""A group of commands each of which is read only when it is used, so that none pays for the others."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class Lazy(click.Group):
    """Imports `postduif.cli.<module>` and takes its `command` when it is asked for."""

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:
        """`modules`: where each command is, by its name: `module`, or `module:name` for another than `command`."""
        super().__init__(*args, **kwargs)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, sorted."""
        return sorted(self._modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name; None when there is none."""
        if name not in self._modules:
            return None
        module, _, attribute = self._modules[name].partition(":")
        command = getattr(importlib.import_module(f"postduif.cli.{module}"), attribute or "command")
        assert isinstance(command, click.Command)
        return command
