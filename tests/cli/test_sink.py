"""`postduif sink` as a program."""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LETTER = b"From: a@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n"


def start(*options: str) -> tuple[subprocess.Popen[str], int]:
    """A running sink and its port."""
    program = subprocess.Popen(
        [sys.executable, "-m", "postduif", "sink", "--listen", "127.0.0.1:0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    first = program.stdout.readline()
    assert first.startswith("listening on 127.0.0.1:"), program.communicate()
    return program, int(first.rpartition(":")[2])


def send(port: int, content: bytes = LETTER, recipient: str = "b@example.com") -> None:
    """Deliver one message."""
    with smtplib.SMTP("127.0.0.1", port, "client.test", timeout=60) as client:
        client.sendmail("a@example.org", [recipient], content)


def test_ends_after_a_count(tmp_path: Path) -> None:
    """--count ends it with status 0; the figures are JSON and the messages where they were asked for."""
    store, record, mbox = tmp_path / "mail", tmp_path / "record.jsonl", tmp_path / "mbox"
    program, port = start("--count", "2", "--json", "--store", str(store), "--record", str(record), "--mbox", str(mbox))
    send(port)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(port, recipient="tempfail@example.com")
    send(port)
    out, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    figures = json.loads(out)
    assert figures["messages"] == 2
    assert figures["refused"] == {"450 4.2.1": 1}
    assert figures["duplicates"] == 1
    assert len(list((store / "new").iterdir())) == 2
    assert [json.loads(line)["recipients"] for line in record.read_text().splitlines()] == [["b@example.com"]] * 2
    assert mbox.read_text().count("\nFrom ") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_on_a_signal(number: signal.Signals) -> None:
    """A signal ends it, the figures come as text, and a line of figures came before."""
    program, port = start("--every", "100ms", "--tls", "--without", "chunking,dsn")
    send(port)
    assert program.stderr
    assert program.stderr.readline().startswith("connections=")
    program.send_signal(number)
    out, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    assert "messages         1\n" in out


def test_fails_on_a_bad_signature(tmp_path: Path) -> None:
    """With --key-file signatures are checked, and a bad one makes the exit status 1."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    option = f"--key-file=x._domainkey.example.org={tmp_path}/key.pem"
    signature = dkim.sign(LETTER, b"x", b"example.org", pem)
    for content, status in ((signature + LETTER, 0), (signature + LETTER + b"more\r\n", 1)):
        program, port = start("--count", "1", "--json", "--quiet", option)
        send(port, content)
        out, _ = program.communicate(timeout=60)
        assert program.returncode == status
        assert json.loads(out)["signatures"] == {"good": 1 - status, "bad": status, "none": 0}


@pytest.mark.parametrize(
    ("options", "status", "complaint"),
    [
        (["--without", "chunky"], 1, "no such extension: CHUNKY"),
        (["--rules", "/nonexistent.toml"], 1, "/nonexistent.toml: No such file"),
        (["--verify"], 1, "add --key-file"),
        (["--private-key", "x"], 1, "add --certificate"),
        (["--certificate", "/nonexistent.pem"], 1, "No such file"),
        (["--listen", "nowhere"], 2, "write 127.0.0.1:2526"),
        (["--max-size", "big"], 2, "is not a size"),
        (["--count", "0"], 2, "0"),
    ],
)
def test_says_what_is_wrong(options: list[str], status: int, complaint: str) -> None:
    """What cannot be started is said in one line with a remedy: status 1, or 2 for wrong usage."""
    program = subprocess.run(
        [sys.executable, "-m", "postduif", "sink", *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert program.returncode == status
    assert complaint in program.stderr
    assert "Traceback" not in program.stderr
