"""Mails are found in single files, mboxes, Maildirs and standard input."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.cli import mail_files
from postduif.cli.mail_files import Found, mails

ONE, TWO = b"Subject: 1\n\nFrom here on\n\nFrom nowhere to 12\n", b"Subject: 2\r\n\r\n\xff\r\n"
LINE = b"From MAILER-DAEMON Sat Nov 21 18:00:00 2026\n"


def names(found: list[Found]) -> list[str]:
    """The last part of where each was."""
    return [Path(one.name).name for one in found]


def test_one_mail(tmp_path: Path) -> None:
    """A file that does not begin as an mbox is one mail, as it is."""
    (tmp_path / "a").write_bytes(ONE)
    (tmp_path / "b").write_bytes(b"")
    assert list(mails(tmp_path / "a")) == [Found(str(tmp_path / "a"), ONE)]
    assert list(mails(tmp_path / "b")) == [Found(str(tmp_path / "b"), b"")]


def test_mbox(tmp_path: Path) -> None:
    """Mails of an mbox begin with a From line behind an empty one; words in a text do not."""
    (tmp_path / "m").write_bytes(LINE + ONE + b"\n" + LINE.replace(b"\n", b"\r\n") + TWO)
    found = list(mails(tmp_path / "m"))
    assert names(found) == ["m:1", "m:2"]
    assert [one.content for one in found] == [ONE + b"\n", TWO]


def test_maildir(tmp_path: Path) -> None:
    """What is new and what was seen, not what is being written."""
    for folder, name in (("new", "b"), ("cur", "a:2,S"), ("tmp", "c")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(ONE)
    assert names(list(mails(tmp_path))) == ["b", "a:2,S"]


def test_no_more_than_so_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a mail that is too large the beginning is taken, and the next one is found."""
    monkeypatch.setattr(mail_files, "MAX_OCTETS", 50)
    large = b"x" * 39 + b"\n"
    (tmp_path / "m").write_bytes(LINE + large * 4 + b"\n" + LINE + TWO)
    assert [one.content for one in mails(tmp_path / "m")] == [large, TWO]
    (tmp_path / "a").write_bytes(b"y" * 100)
    assert [len(one.content) for one in mails(tmp_path / "a")] == [50]


def test_absent(tmp_path: Path) -> None:
    """A file that is not there is an error."""
    with pytest.raises(FileNotFoundError):
        list(mails(tmp_path / "nothing"))
