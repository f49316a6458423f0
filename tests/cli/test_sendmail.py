"""`postduif sendmail`: what programs expect of /usr/sbin/sendmail."""

from __future__ import annotations

import email
import io
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from postduif.cli.sendmail import run, status_of
from postduif.cli.sendmail_options import read_options
from postduif.envelope import Entry, Message, Notify
from postduif.reply import Reply
from tests.cli.intake import configure, with_intake

MAIL = b"To: b@remote.example\nSubject: x\n\nHello\n"


def sendmail(directory: Path, *arguments: str, mail: bytes = MAIL) -> tuple[int, list[tuple[Entry, Message]]]:
    """The exit status and the queue afterwards."""
    return with_intake(directory, lambda running: run(["-C", str(running.config), *arguments], io.BytesIO(mail)))


def recipients(queued: list[tuple[Entry, Message]]) -> list[str]:
    """Of everything in the queue."""
    return [str(entry.recipient.address) for entry, _ in queued]


def body(queued: list[tuple[Entry, Message]]) -> bytes:
    """Of the first mail in the queue."""
    return queued[0][1].content.partition(b"\r\n\r\n")[2]


def test_recipients_as_arguments(tmp_path: Path) -> None:
    """Arguments are recipients; the sender is -f; lines become those of mail."""
    status, queued = sendmail(tmp_path, "-fa@app.example", "b@remote.example", "<c@y.example>")
    assert status == os.EX_OK
    assert recipients(queued) == ["b@remote.example", "c@y.example"]
    assert str(queued[0][0].envelope.sender) == "a@app.example"
    assert body(queued) == b"Hello\r\n"


def test_recipients_of_the_header(tmp_path: Path) -> None:
    """-t finds To, Cc and Bcc, with names and groups, adds the arguments, and tells nobody of Bcc."""
    mail = (
        b'To: "B, the" <b@x.example>, g: c@x.example;\nCc: (a comment)\n d@x.example\nBcc: e@x.example\n'
        b"Subject: x\n\nTo: not@x.example\n"
    )
    status, queued = sendmail(tmp_path, "-ti", "-f", "a@app.example", "f@x.example", "b@x.example", mail=mail)
    assert status == os.EX_OK
    assert recipients(queued) == [f"{name}@x.example" for name in "fbcde"]
    assert b"Bcc" not in queued[0][1].content


def test_sent_again(tmp_path: Path) -> None:
    """With Resent fields those count (RFC 5322 3.6.6)."""
    mail = b"Resent-To: c@x.example\nResent-From: a@x.example\nFrom: o@x.example\n" + MAIL
    assert recipients(sendmail(tmp_path, "-t", mail=mail)[1]) == ["c@x.example"]


def test_local_users(tmp_path: Path) -> None:
    """Names without a domain are of this machine: sender, recipients, and the author as cron writes it."""
    mail = b"From: root (Cron Daemon)\nSubject: x\n\nx\n"
    status, queued = sendmail(tmp_path, "-f", "root", "postmaster", mail=mail)
    assert status == os.EX_OK
    assert recipients(queued) == ["me@mail.example"]
    assert str(queued[0][0].envelope.sender) == "root@mta.example"
    assert email.message_from_bytes(queued[0][1].content)["From"] == "root@mta.example (Cron Daemon)"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b'"Cron" <root>', '"Cron" <root@mta.example>'),
        (b"root", "root@mta.example"),
        (b"Jo <jo@x.example>", "Jo <jo@x.example>"),
    ],
)
def test_author(tmp_path: Path, given: bytes, expected: str) -> None:
    """An author with a domain stays; a local one gets ours, and no other field changes."""
    mail = b"X-From: " + given + b"\nFrom: " + given + b"\n" + MAIL
    _, queued = sendmail(tmp_path, "b@x.example", mail=mail)
    parsed = email.message_from_bytes(queued[0][1].content)
    assert (parsed["From"], parsed["X-From"]) == (expected, given.decode())


def test_full_name(tmp_path: Path) -> None:
    """-F names the author of a mail without From."""
    _, queued = sendmail(tmp_path, "-F", 'Jo "the" Doe', "-f", "jo@x.example", "b@x.example")
    assert email.message_from_bytes(queued[0][1].content)["From"] == '"Jo \\"the\\" Doe" <jo@x.example>'


@pytest.mark.parametrize("null", ["", "<>"])
def test_null_sender(tmp_path: Path, null: str) -> None:
    """An empty sender is the null sender."""
    _, queued = sendmail(tmp_path, "-f", null, "b@x.example", mail=b"From: a@x.example\n" + MAIL)
    assert str(queued[0][0].envelope.sender) == ""


DOTS = b"Subject: x\n\none\n.\ntwo\n..\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], b"one\r\n"), (["-i"], b"one\r\n.\r\ntwo\r\n..\r\n"), (["-oi"], b"one\r\n.\r\ntwo\r\n..\r\n")],
)
def test_a_line_of_one_dot(tmp_path: Path, arguments: list[str], expected: bytes) -> None:
    """A line of one dot ends the mail, unless -i or -oi says that it does not."""
    assert body(sendmail(tmp_path, *arguments, "b@x.example", mail=DOTS)[1]) == expected


