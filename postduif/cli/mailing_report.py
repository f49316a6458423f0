"""How the report of a preparation is shown: counts, exclusions by cause, findings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from postduif.campaign.preparing.report import Report, Said
from postduif.cli.tables import count, printable, quoted, table

_COLOURS = {"error": "bold red", "warning": "yellow", "info": "blue"}
_WORST_FIRST = ("error", "warning", "info")


def report_json(report: Report) -> dict[str, Any]:
    """All of it."""
    return asdict(report) | {"errors": report.errors, "warnings": report.warnings}


def print_report(report: Report) -> None:
    """For people."""
    excluded = report.targeted - report.to_deliver
    click.echo(f"targeted    {report.targeted:,}")
    for source in report.sources if len(report.sources) > 1 else ():
        click.echo(f"  {printable(source.name)}: {source.people:,}, of them {source.more:,} not in one before it")
    click.echo(f"excluded    {excluded:,}")
    for cause, number in sorted(report.excluded.items(), key=lambda one: -one[1]):
        click.echo(f"  {cause:20} {number:,}")
    seeds = f", and {count(report.seeds, 'seed address')[:-1]}es" if report.seeds > 1 else ", and 1 seed address"
    click.echo(f"to deliver  {report.to_deliver:,}{seeds if report.seeds else ''}")
    if report.waves:
        click.echo(f"waves       {', '.join(f'{size:,}' for size in report.waves)}")
    for variable, number in report.empty.items():
        click.echo(f"empty       {printable(variable)}: for {number:,} of them")
    made = f", {report.rendered:,} messages made to look at them, the largest {report.largest:,} octets"
    click.echo(f"took        {report.seconds:.1f} s{made if report.rendered else ''}")
    for note in report.notes:
        click.echo(f"note        {printable(note)}")
    click.echo(f"checks      {count(report.errors, 'error')}, {count(report.warnings, 'warning')}")
    if report.findings:
        print_findings(report.findings)


def print_findings(findings: Sequence[Said]) -> None:
    """The worst first. On a terminal with what to do below each; elsewhere a line each, tab-separated."""
    ordered = sorted(findings, key=lambda one: _WORST_FIRST.index(one.level))
    if not sys.stdout.isatty():
        table((), [(one.level, one.rule, quoted(one.text), quoted(one.remedy)) for one in ordered], empty="")
        return
    console = Console()
    for one in ordered:
        line = Text.assemble((f"{one.level:7}", _COLOURS[one.level]), f" {quoted(one.text)} ", (one.rule, "dim"))
        console.print(line)
        if one.remedy:
            console.print(Padding(Text(quoted(one.remedy), "cyan"), (0, 0, 0, 8)))
    if not findings:
        console.print("Nothing speaks against it.")
