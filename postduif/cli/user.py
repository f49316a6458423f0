"""`postduif user`: who may log in with AUTH, who uses the pages, and tokens of the HTTP door and of the API.

Passwords are asked for without echo or read from standard input. A token is shown once.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from postduif.cli import person
from postduif.cli.options import config_option
from postduif.config.load import load
from postduif.config.schema import Config
from postduif.errors import ConfigError, PostduifError
from postduif.mta import users
from postduif.mta.injection import tokens


@click.group
def command() -> None:
    """Users of SMTP AUTH, people who use the pages, and tokens.

    A running server sees a change at once.
    """


@command.command("add")
@click.argument("name")
@click.option(
    "--sender",
    "senders",
    multiple=True,
    metavar="PATTERN",
    help="An address it may send from: news@example.org, *@example.org or *@*.example.org. May be repeated.",
)
@click.option("--any-sender", is_flag=True, help="It may send from every address (a new user may, too).")
@click.option("--role", help="A person of the pages: viewer, editor, sender or administrator. No user of SMTP.")
@click.option("--title", help="How others see that person.")
@config_option
def add(
    name: str, senders: tuple[str, ...], role: str | None, title: str | None, config_path: Path, *, any_sender: bool
) -> None:
    """Add a user, or give one a new password.

    With --role it is a person of the pages, who gets an address that signs in once and chooses a password there; one
    who is there already gets that role, and may come in again.

    The password is asked for; when standard input is no terminal, it is its first line. A user who is there already
    keeps its senders, unless new ones are named.
    """
    if senders and any_sender:
        raise click.UsageError("--sender and --any-sender exclude each other")
    if (role is None and title is not None) or (role is not None and (senders or any_sender)):
        raise click.UsageError("--title goes with --role, and --sender does not: SMTP has users of its own")
    try:
        if role is not None:
            person.add(_config(config_path), config_path, name, role, title)
            return
        data_dir = _data_dir(config_path)
        known = users.add(data_dir, name, _password(name), () if any_sender else senders or None)
    except (ConfigError, OSError) as error:
        _fail(error)
    click.echo(f"{name}: {'new password' if known else 'added'}")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def list_(config_path: Path, *, as_json: bool) -> None:
    """Print the names.

    Of SMTP users with the addresses that each may send from, of people with their roles.
    """
    try:
        data_dir = _data_dir(config_path)
        known = sorted(users.read(data_dir).items())
        people = person.everybody(data_dir)
    except (PostduifError, OSError) as error:
        _fail(error)
    if as_json:
        rows: list[dict[str, object]] = [{"name": name, "senders": user.senders} for name, user in known]
        click.echo(json.dumps([*rows, *map(person.shown, people)]))
        return
    for name, user in known:
        click.echo(f"{name}\t{' '.join(user.senders) or 'any sender'}")
    for one in people:
        click.echo(f"{one.name}\tpages: {one.role}{', disabled' if one.disabled else ''}")


@command.command("link")
@click.argument("name")
@config_option
def link(name: str, config_path: Path) -> None:
    """Print an address that signs a person of the pages in, once."""
    try:
        person.link(_config(config_path), config_path, name)
    except (PostduifError, OSError) as error:
        _fail(error)


@command.command("remove")
@click.argument("name")
@config_option
def remove(name: str, config_path: Path) -> None:
    """Remove a user or a person of the pages.

    All tokens of that name are revoked. SMTP sessions that are logged in go on; those of the pages end.
    """
    try:
        data_dir = _data_dir(config_path)
        left = person.remove(data_dir, name)
        # In this order: a token without its user may have any sender, and we may be killed in between.
        revoked, removed = tokens.revoke(data_dir, user=name), users.remove(data_dir, name)
    except (PostduifError, OSError) as error:
        _fail(error)
    if not removed and not revoked and not left:
        _fail(ConfigError(f"no user {name!r}; `postduif user list` shows those there are"))
    click.echo(f"{name}: removed" + (f", {revoked} tokens revoked" if revoked else ""))


@command.command("token")
@click.argument("name", required=False)
@click.option(
    "--sender",
    "senders",
    multiple=True,
    metavar="PATTERN",
    help="An address it may send from, in place of those of the user of that name. May be repeated.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="A token of the API, for a person of the pages: look, edit, send or administer. May be repeated.",
)
@click.option("--title", default="", help="What a token of the API is for.")
@click.option("--rate", default="", metavar="RATE", help="Recipients in a time, as 1000/m. Default: no limit.")
@click.option("--list", "listing", is_flag=True, help="Print the tokens there are, not what they are.")
@click.option("--revoke", metavar="ID", help="Take a token back; --list shows the ids.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option
def token(
    name: str | None,
    senders: tuple[str, ...],
    scopes: tuple[str, ...],
    title: str,
    rate: str,
    revoke: str | None,
    config_path: Path,
    *,
    listing: bool,
    as_json: bool,
) -> None:
    """Make, list or revoke tokens of the HTTP door or the API.

    With --scope it is one for the API. A new one is printed, once.

    NAME is whose it is. For the HTTP door, a user of that name need not be there.
    """
    if scopes and (senders or rate):
        raise click.UsageError("--scope makes a token of the API, which knows no --sender and no --rate")
    if sum((name is not None, listing, revoke is not None)) != 1:
        raise click.UsageError("name a user, or write --list, or --revoke ID")
    try:
        data_dir = _data_dir(config_path)
        if listing:
            _list_tokens(data_dir, as_json=as_json)
        elif revoke is not None:
            if not tokens.revoke(data_dir, id=revoke) and not person.revoke(data_dir, revoke):
                raise ConfigError(f"no token {revoke!r}; `postduif user token --list` shows those there are")
            click.echo(f"{revoke}: revoked")
        else:
            if scopes:
                made = person.token(_config(config_path), name or "", scopes, title)
            else:
                made = tokens.make(data_dir, name or "", senders, rate, time.time())
            click.echo(json.dumps({"token": made}) if as_json else made)
    except (PostduifError, OSError) as error:
        _fail(error)


def _list_tokens(data_dir: Path, *, as_json: bool) -> None:
    known = sorted(tokens.read(data_dir).values(), key=lambda one: (one.user, one.made))
    of_api = person.known_tokens(data_dir)
    if as_json:
        rows: list[dict[str, object]] = [
            {"id": one.id, "user": one.user, "made": one.made, "senders": one.senders, "rate": str(one.rate or "")}
            for one in known
        ]
        rows += [
            {"id": one.id, "user": one.person, "made": int(one.made), "scopes": sorted(one.scopes)} for one in of_api
        ]
        click.echo(json.dumps(rows))
        return
    for one in known:
        made = time.strftime("%Y-%m-%d", time.gmtime(one.made))
        click.echo("\t".join((one.id, one.user, made, str(one.rate or ""), " ".join(one.senders) or "as the user")))
    for token in of_api:
        made = time.strftime("%Y-%m-%d", time.gmtime(token.made))
        click.echo("\t".join((token.id, token.person, made, "", f"API: {' '.join(sorted(token.scopes))}")))


def _config(config_path: Path) -> Config:
    _data_dir(config_path)
    return load(config_path)


def _data_dir(config_path: Path) -> Path:
    data_dir = load(config_path).server.data_dir
    if not data_dir.is_dir():
        raise ConfigError(f"{data_dir} does not exist; create it, or correct server.data_dir in {config_path}")
    return data_dir


def _password(name: str) -> str:
    if sys.stdin.isatty():
        password: str = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
        return password
    line = sys.stdin.readline()
    if not line:
        raise ConfigError("standard input was empty; its first line is the password")
    return line.rstrip("\r\n")


def _fail(error: Exception) -> NoReturn:
    click.echo(f"postduif user: {error}", err=True)
    sys.exit(1)
