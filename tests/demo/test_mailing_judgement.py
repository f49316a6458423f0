"""The judgement of the demonstration's mailing: right when all is right, and each fault is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from postduif.demo.mailing_judgement import PROOF_TO, SEED, Evidence, judge, speed
from postduif.demo.people import expected, people
from postduif.demo.workshop import KEYS
from postduif.sink import Received
from postduif.sink.received import Signature

READERS = people(60)
WANTED = expected(READERS)
SIGNED = tuple(Signature("a.example", selector, "rsa", good=True) for selector in KEYS)


def mail(address: str, at: float = 1.0) -> Received:
    """One that came."""
    return Received("news@a.example", (address,), b"", at=at, message_id=address, signatures=SIGNED, dkim="good")


def evidence() -> Evidence:
    """Everything as it must be."""
    figures = {"to_deliver": WANTED.to_deliver, "failed": len(WANTED.failed), "accepted": len(WANTED.delivered)}
    lines = [{"name": name, "value": value} for name, value in (figures | {"pending": 0}).items()]
    recipients = [{"address": one, "state": "delivered", "attempts": 2} for one in WANTED.waited]
    return Evidence(
        READERS,
        {"added": WANTED.added},
        {"figures": lines, "mailing": {"state": "finished"}},
        {"excluded": WANTED.excluded},
        recipients,
        [mail(one) for one in [*WANTED.delivered, SEED, PROOF_TO]],
        (5.0, 6.0),
    )


def test_all_right() -> None:
    """Nothing is wrong."""
    assert [one.trouble for one in judge(evidence()) if one.trouble] == []


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("got it, once", {"received": evidence().received[1:]}),
        ("got it, once", {"received": [*evidence().received, mail(evidence().received[0].recipients[0])]}),
        ("got it and should not", {"received": [*evidence().received, mail("x@rival.example")]}),
        ("arrived while paused", {"received": [*evidence().received[:-1], mail(PROOF_TO, 5.5)]}),
        ("the proof, to the editor", {"received": evidence().received[:-1]}),
        ("signed, and all good", {"received": [*evidence().received[:-1], mail(PROOF_TO)._replace(dkim="bad")]}),
        ("deferred, then delivered", {"recipients": []}),
        ("contacts taken in", {"imported": {"added": 1}}),
        ("excluded, each with its cause", {"prepared": {"excluded": {"quarantine": 60}}}),
        ("left to do", {"results": evidence().results | {"mailing": {"state": "paused"}}}),
    ],
)
def test_what_is_wrong(name: str, changed: dict[str, Any]) -> None:
    """A fault is named."""
    assert name in [one.name for one in judge(replace(evidence(), **changed)) if one.trouble]


def test_speed() -> None:
    """Messages a second; of one there is none."""
    assert speed([mail("a", 1.0), mail("b", 2.0), mail("c", 3.0)]) == 1.0
    assert speed([mail("a")]) == 0.0
