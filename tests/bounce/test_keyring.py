"""Files of secret keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from postduif.bounce import keyring
from postduif.errors import ConfigError


def written(directory: Path, text: str, mode: int = 0o600) -> Path:
    """A key file that says `text`."""
    path = directory / "keys"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_made_once(tmp_path: Path) -> None:
    """A file that is absent is made with one key of 32 octets, for us alone, and read again afterwards."""
    path = tmp_path / "verp.keys"
    (key,) = keyring.load(path, create=True)
    assert len(key) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyring.load(path, create=True) == keyring.load(path, create=False) == (key,)
    assert list(tmp_path.iterdir()) == [path]


def test_made_at_the_same_time(tmp_path: Path) -> None:
    """Whoever makes the file at the same time, all read the same key."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: keyring.load(tmp_path / "keys", create=True), range(8)))
    assert len(found) == 1


def test_several(tmp_path: Path) -> None:
    """Keys stand one a line, in their order; comments and empty lines are skipped."""
    path = written(tmp_path, f"# new\n{'ab' * 32}\n\n  {'CD' * 16}  \n")
    assert keyring.load(path, create=True) == (b"\xab" * 32, b"\xcd" * 16)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has 0 keys; write 1 to 16"),
        ("\n".join(f"{number:032x}" for number in range(17)), "has 17 keys"),
        (f"{'ab' * 32}\nsecret\n", ":2: not hexadecimal"),
        ("ü" * 32, ":1: not hexadecimal"),
        ("ab" * 15, ":1: the key has 15 octets; write 16 to 64"),
        ("ab" * 65, ":1: the key has 65 octets"),
        (f"{'ab' * 16}\n{'AB' * 16}\n", ":2: this key stands there already"),
    ],
)
def test_wrong(tmp_path: Path, text: str, words: str) -> None:
    """What is wrong is said with the line and the remedy, and without the key."""
    with pytest.raises(ConfigError, match=words) as found:
        keyring.load(written(tmp_path, text), create=True)
    said = str(found.value).removeprefix(str(tmp_path))
    assert "abab" not in said
    assert "secret" not in said


def test_not_private(tmp_path: Path) -> None:
    """A file that others may read is refused."""
    with pytest.raises(ConfigError, match=r"open to others .*chmod 600"):
        keyring.load(written(tmp_path, "ab" * 32, 0o644), create=True)


def test_configured_is_not_made(tmp_path: Path) -> None:
    """A configured file that is absent is a mistake in the configuration."""
    with pytest.raises(ConfigError, match="does not exist"):
        keyring.load(tmp_path / "keys", create=False)


def test_no_directory(tmp_path: Path) -> None:
    """Where the file cannot be made, the remedy is said."""
    with pytest.raises(ConfigError, match=r"cannot be made .*; create its directory"):
        keyring.load(tmp_path / "no" / "keys", create=True)
