"""The command line: one file per group of commands; each is read only when its command is used."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "check": "check",
    "demo": "demo",
    "dkim": "dkim",
    "queue": "queue",
    "send": "send",
    "sendmail": "sendmail",
    "serve": "serve",
    "sink": "sink",
    "site": "site",
    "suppress": "suppress",
    "user": "user",
    "why": "why",
}


class _Lazy(click.Group):
    """Imports `postduif.cli.<name>` and takes its `command` when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"postduif.cli.{COMMANDS[name]}").command
        assert isinstance(command, click.Command)
        return command


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="postduif")
def main() -> None:
    """A mail transfer agent that comes back and tells you."""
