"""`postduif send`: one mail from the command line."""

from __future__ import annotations

import email
import email.policy
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from postduif.cli.send import command
from postduif.config.schema import Config
from postduif.envelope import Entry, Message
from postduif.errors import ConfigError
from postduif.mta.handover import door
from tests.cli.intake import configure, with_intake

TO = ("--to", "b@remote.example")


def send(directory: Path, *arguments: str, text: bytes = b"Hello\n") -> tuple[Result, list[tuple[Entry, Message]]]:
    """The outcome of the command and the queue afterwards."""
    return with_intake(
        directory, lambda running: CliRunner().invoke(command, ["-c", str(running.config), *arguments], input=text)
    )


def test_plain_mail(tmp_path: Path) -> None:
    """A plain mail is queued, and the queue id printed."""
    result, queued = send(tmp_path, *TO, "--to", "c@y.example", "--from", "a@app.example", "--subject", "Hi there")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [str(entry.recipient.address) for entry, _ in queued] == ["b@remote.example", "c@y.example"]
    entry, message = queued[0]
    assert result.stdout == f"{entry.envelope.id}\n"
    assert str(entry.envelope.sender) == "a@app.example"
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    assert parsed["From"] == "a@app.example"
    assert parsed["To"] == "b@remote.example, c@y.example"
    assert parsed["Subject"] == "Hi there"
    assert parsed["Date"]
    assert parsed["Message-ID"]
    assert parsed.get_content() == "Hello\r\n"


@pytest.mark.parametrize("text", ["Grüße\n\n.\n..x\n", "x" * 5000 + "\n", "no line end"])
def test_any_text(tmp_path: Path, text: str) -> None:
    """Text of any kind arrives as it was, in lines of mail that every host takes."""
    result, queued = send(tmp_path, *TO, "--subject", "Grüße", text=text.encode())
    assert result.exit_code == 0, result.stderr
    message = queued[0][1]
    assert message.content.isascii()
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    assert parsed.get_content().rstrip("\r\n") == text.replace("\n", "\r\n").rstrip("\r\n")  # type: ignore[attr-defined]
    assert parsed["Subject"] == "Grüße"


def test_sender_is_the_user(tmp_path: Path) -> None:
    """Without --from the user sends, at our host name."""
    _, queued = send(tmp_path, *TO)
    assert queued[0][0].envelope.sender.domain == "mta.example"


def test_own_fields_and_stream(tmp_path: Path) -> None:
    """Fields that are given replace ours; --stream names the stream."""
    result, queued = send(
        tmp_path, *TO, "--header", "From: X <x@app.example>", "--header", "X-Note: é", "--stream", "news"
    )
    assert result.exit_code == 0, result.stderr
    entry, message = queued[0]
    assert entry.envelope.stream == "news"
    parsed = email.message_from_bytes(message.content, policy=email.policy.default)
    assert parsed.get_all("From") == ["X <x@app.example>"]
    assert parsed["X-Note"] == "é"
    assert b"X-Postduif" not in message.content


def test_whole_mail_from_a_file(tmp_path: Path) -> None:
    """--raw sends a mail as it is."""
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"From: a@app.example\nSubject: raw\nDate: x\nMessage-ID: <1@a.example>\n\nBody\n")
    _, queued = send(tmp_path, *TO, "--raw", "--file", str(mail), "--from", "a@app.example")
    assert queued[0][1].content.endswith(mail.read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--to", "nobody"],
        [*TO, "--header", "no colon"],
        [*TO, "--header", "X: a\nBcc: b@x.example"],
        [*TO, "--header", "X Y: a"],
        [*TO, "--header", "From: é <a@x.example>"],
        [*TO, "--server", "nowhere"],
        [*TO, "--from", "a@"],
    ],
)
def test_usage(arguments: list[str]) -> None:
    """Wrong arguments exit with 2 and say what is right."""
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_refused(tmp_path: Path) -> None:
    """A refusal exits with 1, names the recipient, and nothing is sent to the others."""
    result, queued = send(tmp_path, *TO, "--to", "root@[127.0.0.1]", "--stream", "nws")
    assert result.exit_code == 1
    assert "X-Postduif-Stream names no stream" in result.stderr
    assert queued == []


def test_nobody_listens(tmp_path: Path) -> None:
    """Without a daemon it exits with 1 and names the remedy."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        config = configure(tmp_path, unused.getsockname()[1])
        result = CliRunner().invoke(command, ["-c", str(config), *TO], input=b"x\n")
    assert result.exit_code == 1
    assert "is `postduif serve` running?" in result.stderr


def test_no_configuration(tmp_path: Path) -> None:
    """A missing configuration exits with 1 and is named."""
    result = CliRunner().invoke(command, ["-c", str(tmp_path / "none.toml"), *TO], input=b"x\n")
    assert result.exit_code == 1
    assert "none.toml" in result.stderr


@pytest.mark.parametrize(
    "listener",
    [
        {"role": "inbound"},
        {"auth": "required", "auth_without_tls": True},
        {"tls": "implicit", "certificate": "/c"},
        {"address": "127.0.0.1:0"},
    ],
)
def test_no_door(listener: dict[str, object]) -> None:
    """A listener that asks for more than a command has is passed over."""
    wrong = {"address": "127.0.0.1:2525", **listener}
    right = {"address": "127.0.0.1:2526"}
    with pytest.raises(ConfigError, match="no submission listener"):
        door(Config.model_validate({"listener": [wrong]}))
    assert door(Config.model_validate({"listener": [wrong, right]})) == "127.0.0.1:2526"


def test_as_a_program(tmp_path: Path) -> None:
    """It works from a shell, with another server than the configured one."""
    arguments = [sys.executable, "-m", "postduif", "send", *TO, "--subject", "x"]
    result, queued = with_intake(
        tmp_path,
        lambda running: subprocess.run(
            [*arguments, "-c", str(configure(tmp_path, 1)), "--server", running.address],
            input=b"x\n",
            capture_output=True,
            check=False,
            timeout=60,
        ),
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode() == f"{queued[0][0].envelope.id}\n"
