"""Reports of real mail servers about mails to which we know what was done: `tests/data/bounces`.

What is expected was written down before the servers ran; README.md there says how. KNOWN names what a report keeps to
itself, so that nobody could read it there; it is checked too, and shrinks when the reader learns more.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from postduif.bounce.reading import read
from postduif.bounce.score import facts

CORPUS = Path(__file__).parents[1] / "data" / "bounces"
ARRIVED = {"delivered", "relayed", "expanded"}
"""Servers differ in how they call it."""
MAX_MAIL = 25_000
MAX_CORPUS = 1_000_000
NOT_AT_RCPT = "a bare 550, not shown to have answered RCPT, is taken for a filter's word, which is safe"
NULL_MX = "the server does not know RFC 7505, and says that there is no such host"
SILENT = "the report says nothing but that it failed"
KNOWN = {
    "courier/local-unknown": NOT_AT_RCPT,
    "courier/null-mx": NULL_MX,
    "dma/null-mx": NULL_MX,
    "exim/too-many-hops": SILENT,
    "nullmailer/hangs-up": SILENT,
    "nullmailer/unknown-user-bare": NOT_AT_RCPT,
    "opensmtpd/unknown-user-bare": NOT_AT_RCPT,
}
NO_HOSTS = {b"localhost", b"uid", b"root", b"mailer-daemon", b"debian-exim"}
"""Users and other words that stand where servers write hosts."""
_PRIVATE = re.compile(rb"/(?:work|root|home|tmp|usr)/")
_HOST = re.compile(
    rb"(?:@|dns; ?|helo=|^Received: from |^\s+by |^Received:.* by )([a-z][\w.-]*)", re.IGNORECASE | re.MULTILINE
)


@cache
def expectations(relay: str) -> dict[str, Any]:
    """What the directory of one relay says about its mails."""
    found: dict[str, Any] = json.loads((CORPUS / relay / "expected.json").read_text(encoding="utf-8"))
    return found


@cache
def content(relay: str, name: str) -> bytes:
    """A mail of the corpus."""
    return (CORPUS / relay / name).read_bytes()


@cache
def facts_of(relay: str, name: str) -> list[dict[str, Any]]:
    """What is read in a mail of the corpus."""
    return facts(content(relay, name))


RELAYS = sorted(path.parent.name for path in CORPUS.glob("*/expected.json"))
MAILS = [(relay, name) for relay in RELAYS for name in expectations(relay)["mails"]]


def differences(relay: str, name: str) -> list[str]:
    """What is read otherwise than it was."""
    expected = expectations(relay)["mails"][name]["recipients"]
    found = {fact["recipient"]: fact for fact in facts_of(relay, name)}
    problems = [] if len(found) == len(expected) else [f"{len(found)} recipients of {len(expected)}"]
    for one in expected:
        fact = found.get(one["recipient"]) or found.get(one["sent_to"])
        problems += _about(one, fact) if fact else [f"{one['recipient']} is not found"]
    return problems


def _about(expected: dict[str, Any], fact: dict[str, Any]) -> list[str]:
    arrived = expected["action"] in ARRIVED
    category = {"delivered"} if arrived else set(expected["category"])
    actions = ARRIVED if arrived else {expected["action"]}
    right = {
        "status": fact["status"].startswith(expected["status"]) and fact["status"][0] in "245",
        "category": fact["category"] in category,
        "action": fact["action"] in actions,
        "hard": fact["hard"] == expected["hard"],
    }
    return [f"{expected['recipient']}: {what} is {fact[what]}" for what, well in right.items() if not well]


@pytest.mark.parametrize("relay", RELAYS)
def test_read_as_it_was(relay: str) -> None:
    """Everybody the reports are about is found, nobody else, with what was done to the mail, but for what is KNOWN."""
    wrong = {name: problems for name in expectations(relay)["mails"] if (problems := differences(relay, name))}
    known = {f"{one.partition('/')[2]}.eml" for one in KNOWN if one.startswith(f"{relay}/")}
    assert wrong.keys() == known, wrong


@pytest.mark.parametrize("relay", RELAYS)
def test_knows_our_mail_again(relay: str) -> None:
    """The Message-ID of the mail that each report is about is found."""
    found = {name: read(content(relay, name)).original.message_id for name in expectations(relay)["mails"]}
    assert found == {name: mail["message_id"] for name, mail in expectations(relay)["mails"].items()}


def test_nobody_is_missed() -> None:
    """Recall is 100 %, and of every hundred recipients at most three are read otherwise than they were."""
    found = [problem for relay, name in MAILS for problem in differences(relay, name)]
    assert [problem for problem in found if "found" in problem or "recipients" in problem] == []
    assert len(KNOWN) <= 0.03 * len(MAILS)


def test_nobody_is_closed_by_mistake() -> None:
    """No address is taken for bad that was not."""
    for relay, name in MAILS:
        truth = [one for one in expectations(relay)["mails"][name]["recipients"] if one["hard"]]
        bad = {one["recipient"] for one in truth} | {one["sent_to"] for one in truth}
        hard = {one["recipient"] for one in facts_of(relay, name) if one["hard"]}
        assert hard <= bad, (relay, name)


def test_the_corpus_is_whole_and_small() -> None:
    """Every mail has its expectation and the other way round; none is large."""
    files = set(CORPUS.glob("*/*.eml"))
    assert files == {CORPUS / relay / name for relay, name in MAILS}
    assert len(files) >= 60
    assert max(path.stat().st_size for path in files) < MAX_MAIL
    assert sum(path.stat().st_size for path in CORPUS.rglob("*")) < MAX_CORPUS


@pytest.mark.parametrize("relay", RELAYS)
def test_nothing_of_the_machine_is_in_it(relay: str) -> None:
    """No path of the machine that made it, and no host but those that we made up."""
    for name in expectations(relay)["mails"]:
        assert _PRIVATE.search(content(relay, name)) is None, name
        hosts = {host.lower().rstrip(b".") for host in _HOST.findall(content(relay, name))}
        assert {host for host in hosts if not host.endswith(b".example")} <= NO_HOSTS, name


def test_the_manual_knows_the_versions() -> None:
    """README.md of the corpus names the packages that made it, with their versions."""
    manual = (CORPUS / "README.md").read_text(encoding="utf-8")
    assert [relay for relay in RELAYS if f"`{expectations(relay)['made_by']}`" not in manual] == []
