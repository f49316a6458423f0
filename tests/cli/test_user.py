"""`postduif user`: add, list, remove; tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from postduif.cli.user import command
from postduif.mta import users
from postduif.mta.injection import tokens


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration whose data directory is empty."""
    path = tmp_path / "postduif.toml"
    (tmp_path / "data").mkdir()
    path.write_text(f'[server]\nhostname = "mx.example.org"\ndata_dir = "{tmp_path}/data"\n')
    return str(path)


def test_add_list_remove(config: str, tmp_path: Path) -> None:
    """The password is the first line of standard input and is not printed; names are listed; a user can go."""
    run = CliRunner().invoke
    added = run(command, ["add", "alice", "-c", config], input="open sesame\n")
    assert (added.exit_code, added.output) == (0, "alice: added\n")
    assert users.HASHER.verify(users.read(tmp_path / "data")["alice"].hashed, "open sesame")
    assert run(command, ["add", "alice", "-c", config], input="x\n").output == "alice: new password\n"
    assert run(command, ["list", "-c", config]).output == "alice\tany sender\n"
    listed = json.loads(run(command, ["list", "--json", "-c", config]).output)
    assert listed == [{"name": "alice", "senders": []}]
    assert run(command, ["remove", "alice", "-c", config]).exit_code == 0
    assert run(command, ["list", "-c", config]).output == ""


def test_senders(config: str) -> None:
    """--sender may be repeated; a new password keeps them; --any-sender lifts them, and does not go with --sender."""
    run = CliRunner().invoke
    add = ["add", "alice", "-c", config]
    run(command, [*add, "--sender", "*@example.com", "--sender", "news@example.org"], input="x\n")
    assert run(command, ["list", "-c", config]).output == "alice\t*@example.com news@example.org\n"
    run(command, add, input="y\n")
    assert run(command, ["list", "-c", config]).output == "alice\t*@example.com news@example.org\n"
    run(command, [*add, "--any-sender"], input="y\n")
    assert run(command, ["list", "-c", config]).output == "alice\tany sender\n"
    assert run(command, [*add, "--any-sender", "--sender", "*@example.com"], input="y\n").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["remove", "bob"], ""),
        (["add", "bob"], ""),
        (["add", "a:b"], "x\n"),
        (["add", "a", "--sender", "*"], "x\n"),
        (["list", "-c", "/nonexistent.toml"], ""),
    ],
)
def test_errors_are_one_line(config: str, arguments: list[str], given: str) -> None:
    """What is wrong is said in one line, with exit status 1."""
    result = CliRunner().invoke(command, [*arguments, *([] if "-c" in arguments else ["-c", config])], input=given)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_nothing_given(config: str) -> None:
    """Standard input that ends before a password is called that."""
    result = CliRunner().invoke(command, ["add", "bob", "-c", config], input="")
    assert result.stderr == "postduif user: standard input was empty; its first line is the password\n"


def test_tokens(config: str, tmp_path: Path) -> None:
    """A token is printed once, listed without its secret, and revoked by its id, or with the user of its name."""
    run = CliRunner().invoke
    made = run(command, ["token", "shop", "--sender", "*@shop.example", "--rate", "100/m", "-c", config]).output.strip()
    id_, secret = tokens.parts_of(made) or ("", "")
    assert tokens.read(tmp_path / "data")[id_].hashed == tokens.hash_of(secret)
    listed = run(command, ["token", "--list", "-c", config]).output
    assert listed.split("\t")[::2] == [id_, listed.split("\t")[2], "*@shop.example\n"]
    assert secret not in listed
    (row,) = json.loads(run(command, ["token", "--list", "--json", "-c", config]).output)
    assert (row["id"], row["user"], row["senders"], row["rate"]) == (id_, "shop", ["*@shop.example"], "100/m")
    assert run(command, ["token", "--revoke", id_, "-c", config]).output == f"{id_}: revoked\n"
    assert run(command, ["token", "--revoke", id_, "-c", config]).exit_code == 1
    run(command, ["token", "shop", "-c", config])
    assert run(command, ["remove", "shop", "-c", config]).output == "shop: removed, 1 tokens revoked\n"
    assert tokens.read(tmp_path / "data") == {}


def test_tokens_go_before_their_user(config: str, tmp_path: Path) -> None:
    """A removal that breaks off leaves no token without the user whose senders it may use."""
    CliRunner().invoke(command, ["token", "shop", "-c", config])
    (tmp_path / "data" / users.FILE).write_text("damaged\n")
    assert CliRunner().invoke(command, ["remove", "shop", "-c", config]).exit_code == 1
    assert tokens.read(tmp_path / "data") == {}


@pytest.mark.parametrize("words", [[], ["shop", "--list"], ["shop", "--revoke", "x"]])
def test_one_thing_at_a_time(config: str, words: list[str]) -> None:
    """A token is made, or tokens are listed, or one is revoked."""
    assert CliRunner().invoke(command, ["token", *words, "-c", config]).exit_code == 2
