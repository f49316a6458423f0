"""`postduif bounce classify`: what a reply means, and the rule that says so."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import click

from postduif.bounce.category import CATEGORIES
from postduif.bounce.classify import Class, classify
from postduif.bounce.diagnostic import read_diagnostic
from postduif.cli.asking import json_option
from postduif.cli.tables import printable, table


@click.command
@click.argument("replies", nargs=-1, metavar="[REPLY]...")
@click.option("--provider", default="", help="Who said it: a host, a domain, or a provider as the rules name it.")
@json_option
def command(replies: tuple[str, ...], provider: str, *, as_json: bool) -> None:
    """Say what each REPLY means, as "550 5.1.1 no such user". Without one, every line of standard input is a reply.

    hard: the address is bad. soft: it counts when it comes again. block: it is about us or our mail, never about the
    address. none: nothing went wrong.
    """
    classed = [(reply, classify(read_diagnostic(reply), provider)) for reply in replies or _lines()]
    if as_json:
        click.echo(json.dumps([_as_json(*one) for one in classed], indent=2, ensure_ascii=False))
        return
    rows = [(said.category, said.severity, said.rule or "-", printable(reply)) for reply, said in classed]
    table(("category", "severity", "rule", "reply"), rows, empty="No reply was given.")


def _lines() -> Iterator[str]:
    return (line for line in (one.strip() for one in sys.stdin) if line)


def _as_json(reply: str, said: Class) -> dict[str, str]:
    return {"reply": reply, **said._asdict(), "meaning": CATEGORIES[said.category].meaning}
