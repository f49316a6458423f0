"""SpamAssassin: a real spamd on loopback, and one that answers strangely."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator

import pytest

from postduif.campaign.checks import spamassassin
from postduif.campaign.checks.spam import MAX_REPLY, MAX_SAMPLE, SpamScore
from postduif.config.kinds import HostPort
from tests.campaign.checks.scripted import met
from tests.campaign.checks.spam_daemon import PATIENCE, running
from tests.peers import need
from tests.stories.roads import free_port

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
MESSAGE = (
    b"From: News <news@example.com>\r\nTo: jo@example.net\r\nSubject: The minutes\r\n"
    b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1234567.abc@example.com>\r\n\r\n"
    b"Dear Jo, the minutes of the meeting are ready. Shall we look at them on Monday?\r\n"
)
ANSWER = b"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: %s\r\n\r\nA_B,CAPS\r\n"


@pytest.fixture(scope="module")
def spamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostPort]:
    """Debian's, with local rules only and no DNS."""
    (program,) = need("spamd")
    home = tmp_path_factory.mktemp("spamd")
    port = free_port()
    command = [program, "--local", "--nouser-config", "--max-children=1", "--syslog=stderr", "--listen=127.0.0.1"]
    command += [f"--port={port}", f"--helper-home-dir={home}", f"--pidfile={home / 'pid'}"]
    if not os.geteuid():
        command.append("--username=nobody")
    with running(command, port, home / "log") as address:
        yield address


def test_a_real_spamd_scores(spamd: HostPort) -> None:
    """An ordinary message is none of its business, and the pattern that it is tested with is spam."""
    good = asyncio.run(spamassassin.score(spamd, MESSAGE, PATIENCE))
    bad = asyncio.run(spamassassin.score(spamd, MESSAGE + GTUBE + b"\r\n", PATIENCE))
    assert (good.fault, good.spam, good.limit) == ("", False, 5.0)
    assert good.score < 3
    assert (bad.fault, bad.spam, bad.score > 900) == ("", True, True)
    assert "GTUBE" in {symbol.name for symbol in bad.symbols}
    assert "GTUBE" not in {symbol.name for symbol in good.symbols}


def answered(answer: bytes | None, timeout: float = 10.0) -> SpamScore:
    """What comes of that answer."""
    found, _ = met(answer, lambda address: spamassassin.score(address, MESSAGE, timeout))
    return found


def test_what_is_asked() -> None:
    """The command, the version, and how long the message is."""
    found, asked = met(ANSWER % b"False ; -1.5 / 5.0", lambda address: spamassassin.score(address, MESSAGE, 10.0))
    assert asked == b"SYMBOLS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(MESSAGE)
    assert (found.score, found.limit, found.spam, found.fault) == (-1.5, 5.0, False, "")
    assert [symbol.name for symbol in found.symbols] == ["A_B", "CAPS"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "does not answer as spamd does"),
        (b"HTTP/1.0 400 Bad\r\n\r\n", "does not answer as spamd does"),
        (b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1 / 5", "does not answer as spamd does"),
        (b"SPAMD/1.1 76 Bad header line\r\n\r\n", "says 76 Bad header line"),
        (b"SPAMD/1.1 0 EX_OK\r\n\r\n", "gives no score"),
        (ANSWER % b"True ; 1.2.3 / 5", "gives no score"),
        (ANSWER % b"True ; 1 / 0", "gives no score"),
        (ANSWER % b"True ; nan / 5", "gives no score"),
        (ANSWER % b"True ; 9 / 5" + b"x" * MAX_REPLY, "does not answer as spamd does"),
        (b"\xff" * 100, "does not answer as spamd does"),
    ],
    ids=range(10),
)
def test_strange_answers(answer: bytes, words: str) -> None:
    """What is not understood is said, and scores nothing."""
    found = answered(answer)
    assert words in found.fault
    assert (found.score, found.spam) == (0, False)


def test_no_answer_in_time() -> None:
    """A filter that hangs keeps nobody waiting."""
    assert answered(None, 0.2).fault.endswith("gave no answer within 200ms")


def test_nobody_at_the_port() -> None:
    """Nobody there is said too."""
    address = HostPort(f"127.0.0.1:{free_port()}")
    found = asyncio.run(spamassassin.score(address, MESSAGE, 10.0))
    assert found.fault.startswith(f"{address}: ")


def test_what_is_too_large_is_not_sent() -> None:
    """It would take minutes, and receivers do not score it either."""
    found = asyncio.run(spamassassin.score(HostPort("127.0.0.1:1"), b"x" * (MAX_SAMPLE + 1), 10.0))
    assert "is not scored" in found.fault
