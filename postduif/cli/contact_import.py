"""`postduif contact import` and `imports`: a file of people taken in, and what became of earlier ones."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from postduif.campaign.audience import import_runs
from postduif.campaign.audience.attributes import Kind, name_of
from postduif.campaign.audience.heading import Wish
from postduif.campaign.audience.import_plan import Duplicates, Options, Plan, digest, plan
from postduif.campaign.audience.import_runs import Run
from postduif.campaign.audience.importing import Import
from postduif.campaign.audience.sheet import Sheet, open_sheet
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.values import Conventions, DateOrder
from postduif.cli.asking import json_option, print_json
from postduif.cli.audience_access import opened
from postduif.cli.options import config_option
from postduif.cli.tables import count, printable, table
from postduif.elapsed import ago

SAID = 10
"""Rejected lines that are named one by one."""


def _wishes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, Wish]:
    found = {}
    for value in values:
        heading, sign, to = value.rpartition("=")
        name, _colon, kind = to.partition(":")
        if not sign or (kind and kind not in list(Kind)):
            raise click.BadParameter(f"{value!r}: write COLUMN=NAME or COLUMN=NAME:KIND; kinds are {', '.join(Kind)}")
        found[heading] = Wish("" if name == "-" else name_of(name), Kind(kind) if kind else None)
    return found


_OPTIONS: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
    click.option(
        "--map",
        "wishes",
        multiple=True,
        callback=_wishes,
        metavar="COLUMN=NAME[:KIND]",
        help="What a column is, by its heading or number: email, name, language, an attribute, or - for nothing.",
    ),
    click.option("--new", "new_attributes", is_flag=True, help="Columns that are not known become new attributes."),
    click.option(
        "--duplicates",
        type=click.Choice([one.value for one in Duplicates]),
        default="update",
        show_default=True,
        help="Rows about people who are known: complete them, skip the row, or reject it.",
    ),
    click.option("--keep-invalid", is_flag=True, help="Take people whose address is none, too; never written to."),
    click.option(
        "--ad-hoc", is_flag=True, help="Only name and e-mail, only of new people; known ones stay as they are."
    ),
    click.option("--records", "collection", default="", help="The rows are child records of this kind."),
    click.option("--selection", default="", help="Put everybody into this static selection; made if need be."),
    click.option("--project", default="", help="Put everybody into this project."),
    click.option("--role", default="", help="With this role."),
    click.option("--subscribe", default="", help="Everybody agreed to this type of mail."),
    click.option("--wording", default="", help="Which text they agreed to; kept as proof."),
    click.option("--source", default="", help="Where they come from. Default: the name of the file."),
    click.option("--encoding", default="", help="Default: found out."),
    click.option("--delimiter", default="", help="One character, or tab. Default: found out."),
    click.option("--sheet", default="", help="Of a spreadsheet. Default: the first that is visible."),
    click.option("--decimal-comma", is_flag=True, help="12,5 is a number, 12.5 is none."),
    click.option(
        "--dates", type=click.Choice([one.value for one in DateOrder]), default="ymd", help="How dates are written."
    ),
    click.option("--preview", is_flag=True, help="Only show what the columns are, and the first rows."),
    click.option("--dry-run", is_flag=True, help="Judge the whole file, and change nothing."),
)


def _with_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command("import")
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_with_options
@json_option
def import_(config_path: Path, file: Path, *, preview: bool, dry_run: bool, as_json: bool, **given: Any) -> None:
    """Take in people from a CSV file or a spreadsheet. Exit status 1: lines were rejected.

    Whatever ends it, the same command goes on where it was.
    """
    with opened(config_path) as files, suppression_link(files.data_dir) as link:
        sheet = open_sheet(file, given.pop("encoding"), given.pop("delimiter"), given.pop("sheet"))
        conventions = Conventions("," if given.pop("decimal_comma") else ".", DateOrder(given.pop("dates")))
        duplicates = Duplicates(given.pop("duplicates"))
        options = Options(conventions=conventions, duplicates=duplicates, **given)
        planned = plan(files.connection, sheet, options)
        if preview:
            _preview(planned, as_json=as_json)
            return
        work = Import(files.connection, link, planned, options, time.time)
        steps = work.trial() if dry_run else work.run(file.name, digest(file, options, sheet.described))
        run = _watched(steps, sheet)
        refused = work.refused if dry_run else import_runs.rejected(files.connection, run.id, SAID)
    if as_json:
        told = run._asdict() | {"dry_run": dry_run, "left_out": planned.left_out}
        print_json(told | {"rejected_lines": [one._asdict() for one in refused]})
    else:
        _say(run, refused, dry_run=dry_run)
        if planned.left_out and not options.ad_hoc:
            names = printable(", ".join(planned.left_out))
            click.echo(
                f"postduif: left out: {names}; --new takes in what is not known, --map says what it is", err=True
            )
    sys.exit(1 if run.rejected else 0)


@click.command
@config_option
@click.option("--run", "number", type=click.IntRange(1), help="Show the rejected lines of this import.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Rows at most.")
@json_option
def imports(config_path: Path, number: int | None, limit: int, *, as_json: bool) -> None:
    """Earlier imports, and the lines they did not take."""
    with opened(config_path) as files:
        if number:
            refused = import_runs.rejected(files.connection, import_runs.found(files.connection, number).id, limit)
        else:
            runs = import_runs.runs(files.connection, limit)
    if number:
        if as_json:
            print_json([one._asdict() for one in refused])
        else:
            table(
                ("line", "address", "reason"),
                [(one.line, one.address.strip(), one.reason) for one in refused],
                empty="Every line was taken.",
            )
        return
    if as_json:
        print_json([one._asdict() for one in runs])
        return
    columns = ("id", "file", "state", "when", "added", "updated", "skipped", "rejected")
    rows = [
        (one.id, one.file, one.state, ago(one.started), one.added, one.updated, one.skipped, one.rejected)
        for one in runs
    ]
    table(columns, rows, empty="No imports.")


def _watched(steps: Iterator[Run], sheet: Sheet) -> Run:
    """The last step; meanwhile a bar on a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    with bar if console.is_terminal else contextlib.nullcontext():
        task = bar.add_task("reading", total=1.0)
        for run in steps:
            said = f"{run.added:,} new, {run.updated:,} known, {run.rejected:,} rejected"
            bar.update(task, completed=sheet.part, description=said)
    return run


