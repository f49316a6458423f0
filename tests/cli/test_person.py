"""`postduif user` for people of the pages: add with a role, link, token with scopes, list, remove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from postduif.campaign.accounts import sessions, tokens
from postduif.campaign.accounts.connection import accounts
from postduif.campaign.accounts.roles import Permission
from postduif.cli.user import command

SOME_DAY = 1e12


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration with pages, and a data directory of its own."""
    path = tmp_path / "postduif.toml"
    (tmp_path / "data").mkdir(mode=0o700)
    path.write_text(
        f'[server]\nhostname = "mx.example.org"\ndata_dir = "{tmp_path}/data"\n[web]\naddress = "127.0.0.1:8025"\n'
    )
    return str(path)


def user(config: str, *words: str) -> Result:
    """`postduif user` with these words."""
    return CliRunner().invoke(command, [*words, "-c", config])


def test_a_person_comes_in_by_an_address(config: str, tmp_path: Path) -> None:
    """A new person gets an address that names the pages and signs in; another role is told."""
    added = user(config, "add", "anna", "--role", "administrator", "--title", "Anna Jansen")
    assert added.exit_code == 0
    first, address = added.stdout.splitlines()
    assert first == "anna: added as administrator"
    again = user(config, "link", "anna").stdout.strip()
    assert address != again
    for one in (address, again):
        origin, secret = one.rsplit("/", 1)
        assert origin == "http://127.0.0.1:8025/enter"
        with accounts(tmp_path / "data") as connection:
            made = connection.execute("SELECT min(until) FROM link").fetchone()[0] - sessions.LINK_LIFE
            assert sessions.use_link(connection, secret, made).title == "Anna Jansen"
    user(config, "add", "piet", "--role", "sender")
    assert user(config, "add", "piet", "--role", "viewer").stdout == "piet: is viewer\n"
    assert user(config, "list").stdout == "anna\tpages: administrator\npiet\tpages: viewer\n"
    assert json.loads(user(config, "list", "--json").stdout)[1] == {
        "name": "piet", "title": "piet", "role": "viewer", "disabled": False
    }  # fmt: skip


def test_tokens_of_the_api(config: str, tmp_path: Path) -> None:
    """A token with scopes works until it is revoked, and is listed beside those of the HTTP door."""
    user(config, "add", "anna", "--role", "administrator")
    made = user(config, "token", "anna", "--scope", "look", "--scope", "send", "--title", "shop").stdout.strip()
    with accounts(tmp_path / "data") as connection:
        bearer = tokens.bearer(connection, made, SOME_DAY)
        assert bearer is not None
        assert (bearer.may(Permission.SEND), bearer.may(Permission.EDIT)) == (True, False)
    assert "anna" in user(config, "token", "--list").stdout
    (row,) = json.loads(user(config, "token", "--list", "--json").stdout)
    assert row["scopes"] == ["look", "send"]
    assert user(config, "token", "--revoke", row["id"]).exit_code == 0
    with accounts(tmp_path / "data") as connection:
        assert tokens.bearer(connection, made, SOME_DAY) is None


def test_removed(config: str) -> None:
    """A person goes, but the last administrator does not."""
    user(config, "add", "anna", "--role", "administrator")
    user(config, "add", "piet", "--role", "editor")
    assert user(config, "remove", "piet").exit_code == 0
    refused = user(config, "remove", "anna")
    assert (refused.exit_code, "only administrator" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("add", "anna", "--role", "boss"),
        ("add", "An na", "--role", "viewer"),
        ("add", "anna", "--title", "Anna"),
        ("add", "anna", "--role", "viewer", "--any-sender"),
        ("link", "nobody"),
        ("token", "nobody", "--scope", "look"),
        ("token", "anna", "--scope", "look", "--rate", "1/s"),
        ("remove", "nobody"),
    ],
)
def test_what_cannot_be(config: str, words: tuple[str, ...]) -> None:
    """It fails with a line that says so, and nobody is added."""
    assert user(config, *words).exit_code in (1, 2)
    assert user(config, "list").stdout == ""
