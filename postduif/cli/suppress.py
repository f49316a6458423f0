"""`postduif suppress`: who is not written to any more, and why; entering, releasing, carrying over lists."""

from __future__ import annotations

import getpass
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import click

from postduif.bounce import suppression_csv
from postduif.bounce.address_state import EVERY_TYPE, Cause, Standing
from postduif.cli.asking import json_option, one_line_errors, print_json
from postduif.cli.options import config_option
from postduif.cli.private_output import private_output
from postduif.cli.suppression_access import Answer, suppression_list
from postduif.cli.tables import count, printable, table
from postduif.elapsed import ago
from postduif.mta.suppression_pages import entries, lines_of, take_in

SAID = 10
"""Lines of an import that are complained about one by one."""

_reason_option = click.option("--reason", required=True, help="Why; kept in the history.")
_addresses = click.argument("addresses", nargs=-1, required=True)


@click.group
def command() -> None:
    """Addresses that are not written to any more. Changes hold at once and are kept in a history.

    An ADDRESS is bob@example.com, or a pattern: *@example.com, *@*.example.com (below it), info@* and the like.
    """


@command.command("list")
@config_option
@click.argument("addresses", nargs=-1)
@click.option(
    "--state",
    type=click.Choice(["refusing", "all", *(one.value for one in Standing if one is not Standing.VALID)]),
    default="refusing",
    show_default=True,
    help="Where errors are only being counted, mail still goes.",
)
@click.option("--cause", type=click.Choice([cause.value for cause in Cause]), default=None, help="Why it is there.")
@click.option("--type", "type_", default="", help="Unsubscribed from this type of mail.")
@click.option("--domain", default="", help="Of the address.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Entries at most.")
@click.option("--history", is_flag=True, help="Every change, too; with ADDRESS.")
@json_option
def list_(config_path: Path, addresses: tuple[str, ...], *, history: bool, as_json: bool, **options: Any) -> None:
    """Who is on the list; with ADDRESS, everything that is known of it."""
    if history and not addresses:
        raise click.UsageError("--history is about an ADDRESS; name one")
    with one_line_errors(), suppression_list(config_path) as answer:
        if addresses:
            found = answer("suppress.show", addresses=addresses)
            if history:
                _add_history_of_patterns(answer, found)
            _show(found, history=history, as_json=as_json)
            return
        wanted = {
            "standing": "" if options["state"] == "all" else options["state"],
            "cause": options["cause"] or "",
            "type": options["type_"],
            "domain": options["domain"].removeprefix("@"),
        }
        found = list(itertools.islice(entries(answer, wanted, options["limit"]), options["limit"]))
    if as_json:
        print_json(found)
    else:
        _print(found)


@command.command
@config_option
@_addresses
@_reason_option
@click.option("--type", "type_", default="", help=f"Only mail of this type; {EVERY_TYPE} is every type.")
@click.option("--erase", is_flag=True, help="Keep a hash only, which refuses mail but cannot be read back.")
@json_option
def add(config_path: Path, addresses: tuple[str, ...], reason: str, type_: str, *, erase: bool, as_json: bool) -> None:
    """Do not write to ADDRESS any more. Takes back nothing that is stronger already."""
    if erase and type_:
        raise click.UsageError("--erase is about all mail; leave out --type")
    by = getpass.getuser()
    with one_line_errors(), suppression_list(config_path) as answer:
        if erase:
            found = answer("suppress.erase", addresses=addresses, reason=reason, by=by)
        else:
            cause = Cause.UNSUBSCRIBE if type_ else Cause.MANUAL
            row = {"cause": cause.value, "type": type_, "reason": reason, "source": by}
            found = answer("suppress.enter", rows=[{"address": one, **row} for one in addresses])
    for number, problem in found.get("problems", []):
        click.echo(f"postduif: {printable(addresses[number])}: {problem}", err=True)
    if as_json:
        print_json(found)
    else:
        verb = "erased" if erase else "added"
        click.echo(f"{_addressed(found['changed'])} {verb}")
    if found.get("going_on"):
        words = "they are still in results of mailings; the daemon takes them out of these by itself"
        click.echo(f"postduif: {words}", err=True)
    sys.exit(1 if found.get("problems") else 0)


@command.command
@config_option
@_addresses
@_reason_option
@click.option("--type", "type_", default="", help="Only the unsubscribe from this type. Default: all that is there.")
@json_option
def remove(config_path: Path, addresses: tuple[str, ...], reason: str, type_: str, *, as_json: bool) -> None:
    """Write to ADDRESS again. Exit status 1: one of them was not on the list."""
    with one_line_errors(), suppression_list(config_path) as answer:
        found = answer("suppress.release", addresses=addresses, reason=reason, type=type_, by=getpass.getuser())
    for one in found["unknown"]:
        click.echo(f"postduif: {printable(one)} is not on the list; `postduif suppress list` shows who is", err=True)
    if as_json:
        print_json(found)
    else:
        click.echo(f"{_addressed(found['changed'])} released")
    sys.exit(1 if found["unknown"] else 0)


