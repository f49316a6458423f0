"""`postduif site`: the roads that mail takes now."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from postduif.cli.asking import answer, json_option, one_line_errors, print_json
from postduif.cli.options import config_option, seconds
from postduif.cli.tables import table


@click.group
def command() -> None:
    """See, suspend and resume sites.

    A site is all domains with the same MX hosts.
    """


@command.command
@config_option
@json_option
def show(config_path: Path, *, as_json: bool) -> None:
    """Every site with something under way or waiting."""
    with one_line_errors():
        found = answer(config_path, "site.list")
    if as_json:
        print_json(found)
        return
    columns = ("site", "state", "connections", "ready", "queues", "next in", "last trouble")
    rows = [
        (
            one["site"],
            one["state"],
            f"{one['connections']}/{one['connection_limit']}",
            one["ready"],
            one["queues"],
            f"{one['next_in']}s" if one["next_in"] else "",
            one["last_trouble"],
        )
        for one in found
    ]
    table(columns, rows, empty="Nothing is under way.")


@command.command
@config_option
@click.argument("site")
@click.option("--reason", required=True, help="Why; shown to everybody who asks.")
@click.option("--for", "duration", callback=seconds, help="Until then, as 2h. Default: until resumed, or a restart.")
def suspend(config_path: Path, site: str, reason: str, duration: float | None) -> None:
    """Send nothing more to SITE until it is resumed."""
    request = {"site": site, "reason": reason, "by": getpass.getuser(), "for": duration}
    with one_line_errors():
        answer(config_path, "site.suspend", **request)
    click.echo(f"{site} is suspended")


@command.command
@config_option
@click.argument("site")
def resume(config_path: Path, site: str) -> None:
    """Send to SITE again, and forget that it could not be reached."""
    with one_line_errors():
        answer(config_path, "site.resume", site=site)
    click.echo(f"{site} is resumed")