def _say(run: Run, refused: list[import_runs.Rejected], *, dry_run: bool) -> None:
    parts = [
        f"{run.added:,} added",
        f"{run.updated:,} updated",
        f"{run.skipped:,} skipped",
        f"{run.rejected:,} rejected",
    ]
    click.echo(f"{'dry run, nothing is changed: ' if dry_run else ''}{', '.join(parts)}")
    for one in refused[:SAID]:
        click.echo(f"postduif: line {one.line}: {printable(one.reason)}", err=True)
    if run.rejected > SAID:
        where = "" if dry_run else f"; postduif contact imports --run {run.id}"
        click.echo(f"postduif: {count(run.rejected - SAID, 'more line')}{where}", err=True)


def _preview(planned: Plan, *, as_json: bool) -> None:
    columns = [
        {"column": one.heading, "becomes": one.to, "kind": one.kind.value if one.to else "", "new": one.new}
        for one in planned.columns
    ]
    if as_json:
        rows = [{"line": line, "cells": cells} for line, cells in planned.first_rows]
        print_json({"file": planned.sheet.described, "columns": columns, "rows": rows})
        return
    click.echo(planned.sheet.described)
    lines = []
    for place, one in enumerate(columns):
        values = [cells[place] if place < len(cells) else "" for _, cells in planned.first_rows]
        becomes = f"{one['becomes']}{' (new)' if one['new'] else ''}" if one["becomes"] else "(left out)"
        lines.append((place + 1, one["column"], becomes, one["kind"], " | ".join(values)[:100]))
    table(("", "column", "becomes", "kind", "values"), lines, empty="No columns.")
