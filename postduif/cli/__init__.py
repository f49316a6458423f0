"""The command line: one file per group of commands; each is read only when its command is used."""

from __future__ import annotations

import click

from postduif.cli.lazy import Lazy

COMMANDS = {
    "bounce": "bounce",
    "check": "check",
    "contact": "contact",
    "demo": "demo",
    "dkim": "dkim",
    "mailing": "mailing",
    "project": "project",
    "queue": "queue",
    "selection": "selection",
    "send": "send",
    "sendmail": "sendmail",
    "serve": "serve",
    "sink": "sink",
    "site": "site",
    "subscription": "subscription",
    "suppress": "suppress",
    "user": "user",
    "webhook": "webhook",
    "why": "why",
}


@click.command(
    cls=Lazy, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="postduif")
def main() -> None:
    """A mail transfer agent that comes back and tells you."""
