"""`postduif bounce parse`: what mails that came back say, and what it means. No daemon is asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from postduif.bounce.finding import Finding, Kind, Reading
from postduif.bounce.late import class_of
from postduif.bounce.reading import read
from postduif.cli.asking import json_option
from postduif.cli.mail_files import Found, mails
from postduif.cli.tables import printable, table

_NOTHING_SAID = ("-",) * 6


@click.command
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path, allow_dash=True))
@json_option
def command(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Say what each mail in FILE is, and what it means.

    Also whom it is about, and which rule says so.

    FILE is a mail, an mbox or a Maildir; "-" is standard input. A mail that is no report is "nothing". What a report
    says is only its claim: the daemon acts on those to our signed addresses alone. Exit status 1: a FILE cannot be
    read.
    """
    unreadable: list[str] = []
    found = ((one, read(one.content)) for one in _all(files, unreadable))
    if as_json:
        _write_json(_plain(one, reading) for one, reading in found)
    else:
        columns = ("mail", "is", "recipient", "status", "category", "severity", "rule", "said")
        table(columns, (row for one, reading in found for row in _rows(one, reading)), empty="There is no mail in it.")
    for problem in unreadable:
        click.echo(f"postduif: {problem}", err=True)
    sys.exit(1 if unreadable else 0)


def _all(files: tuple[Path, ...], unreadable: list[str]) -> Iterator[Found]:
    for file in files:
        try:
            yield from mails(file)
        except IsADirectoryError:
            unreadable.append(f"{printable(str(file))} is a directory, and no Maildir; name the files in it")
        except OSError as error:
            unreadable.append(f"{printable(str(file))} cannot be read: {error.strerror}")


def _rows(one: Found, reading: Reading) -> Iterator[tuple[str, ...]]:
    kind = reading.kind.value
    for finding in reading.findings:
        said = class_of(reading.kind, finding)
        yield (
            one.name,
            kind,
            finding.recipient or "(hidden)",
            finding.status,
            said.category,
            said.severity,
            said.rule or "-",
            str(finding.reply),
        )
    if not reading.findings:
        yield (one.name, kind, *_NOTHING_SAID)


def _plain(one: Found, reading: Reading) -> dict[str, Any]:
    return {
        "mail": one.name,
        "kind": reading.kind.value,
        "feedback": reading.feedback,
        "message_id": reading.original.message_id,
        "return_path": reading.original.return_path,
        "envelope_id": reading.original.envelope_id,
        "recipients": [_recipient(reading.kind, finding) for finding in reading.findings],
    }


def _recipient(kind: Kind, finding: Finding) -> dict[str, Any]:
    return {
        "recipient": finding.recipient,
        "original": finding.original,
        "action": finding.action,
        "status": finding.status,
        "code": finding.reply.code,
        "text": finding.reply.text,
        "remote_mta": finding.reply.remote_mta,
        "reader": finding.reader,
        **class_of(kind, finding)._asdict(),
    }


def _write_json(rows: Iterator[dict[str, Any]]) -> None:
    """One list, a line each; it may be longer than memory."""
    click.echo("[", nl=False)
    for at, row in enumerate(rows):
        click.echo((",\n" if at else "\n") + json.dumps(row, ensure_ascii=False), nl=False)
    click.echo("\n]")