def test_mbox_line(tmp_path: Path) -> None:
    """A From line of an mbox is not part of the mail."""
    _, queued = sendmail(tmp_path, "b@x.example", mail=b"From a@x Mon Jan  1 00:00:00 2024\n" + MAIL)
    assert email.message_from_bytes(queued[0][1].content)["Subject"] == "x"


def test_wishes(tmp_path: Path) -> None:
    """-N, -R and -V are NOTIFY, RET and ENVID (RFC 3461)."""
    _, queued = sendmail(tmp_path, "-N", "failure,delay", "-R", "hdrs", "-V", "id-1", "b@x.example")
    entry = queued[0][0]
    assert entry.recipient.notify == Notify.FAILURE | Notify.DELAY
    assert (entry.envelope.ret, entry.envelope.envid) == ("HDRS", "id-1")


def test_mail_beyond_ascii(tmp_path: Path) -> None:
    """8-bit text, UTF-8 headers and addresses go through."""
    mail = "Subject: é\n\nGrüße\n".encode()
    status, queued = sendmail(tmp_path, "jö@x.example", mail=mail)
    assert status == os.EX_OK
    assert recipients(queued) == ["jö@x.example"]
    assert queued[0][0].envelope.smtputf8


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-bp"],
        ["-bs"],
        ["-bd"],
        ["-q30m"],
        ["-Z"],
        ["-f"],
        ["-N", "sometimes", "b@x.example"],
        ["-R", "all", "b@x.example"],
        ["-V", "a b", "b@x.example"],
    ],
)
def test_usage(tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong or missing arguments exit with 64 and say so in one line."""
    assert run(["-C", str(configure(tmp_path, 1)), *arguments], io.BytesIO(MAIL)) == os.EX_USAGE
    assert capsys.readouterr().err.startswith("sendmail: ")


@pytest.mark.parametrize(
    ("arguments", "mail", "status"),
    [
        (["not an address@x.example"], MAIL, os.EX_DATAERR),
        (["-t"], b"To: <<b@x.example>\n\nx\n", os.EX_DATAERR),
        (["b@x.example"], b"x" * 21 * 1024, os.EX_DATAERR),
        (["b@x.example"], b"Subject: a\0b\n\nx\n", os.EX_DATAERR),
        (["nobody", "b@x.example"], b"From: a@x.example\nFrom: b@x.example\n\nx\n", os.EX_DATAERR),
    ],
)
def test_what_cannot_be_sent(tmp_path: Path, arguments: list[str], mail: bytes, status: int) -> None:
    """A bad address and a bad mail exit with 65, and nothing is queued."""
    assert sendmail(tmp_path, *arguments, mail=mail) == (status, [])


def test_daemon_is_away(tmp_path: Path) -> None:
    """Without a daemon it exits with 75, so that the caller keeps the mail and tries again."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        config = configure(tmp_path, unused.getsockname()[1])
        assert run(["-C", str(config), "b@x.example"], io.BytesIO(MAIL)) == os.EX_TEMPFAIL


def test_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that is missing or opens no door exits with 78; -C goes before the environment."""
    monkeypatch.setenv("POSTDUIF_CONFIG", str(tmp_path / "none.toml"))
    assert run(["b@x.example"], io.BytesIO(MAIL)) == os.EX_CONFIG
    config = configure(tmp_path, 1, 'role = "inbound"')
    assert run(["-C", str(config), "b@x.example"], io.BytesIO(MAIL)) == os.EX_CONFIG


@pytest.mark.parametrize(
    ("code", "enhanced", "status"),
    [
        (450, "4.2.1", os.EX_TEMPFAIL),
        (421, "", os.EX_TEMPFAIL),
        (550, "5.1.1", os.EX_NOUSER),
        (550, "5.1.2", os.EX_NOHOST),
        (550, "5.7.1", os.EX_NOPERM),
        (530, "5.7.0", os.EX_NOPERM),
        (554, "5.6.0", os.EX_DATAERR),
        (501, "5.5.4", os.EX_PROTOCOL),
        (552, "5.3.4", os.EX_UNAVAILABLE),
        (550, "", os.EX_UNAVAILABLE),
    ],
)
def test_statuses(code: int, enhanced: str, status: int) -> None:
    """Refusals become the statuses of sysexits.h."""
    assert status_of(Reply(code, enhanced, "x")) == status


def test_options_as_callers_write_them() -> None:
    """Letters stand together, values stand beside or behind, what is unknown but harmless changes nothing."""
    options = read_options(
        ["-oem", "-odb", "-O", "x=y", "-B8BITMIME", "-Am", "-h", "5", "-nmv", "-it", "-Fa b", "-r", "s@x", "--", "-x@y"]
    )
    assert (options.dots, options.from_header, options.verbose) == (True, True, True)
    assert (options.full_name, options.sender, options.recipients) == ("a b", "s@x", ["-x@y"])


def test_as_a_program(tmp_path: Path) -> None:
    """It works from a shell, with every word left to it, and -v prints the queue id."""
    result, queued = with_intake(
        tmp_path,
        lambda running: subprocess.run(
            [sys.executable, "-m", "postduif", "sendmail", "-v", "-i", "-f", "a@x.example", "--", "-b@x.example"],
            input=MAIL,
            env={**os.environ, "POSTDUIF_CONFIG": str(running.config)},
            capture_output=True,
            check=False,
            timeout=60,
        ),
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert recipients(queued) == ["-b@x.example"]
    assert result.stdout.decode() == f"queued as {queued[0][0].envelope.id}\n"
