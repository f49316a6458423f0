"""Private keys are read only when nobody else can."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from postduif.config.private_files import MAX_OCTETS, read_private
from postduif.errors import ConfigError


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private file."""
    path = tmp_path / "dkim" / "key.pem"
    path.parent.mkdir()
    path.write_bytes(b"secret")
    path.chmod(0o600)
    return path


def refused(path: Path) -> str:
    """Why a file is refused."""
    with pytest.raises(ConfigError) as caught:
        read_private(path)
    assert "\n" not in str(caught.value)
    assert b"secret" not in str(caught.value).encode()
    return str(caught.value)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_private(key: Path, mode: int) -> None:
    """A file that only its owner may read is read."""
    key.chmod(mode)
    assert read_private(key) == b"secret"


@pytest.mark.parametrize(
    ("mode", "who"), [(0o640, "group"), (0o644, "others"), (0o604, "others"), (0o620, "group"), (0o602, "others")]
)
def test_open_to_others(key: Path, mode: int, who: str) -> None:
    """A file that group or others may read or write is refused, and the remedy is a command."""
    key.chmod(mode)
    assert f"open to {'its ' if who == 'group' else ''}{who}" in refused(key)
    assert f"; run: chmod 600 {key}" in refused(key)


def test_symbolic_links(key: Path, tmp_path: Path) -> None:
    """A link is as good as the file it leads to."""
    link = tmp_path / "link.pem"
    link.symlink_to(key)
    assert read_private(link) == b"secret"
    key.chmod(0o644)
    assert "open to others" in refused(link)


def test_not_regular(tmp_path: Path) -> None:
    """A FIFO, a directory and a device are refused at once; none of them is waited for."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    for path in (fifo, tmp_path, Path("/dev/null")):
        assert "not a regular file" in refused(path)


def test_absent(tmp_path: Path) -> None:
    """A file that is not there, or a link to nothing, says so."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nothing")
    for path in (tmp_path / "x", link):
        assert "does not exist" in refused(path)
    assert "cannot be read" in refused(tmp_path / ("y" * 300))


def test_too_long(key: Path) -> None:
    """No file fills the memory."""
    key.write_bytes(b"x" * (MAX_OCTETS + 1))
    assert "longer than" in refused(key)


def test_of_another_user(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another user than root and the one we run as is refused, for he could replace it."""
    if os.geteuid() == 0:
        os.chown(key, 12345, 12345)
        assert read_private(key) == b"secret"  # root reads for the service
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert "belongs to another user" in refused(key)


@pytest.mark.parametrize("name", ["key.pem", "dkim_key.pem"])
def test_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An absent file is found among systemd's credentials, by its name or by that of its directory's credential."""
    directory = tmp_path / "credentials"
    directory.mkdir()
    (directory / name).write_bytes(b"secret")
    (directory / name).chmod(0o440)  # as systemd's access control list looks
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))
    assert read_private(Path("/nonexistent/dkim/key.pem")) == b"secret"
    (directory / name).chmod(0o444)
    assert "open to others" in refused(Path("/nonexistent/dkim/key.pem"))


def test_the_file_goes_before_the_credential(key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can be read is the one that is meant."""
    (tmp_path / "key.pem").write_bytes(b"other")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_private(key) == b"secret"
