"""People of the pages on the command line: `postduif user add --role`, `link`, `token --scope`, `list`, `remove`."""

from __future__ import annotations

import getpass
import time
from pathlib import Path
from typing import Any

import click

from postduif.campaign.accounts import people, sessions, tokens
from postduif.campaign.accounts.connection import SCHEMA, accounts
from postduif.campaign.accounts.roles import role_of
from postduif.campaign.database import path_of
from postduif.campaign.mailings.changing import By
from postduif.config.schema import Config
from postduif.config.web_address import web_origin

NOWHERE = 'the pages have no address; write address = "127.0.0.1:8025" under [web] in {path}'


def add(config: Config, config_path: Path, name: str, role: str, title: str | None) -> None:
    """A new person, or another role for one; a new one gets a sign-in address. Raises PostduifError."""
    with accounts(config.server.data_dir) as connection:
        there = people.found(connection, name)
        if there is None:
            person = people.add(connection, name, title or "", role_of(role), _by())
            click.echo(f"{person.name}: added as {person.role}")
            _show_link(config, config_path, sessions.make_link(connection, person.name, _by()))
            return
        changed = there._replace(role=role_of(role), title=there.title if title is None else title, disabled=False)
        people.change(connection, changed, _by())
    click.echo(f"{there.name}: is {changed.role}")


def link(config: Config, config_path: Path, name: str) -> None:
    """An address that signs this person in once. Raises PostduifError."""
    with accounts(config.server.data_dir) as connection:
        _show_link(config, config_path, sessions.make_link(connection, name, _by()))


def token(config: Config, name: str, scopes: tuple[str, ...], title: str) -> str:
    """A new token of the API. Raises PostduifError."""
    with accounts(config.server.data_dir) as connection:
        return tokens.make(connection, name, title, scopes, _by())


def known_tokens(data_dir: Path) -> list[tokens.Token]:
    """Those of the API. Raises StoreError."""
    if not _there(data_dir):
        return []
    with accounts(data_dir) as connection:
        return tokens.tokens_of(connection)


def revoke(data_dir: Path, id_: str) -> bool:
    """Take a token of the API back. False: there is none of that name."""
    if id_ not in {one.id for one in known_tokens(data_dir)}:
        return False
    with accounts(data_dir) as connection:
        tokens.revoke(connection, id_, _by())
    return True


def everybody(data_dir: Path) -> list[people.Person]:
    """Who may use the pages. Raises StoreError."""
    if not _there(data_dir):
        return []
    with accounts(data_dir) as connection:
        return people.everybody(connection)


def shown(person: people.Person) -> dict[str, Any]:
    """As JSON has it."""
    return {"name": person.name, "title": person.title, "role": person.role.value, "disabled": person.disabled}


def remove(data_dir: Path, name: str) -> bool:
    """False: there is nobody of that name. Raises PostduifError for the last administrator."""
    if not _there(data_dir):
        return False
    with accounts(data_dir) as connection:
        person = people.found(connection, name)
        if person is not None:
            people.remove(connection, person.name, _by())
    return person is not None


def _there(data_dir: Path) -> bool:
    return path_of(data_dir, SCHEMA).exists()


def _by() -> By:
    return By(f"{getpass.getuser()} (command line)", time.time())


def _show_link(config: Config, config_path: Path, secret: str) -> None:
    origin = web_origin(config.web)
    if origin:
        click.echo(f"{origin}/enter/{secret}")
        click.echo(f"The address signs in once, within {sessions.LINK_LIFE / 60:.0f} minutes.", err=True)
    else:
        click.echo(NOWHERE.format(path=config_path), err=True)
