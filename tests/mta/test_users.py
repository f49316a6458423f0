"""The file of users: private, whole, and not lost between two writers."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postduif.errors import ConfigError
from postduif.mta import users


def test_add_list_remove(tmp_path: Path) -> None:
    """A user is added once, gets a new password, and is removed."""
    assert users.read(tmp_path) == {}
    assert not users.add(tmp_path, "alice@example.com", "one")
    assert not users.add(tmp_path, "Jürgen", "two")
    before = users.read(tmp_path)["alice@example.com"]
    assert users.add(tmp_path, "alice@example.com", "three")
    assert users.read(tmp_path)["alice@example.com"] != before
    assert users.remove(tmp_path, "Jürgen")
    assert not users.remove(tmp_path, "Jürgen")
    assert list(users.read(tmp_path)) == ["alice@example.com"]


def test_senders_are_kept(tmp_path: Path) -> None:
    """Senders stay with a new password, unless others are named; a file of before, without senders, is read."""
    users.add(tmp_path, "alice", "one", ["*@Example.org", "news@example.com"])
    assert users.read(tmp_path)["alice"].senders == ("*@example.org", "news@example.com")
    users.add(tmp_path, "alice", "two")
    assert users.read(tmp_path)["alice"].senders == ("*@example.org", "news@example.com")
    users.add(tmp_path, "alice", "two", ())
    assert users.read(tmp_path)["alice"].senders == ()
    (tmp_path / users.FILE).write_text("bob:$argon2id$x\n")
    assert users.read(tmp_path) == {"bob": users.User("$argon2id$x")}
    with pytest.raises(ConfigError):
        users.add(tmp_path, "alice", "one", ["*"])


@pytest.mark.parametrize("senders", ["*", "a b", "x@example.org *"])
def test_damaged_senders_let_nobody_send_from_everywhere(tmp_path: Path, senders: str) -> None:
    """A line whose senders cannot be read is an error, not a user with any sender."""
    (tmp_path / users.FILE).write_text(f"alice:$argon2id$x:{senders}\n")
    with pytest.raises(ConfigError):
        users.read(tmp_path)


def test_file_is_private_and_holds_no_password(tmp_path: Path) -> None:
    """The file is 0600 whatever the umask, nothing else is left in the directory, and hashes are argon2id."""
    before = os.umask(0)
    try:
        users.add(tmp_path, "alice", "secret")
    finally:
        os.umask(before)
    path = tmp_path / users.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == [users.FILE]
    assert path.read_text().startswith("alice:$argon2id$")
    assert "secret" not in path.read_text()


@pytest.mark.parametrize("name", ["", " ", "a:b", "a\nb", " a", "a ", "\x7f", "x" * 256, "ü" * 128])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    """A name that could break the file or a log is refused."""
    with pytest.raises(ConfigError):
        users.add(tmp_path, name, "secret")
    assert users.read(tmp_path) == {}


@pytest.mark.parametrize("password", ["", "a\0b", "x" * 1025])
def test_bad_passwords_are_refused(tmp_path: Path, password: str) -> None:
    """A password that AUTH could not carry is refused."""
    with pytest.raises(ConfigError):
        users.add(tmp_path, "alice", password)


def test_two_writers_do_not_lose_each_other(tmp_path: Path) -> None:
    """Users added at the same time are all there."""
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: users.add(tmp_path, f"user{number}", "x"), range(12)))
    assert len(users.read(tmp_path)) == 12


def test_damaged_file_is_named(tmp_path: Path) -> None:
    """The error names file, line and remedy."""
    (tmp_path / users.FILE).write_text("alice:$argon2id$x\nwhat is this\n")
    with pytest.raises(ConfigError, match=r"users:2: .*postduif user add"):
        users.read(tmp_path)


@pytest.mark.parametrize("name", ["a\u2028b", "a\x85b", "a\u00a0b"])
def test_odd_names_damage_no_file(tmp_path: Path, name: str) -> None:
    """A name with characters that some programs end a line at is one name, and nobody is locked out by it."""
    users.add(tmp_path, "alice", "one")
    users.add(tmp_path, name, "two")
    assert set(users.read(tmp_path)) == {"alice", name}


def test_file_that_is_no_text(tmp_path: Path) -> None:
    """A damaged file is said to be one, not taken for no users."""
    (tmp_path / users.FILE).write_bytes(b"\xff\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        users.read(tmp_path)
