"""`postduif check`: is everything right before the daemon starts, or reloads? Nothing is changed."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from postduif.cli.checks import ports, records, senders
from postduif.cli.checks.bounce_rules import bounce_rules
from postduif.cli.checks.public_pages import in_the_clear, links_key, public_pages
from postduif.cli.checks.return_path import return_path, return_records
from postduif.cli.checks.webhooks import webhooks
from postduif.cli.options import config_option
from postduif.clock import SystemClock
from postduif.config.load import examine
from postduif.config.show import as_toml, effective
from postduif.mta.soundness import keys, places
from postduif.mta.soundness.finding import About, Finding, misread

_COLOURS = {"ok": "green", "warning": "yellow", "error": "bold red"}


@click.command
@config_option
@click.option("--dns", "with_dns", is_flag=True, help="Ask about our name, DKIM records, bounce domain and pages too.")
@click.option("--show", is_flag=True, help="Print the settings that hold, and where each comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(config_path: Path, *, with_dns: bool, show: bool, as_json: bool) -> None:
    """Check the configuration and everything it names.

    Exit status 0: nothing is wrong, there may be warnings. 1: something is wrong.
    """
    if show:
        _show(config_path, as_json=as_json)
        return
    findings = check(config_path, with_dns=with_dns)
    if as_json:
        wrong = any(finding.level == "error" for finding in findings)
        click.echo(json.dumps({"ok": not wrong, "findings": [finding._asdict() for finding in findings]}, indent=2))
    elif sys.stdout.isatty():
        _table(findings)
    else:
        _lines(findings)
    if any(finding.level == "error" for finding in findings):
        sys.exit(1)


def check(path: Path, *, with_dns: bool = False) -> list[Finding]:
    """Everything there is to say, in the order of the checks."""
    loaded, wrong = examine(path, serving=True)
    findings = [misread(one) for one in wrong]
    if loaded is None:
        return findings
    if not wrong:
        findings.append(Finding("ok", str(path), "", "every setting is understood"))
    if not loaded.config.listener:
        findings.append(
            About(loaded, "listener").warning("none, so no mail can come in", "add [[listener]] with an address")
        )
    findings += itertools.chain(
        keys.dkim(loaded),
        keys.tls(loaded, SystemClock().time()),
        places.directories(loaded),
        places.room(loaded),
        ports.ports(loaded),
        return_path(loaded),
        bounce_rules(),
        links_key(loaded),
        in_the_clear(loaded),
        senders.senders(loaded),
        webhooks(loaded),
        records.records(loaded) if with_dns else (),
        return_records(loaded) if with_dns else (),
        public_pages(loaded) if with_dns else (),
    )
    return findings


def _show(path: Path, *, as_json: bool) -> None:
    loaded, wrong = examine(path)
    if loaded is None or wrong:
        click.echo("\n".join(map(str, wrong)), err=True)
        sys.exit(1)
    if as_json:
        rows = [{"setting": one.name, "value": one.value, "source": one.source} for one in effective(loaded)]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(as_toml(loaded)).rstrip())


def _lines(findings: Sequence[Finding]) -> None:
    for finding in findings:
        parts = [part for part in (finding.where, finding.setting, finding.text) if part]
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        click.echo(f"{finding.level:8} {': '.join(parts)}{remedy}")


def _table(findings: Sequence[Finding]) -> None:
    table = Table("", Column("setting", overflow="fold"), Column("found", overflow="fold"), box=box.SIMPLE)
    for finding in findings:
        level = Text(finding.level, _COLOURS[finding.level])
        found = Text(finding.text)
        if finding.remedy:
            found.append(f"\n{finding.remedy}", "cyan")
        table.add_row(level, _place(finding), found)
    Console().print(table)


def _place(finding: Finding) -> Text:
    place = Text(finding.setting + "\n" if finding.setting else "")
    return place.append(finding.where, "dim")
