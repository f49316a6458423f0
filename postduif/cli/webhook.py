"""`postduif webhook`: how far the receivers of events are."""

from __future__ import annotations

import time
from pathlib import Path

import click

from postduif.cli.asking import answer, json_option, one_line_errors, print_json
from postduif.cli.options import config_option, seconds
from postduif.cli.tables import table
from postduif.elapsed import ago, span


@click.group
def command() -> None:
    """See how far webhooks are, and tell them again."""


@command.command("list")
@config_option
@json_option
def list_(config_path: Path, *, as_json: bool) -> None:
    """Each webhook: what it waits for, and what went wrong."""
    with one_line_errors():
        found = answer(config_path, "webhook.list")
    if as_json:
        print_json(found)
        return
    columns = ("name", "behind", "failing since", "last trouble", "next try", "url")
    rows = [
        (
            one["name"],
            span(max(0.0, time.time() - one["oldest"])) if one["oldest"] else "",
            ago(one["failing_since"]) if one["failing_since"] else "",
            one["trouble"],
            "given up" if one["given_up"] else ago(one["next_try"]) if one["next_try"] else "",
            one["url"],
        )
        for one in found
    ]
    table(columns, rows, empty="There are no webhooks.")


@command.command
@config_option
@click.argument("name")
@click.option("--since", callback=seconds, required=True, help="From so long ago, as 2h.")
def replay(config_path: Path, name: str, since: float) -> None:
    """Tell NAME again what happened.

    Events keep their ids, so that the receiver can skip those it has. One that was given up is tried again.
    """
    with one_line_errors():
        answer(config_path, "webhook.replay", name=name, since=time.time() - since)
    click.echo(f"{name} is told again what happened in the last {span(since)}")
