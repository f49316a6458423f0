"""Signatures, judged by opendkim."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from postduif.config.schema import Dkim
from postduif.mta import dkim_keys
from postduif.mta.dkim import Signer
from tests.fakes import FakeClock
from tests.mta.odd_messages import seeded
from tests.peers import need

RESULT = re.compile(r"dkim=(\w+).*header\.a=([\w-]+)")


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    configured, published = [], []
    for selector, kind in (("r1", "rsa"), ("e1", "ed25519")):
        path = tmp_path / f"{selector}.pem"
        path.write_bytes(dkim_keys.generate(kind))
        path.chmod(0o600)
        configured.append(Dkim(domain="example.com", selector=selector, key=path))
        record = dkim_keys.public_record(dkim_keys.read_key(path))
        published.append(f"{dkim_keys.record_name('example.com', selector)} {record}\n")
    (tmp_path / "records").write_text("".join(published))
    return Signer.load(configured, FakeClock(time.time()))


def verified(directory: Path, messages: list[bytes]) -> list[list[tuple[str, str]]]:
    """(result, algorithm) of each signature of each message, as opendkim says without asking DNS."""
    (opendkim,) = need("opendkim")
    names = []
    for number, content in enumerate(messages):
        names.append(f"m{number}")
        (directory / names[-1]).write_bytes(content)
    (directory / "conf").write_text(
        f"TestPublicKeys {directory}/records\nMode v\nSyslog no\nTemporaryDirectory {directory}\nMaximumHeaders 0\n"
    )
    command = [opendkim, "-vvv", "-x", "conf", "-t", ",".join(names)]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, errors="replace", timeout=60)
    assert run.returncode == 0, run.stderr
    blocks = run.stdout.split("### INSHEADER:")[1:]
    assert len(blocks) == len(messages), run.stdout + run.stderr
    return [[(match[1], match[2]) for match in RESULT.finditer(block)] for block in blocks]


def test_opendkim_verifies_odd_messages(signer: Signer, tmp_path: Path) -> None:
    """A second implementation finds both signatures good on 200 odd messages."""
    contents = [seeded(number) for number in range(200)]
    signed = [signer.sign_now("example.com", content) + content for content in contents]
    for content, results in zip(contents, verified(tmp_path, signed), strict=True):
        assert results == [("pass", "rsa-sha256"), ("pass", "ed25519-sha256")], content


def test_opendkim_sees_tampering(signer: Signer, tmp_path: Path) -> None:
    """And it finds them bad when a field is added or the body grows: the test above can fail."""
    content = b"From: a@example.com\r\nSubject: one\r\n\r\nbody\r\n"
    signed = signer.sign_now("example.com", content) + content
    tampered = [b"Subject: two\r\n" + signed, b"Reply-To: x@y.z\r\n" + signed, signed + b"more\r\n"]
    for results in verified(tmp_path, tampered):
        assert results == [("fail", "rsa-sha256"), ("fail", "ed25519-sha256")]
