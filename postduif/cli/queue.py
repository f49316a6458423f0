"""`postduif queue`: what waits, why, and what an operator does about it."""

from __future__ import annotations

import getpass
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from postduif.cli.asking import answer, json_option, one_line_errors, print_json
from postduif.cli.options import config_option, seconds
from postduif.cli.queue_top import top
from postduif.cli.tables import count, printable, table
from postduif.elapsed import ago

_F = TypeVar("_F", bound=Callable[..., object])


@click.group
def command() -> None:
    """See and change what is in the queue. Changes are durable and kept across restarts."""


def _conditions(function: _F) -> _F:
    for option in reversed(
        (
            click.option("--id", "ids", type=int, multiple=True, help="A message's queue id; may be repeated."),
            click.option("--domain", default="", help="Of the recipient."),
            click.option("--stream", default="", help="The stream of mail."),
            click.option("--sender", default="", help='Whole address; "<>" is the null sender.'),
            click.option("--recipient", default="", help="Whole address."),
            click.option("--older-than", callback=seconds, help="Received longer ago than this, as 2h."),
            click.option("--said", default="", help='The last reply contains it, as "421" or "greylist".'),
            click.option("--all", "everything", is_flag=True, help="Everything in the queue."),
        )
    ):
        function = option(function)
    return function


def _condition(options: dict[str, Any]) -> dict[str, Any]:
    older = options["older_than"]
    return {
        **{name: options[name] for name in ("domain", "stream", "sender", "recipient", "said")},
        "ids": list(options["ids"]),
        "older_than": None if older is None else time.time() - older,
        "all": options["everything"] or None,
    }


@command.command
@config_option
@json_option
def summary(config_path: Path, *, as_json: bool) -> None:
    """The scheduled queues: how much waits for whom."""
    with one_line_errors():
        found = answer(config_path, "queue.summary")
    if as_json:
        print_json(found)
        return
    columns = ("stream", "domain", "recipients", "due", "held", "leased", "oldest", "")
    names = ("stream", "domain", "total", "due", "held", "leased")
    rows = [
        [*(one[name] for name in names), ago(one["oldest"]), "held" if one["held_whole"] else ""]
        for one in found["queues"]
    ]
    table(columns, rows, empty="The queue is empty.")
    for hold in found["holds"]:
        what = " ".join(part for part in (hold["stream"], hold["domain"]) if part) or "everything"
        click.echo(f"held by {hold['owner']}: {what} ({hold['covers']}), {hold['reason']}")


@command.command("list")
@config_option
@_conditions
@click.option("--limit", default=100, show_default=True, help="Rows at most.")
@json_option
def list_(config_path: Path, *, limit: int, as_json: bool, **options: Any) -> None:
    """Recipients in the queue, the oldest first. Without a condition, all."""
    condition = _condition(options)
    if not any(condition.values()):
        condition["all"] = True
    with one_line_errors():
        found = answer(config_path, "queue.list", condition=condition, limit=limit)
    if as_json:
        print_json(found)
        return
    columns = ("id", "recipient", "sender", "stream", "received", "tries", "next", "last reply")
    rows = [
        (
            one["message"],
            one["recipient"],
            one["sender"] or "<>",
            one["stream"],
            ago(one["received_at"]),
            one["attempts"],
            _next(one),
            one["last_reply"],
        )
        for one in found
    ]
    table(columns, rows, empty="Nothing in the queue matches.")


@command.command
@config_option
@click.argument("id", type=int)
@json_option
def show(config_path: Path, id: int, *, as_json: bool) -> None:
    """One message: envelope, recipients, header and every attempt."""
    with one_line_errors():
        found = answer(config_path, "queue.show", id=id)
    if as_json:
        print_json(found)
    if found["message"] is None and not found["journal"]:
        click.echo(f"postduif: nothing is known of message {id}", err=True)
        sys.exit(1)
    if as_json:
        return
    message = found["message"]
    if message is None:
        click.echo(f"message {id} is not in the queue any more")
    else:
        for name in ("sender", "stream", "origin", "size", "message_id", "envid", "ret"):
            if message[name]:
                click.echo(f"{name + ':':<12} {printable(str(message[name]))}")
        click.echo(f"{'received:':<12} {ago(message['received_at'])}, given up {ago(message['expires_at'])}")
    for one in found["recipients"]:
        tries = "1 try" if one["attempts"] == 1 else f"{one['attempts']} tries"
        because = f": {one['held_because']}" if one["held_by"] else ""
        click.echo(f"{'recipient:':<12} {one['recipient']}, {tries}, next {_next(one)}{because}")
    rows = [
        (
            ago(line["at"]),
            line["recipient"],
            line["kind"],
            line["host"],
            f"{line['code']} {line['enhanced']} {line['text']}",
        )
        for line in found["journal"]
    ]
    table(("when", "recipient", "outcome", "host", "reply"), rows, empty="Not tried yet.")
    if found["header"]:
        click.echo("\n" + "\n".join(printable(line.expandtabs()) for line in found["header"].split("\n")))


def _next(row: Mapping[str, Any]) -> str:
    """When a recipient is tried next."""
    if row["held_by"]:
        return f"held by {row['held_by']}"
    if row.get("under_way"):
        return "under way"
    return "now" if row["due"] <= time.time() else ago(row["due"])


def _absent(config_path: Path, ids: list[int]) -> list[int]:
    """Those that name nothing in the queue. Asked one by one, as a message may have any number of recipients."""
    return [id for id in ids if not answer(config_path, "queue.list", condition={"ids": [id]}, limit=1)]


def _change(name: str, verb: str, summary_: str, *, reason: bool = False, lasting: bool = False) -> None:
    @config_option
    @_conditions
    @json_option
    def change(config_path: Path, *, as_json: bool, **options: Any) -> None:
        condition = _condition(options)
        if not any(condition.values()):
            raise click.UsageError("say which: --id, --domain, --stream, --sender, --recipient, ... or --all")
        request: dict[str, object] = {"condition": condition, "by": getpass.getuser()}
        if reason:
            request["reason"] = options["reason"]
        if lasting:
            request["for"] = options["duration"]
        with one_line_errors():
            absent = _absent(config_path, condition["ids"])
            found = answer(config_path, f"queue.{name}", **request)
        if as_json:
            print_json(found)
        else:
            click.echo(f"{count(found['recipients'], 'recipient')} {verb}")
        if absent:
            named = ", ".join(map(str, absent))
            click.echo(f"postduif: not in the queue: {named}; `postduif why ID` says what became of it", err=True)
            sys.exit(1)

    change.__doc__ = summary_
    if lasting:
        change = click.option(
            "--for", "duration", callback=seconds, help="Until then, as 2h. Default: until released."
        )(change)
    if reason:
        change = click.option("--reason", required=lasting, help="Why; shown to everybody who asks.")(change)
    command.command(name)(change)


_change(
    "hold",
    "held",
    "Stop what matches. Naming only --domain and --stream stops what comes later, too.",
    reason=True,
    lasting=True,
)
_change("release", "released", "Let go what is held.")
_change("retry", "due now", "Try what matches again now, whatever its schedule says.")
_change("delete", "withdrawn", "Take what matches out of the queue for good. No notice is sent.", reason=True)
command.add_command(top)