@command.command("import")
@config_option
@click.argument("file", type=click.File("r", encoding="utf-8-sig", errors="replace"))
@click.option(
    "--cause",
    type=click.Choice([cause.value for cause in Cause if cause is not Cause.ERASED]),
    default=Cause.MANUAL.value,
    show_default=True,
    help="Of lines that name none.",
)
@click.option("--reason", default="", help="Of lines that give none. Default: the name of the file.")
@json_option
def import_(config_path: Path, file: TextIO, cause: str, reason: str, *, as_json: bool) -> None:
    """Take in a CSV file.

    "-" is standard input. It has a column address; cause, at, source, reason, type and evidence if it likes.

    Nothing that is on the list is weakened, so a file can be taken in twice. Lines that cannot be taken are named, and
    the others are taken all the same; then the exit status is 1.
    """
    name = Path(str(getattr(file, "name", ""))).name.strip("<>-") or "standard input"
    with one_line_errors(), suppression_list(config_path) as answer:
        taken = take_in(answer, suppression_csv.read(file), cause=cause, reason=reason, name=name)
    if as_json:
        print_json(taken._asdict())
    else:
        click.echo(f"{count(taken.lines, 'line')} read, {count(taken.changed, 'change')}")
    if taken.stopped:
        click.echo(f"postduif: {printable(name)} was not read to its end: {printable(taken.stopped)}", err=True)
    for line, text in taken.problems[:SAID]:
        click.echo(f"postduif: {printable(name)}, line {line}: {printable(text)}", err=True)
    if len(taken.problems) > SAID:
        click.echo(
            f"postduif: {len(taken.problems) - SAID} more lines could not be taken; --json names them all", err=True
        )
    sys.exit(1 if taken.problems or taken.stopped else 0)


@command.command
@config_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-")
@json_option
def export(config_path: Path, file: Path, *, as_json: bool) -> None:
    """Write all that refuse mail to FILE as CSV.

    Default: standard output. `import` takes it back.
    """
    with one_line_errors(), suppression_list(config_path) as answer:
        rows = lines_of(entries(answer, {"standing": "refusing"}))
        with private_output(file) as target:
            if as_json:
                _write_json(target, rows)
            else:
                suppression_csv.write(target, rows)


def _addressed(number: int) -> str:
    return f"{number:,} address{'' if number == 1 else 'es'}"


def _write_json(target: TextIO, rows: Iterator[dict[str, str]]) -> None:
    """One list, a line each; it may be longer than memory."""
    target.write("[")
    target.writelines((",\n" if at else "\n") + json.dumps(row, ensure_ascii=False) for at, row in enumerate(rows))
    target.write("\n]\n")


def _add_history_of_patterns(answer: Answer, found: list[dict[str, Any]]) -> None:
    """What happened to the patterns that mean an address happened to it."""
    for one in found:
        named = {entry["address"] for entry in one["entries"] if "*" in entry["address"]} - {one["address"]}
        for pattern in answer("suppress.show", addresses=sorted(named)) if named else []:
            one["history"] = sorted(one["history"] + pattern["history"], key=lambda past: past["at"], reverse=True)


def _show(found: list[dict[str, Any]], *, history: bool, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    for one in found:
        if not one["entries"]:
            click.echo(f"{printable(one['address'])}: not on the list")
        _print(one["entries"])
        if history:
            rows = [
                (
                    ago(past["at"]),
                    past["subject"],
                    past["event"],
                    past["type"],
                    f"{past['was']} -> {past['became']}",
                    past["cause"],
                    past["source"],
                    past["reason"] or past["evidence"],
                )
                for past in one["history"]
            ]
            columns = ("when", "address", "event", "type", "change", "cause", "who says so", "why")
            table(columns, rows, empty="No history.")


def _print(entries: list[dict[str, Any]]) -> None:
    rows = [
        (
            one["address"],
            one["standing"],
            one["cause"] or count(len(one["errors"]), "error"),
            one["type"],
            ago(one["at"]),
            ago(one["until"]) if one["until"] else "",
            one["source"],
            one["reason"] or one["evidence"],
        )
        for one in entries
    ]
    columns = ("address", "state", "cause", "type", "since", "ends", "who says so", "why")
    table(columns, rows, empty="Nobody is on the list.")
