"""`postduif bounce`: what hosts say about our mail, and what it means. No running daemon is needed to ask."""

from __future__ import annotations

import click

from postduif.cli.lazy import Lazy

COMMANDS = {
    "classify": "bounce_classify",
}


@click.command(cls=Lazy, modules=COMMANDS)
def command() -> None:
    """Bounces: read them, and say what a reply means."""
