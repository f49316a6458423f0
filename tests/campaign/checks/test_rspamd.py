"""rspamd: what is asked over HTTP, and what is made of answers."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from postduif.campaign.checks import rspamd
from postduif.campaign.checks.spam import MAX_REPLY, MAX_SAMPLE, SpamScore
from postduif.campaign.checks.spam_scores import spam_scores
from postduif.config.campaign import Campaign
from postduif.config.kinds import HostPort
from tests.campaign.checks.scripted import met
from tests.campaign.checks.spam_daemon import PATIENCE, running
from tests.campaign.checks.test_spamassassin import GTUBE, MESSAGE
from tests.peers import need
from tests.stories.roads import free_port

SKIPPED = {
    "is_skipped": True,
    "score": 15.0,
    "required_score": 15.0,
    "action": "reject",
    "symbols": {"GTUBE": {"name": "GTUBE", "score": 0.0, "metric_score": 0.0}},
    "messages": {"smtp_message": "Gtube pattern"},
    "message-id": "1@example.com",
    "time_real": 0.214118,
}
"""As rspamd 3.4 answers."""
GOOD = SKIPPED | {"is_skipped": False, "score": -1.5, "action": "no action", "symbols": {}}


CONFIGURATION = """
options {{
    pidfile = "{home}/pid"; hs_cache_dir = "{home}"; url_tld = "{home}/tld"; tempdir = "{home}";
    disable_hyperscan = true; filters = "";
    dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "error"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
actions {{ reject = 15; }}
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostPort]:
    """Debian's, with no rules but its own test pattern."""
    (program,) = need("rspamd")
    home, port = tmp_path_factory.mktemp("rspamd"), free_port()
    (home / "tld").write_text("com\nnet\n")
    (home / "conf").write_text(CONFIGURATION.format(home=home, port=port))
    command = [program, "-f", "-c", str(home / "conf"), *(() if os.geteuid() else ("-i",))]
    with running(command, port, home / "log") as address:
        yield address


def test_a_real_rspamd_scores(worker: HostPort) -> None:
    """An ordinary message passes, and the pattern that it is tested with does not."""
    good = asyncio.run(rspamd.score(worker, MESSAGE, PATIENCE))
    bad = asyncio.run(rspamd.score(worker, MESSAGE + GTUBE + b"\r\n", PATIENCE))
    assert (good.fault, good.spam, good.limit) == ("", False, 15.0)
    assert (bad.fault, bad.spam) == ("", True)
    assert [symbol.name for symbol in bad.symbols] == ["GTUBE"]


def http(body: bytes, status: str = "200 OK") -> bytes:
    """An answer with that body."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def answered(answer: bytes | None, timeout: float = 10.0) -> SpamScore:
    """What comes of that answer."""
    found, _ = met(answer, lambda address: rspamd.score(address, MESSAGE, timeout))
    return found


def said(**changes: Any) -> SpamScore:
    """What comes of the good answer with something else in it."""
    return answered(http(json.dumps(GOOD | changes).encode()))


def test_what_is_asked() -> None:
    """One POST with the message as it is."""
    found, asked = met(http(json.dumps(GOOD).encode()), lambda address: rspamd.score(address, MESSAGE, 10.0))
    lines = asked.decode().lower().split("\r\n")
    assert lines[0] == "post /checkv2 http/1.1"
    assert f"content-length: {len(MESSAGE)}" in lines
    assert found == SpamScore("rspamd", -1.5, 15.0)


def test_what_it_does_not_let_pass_is_spam() -> None:
    """The action counts, whatever the score at which it rejects."""
    assert answered(http(json.dumps(SKIPPED).encode())).spam
    assert said(score=6.5, action="add header").spam
    assert said(score=6.5, action="rewrite subject").spam
    assert not said(score=4.5, action="greylist").spam


def test_symbols_come_by_weight() -> None:
    """What adds most is told first."""
    found = said(symbols={"A": {"score": 0.5}, "B": {"score": 3.5}, "C": {}, "D": 7})
    assert [(one.name, one.score) for one in found.symbols] == [("B", 3.5), ("A", 0.5), ("C", 0.0)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "127.0.0.1"),
        (b"SPAMD/1.1 0 EX_OK\r\n\r\n", "127.0.0.1"),
        (http(b"{}", "403 Forbidden"), "HTTP status 403"),
        (http(b""), "does not answer as rspamd does"),
        (http(b"[1]"), "does not answer as rspamd does"),
        (http(b"[" * 100_000), "does not answer as rspamd does"),
        (http(b'{"score": "1", "required_score": 15, "action": "no action"}'), "does not answer as rspamd does"),
        (http(b'{"score": 1, "required_score": 0, "action": "no action"}'), "does not answer as rspamd does"),
        (
            http(b'{"score": 1' + b"0" * 400 + b', "required_score": 15, "action": "no action"}'),
            "does not answer as rspamd does",
        ),
        (http(b'{"score": NaN, "required_score": 15, "action": "no action"}'), "does not answer as rspamd does"),
        (http(b'{"score": 1, "required_score": 15}'), "does not answer as rspamd does"),
        (http(b'{"score": true, "required_score": 15, "action": "x"}'), "does not answer as rspamd does"),
        (http(b"x" * (MAX_REPLY + 1)), "octets"),
        (http(b"x")[:-1], "127.0.0.1"),
    ],
    ids=range(14),
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
    assert asyncio.run(rspamd.score(address, MESSAGE, 10.0)).fault.startswith(f"{address}: ")


def test_what_is_too_large_is_not_sent() -> None:
    """Receivers do not score it either."""
    found = asyncio.run(rspamd.score(HostPort("127.0.0.1:1"), b"x" * (MAX_SAMPLE + 1), 10.0))
    assert "is not scored" in found.fault


def test_all_that_are_configured_are_asked() -> None:
    """Each answers for itself; none configured, none asked."""
    settings = Campaign.model_validate({"rspamd": "127.0.0.1:1", "spamassassin": "127.0.0.1:1"})
    assert [one.checker for one in asyncio.run(spam_scores(settings, MESSAGE))] == ["rspamd", "SpamAssassin"]
    assert asyncio.run(spam_scores(Campaign(), MESSAGE)) == ()
