"""A signature is checked with the key, not by the look of it."""

from __future__ import annotations

from pathlib import Path

import dkim
import pytest

from bench.errors import BenchError
from bench.proof import check, make_key

MESSAGE = b"From: <bench@sender.example>\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A new key, private to its owner."""
    path = tmp_path / "key.pem"
    make_key(path)
    assert path.stat().st_mode & 0o077 == 0
    return path


def test_signed(key: Path) -> None:
    """A good signature passes, a changed body does not, and a signature nobody asked for does not either."""
    signed = dkim.sign(MESSAGE, b"bench", b"sender.example", key.read_bytes()) + MESSAGE
    check(signed, key, signed=True)
    with pytest.raises(BenchError, match="not verify"):
        check(signed + b"more\r\n", key, signed=True)
    with pytest.raises(BenchError, match="should not"):
        check(signed, key, signed=False)


def test_unsigned(key: Path) -> None:
    """No signature is right when none was asked for, and only then."""
    check(MESSAGE, key, signed=False)
    with pytest.raises(BenchError, match="signed nothing"):
        check(MESSAGE, key, signed=True)
