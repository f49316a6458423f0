"""`postduif bounce`: what hosts say about our mail, at once or by mail later, and what it means."""

from __future__ import annotations

import click

from postduif.cli.lazy import Lazy

COMMANDS = {
    "classify": "bounce_classify",
    "parse": "bounce_parse",
    "unprocessed": "bounce_unprocessed",
}


@click.command(cls=Lazy, modules=COMMANDS)
def command() -> None:
    """Bounces: read them, and say what a reply means."""
