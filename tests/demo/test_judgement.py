"""Every difference between what had to happen and what did is found and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from postduif.demo.judgement import Evidence, judge, rate
from postduif.demo.letters import Letter
from postduif.sink import Received, Signature

GOOD = (Signature("d", "s", "rsa-sha256", good=True), Signature("d", "t", "ed25519-sha256", good=True))
BAD = (GOOD[0], Signature("d", "t", "ed25519-sha256", good=False, reason="signature does not match"))

LETTERS = (
    Letter("shop@x.example", ("anna@example.net", "greylist.ben@example.net"), b"one\r\n", "<1@x>", smtputf8=False),
    Letter("news@x.example", ("permfail.kim@example.net",), b"two\r\n", "<2@x>", smtputf8=False),
)


def notice(recipient: str = "permfail.kim@example.net", message_id: str = "<2@x>", status: str = "5.1.1") -> bytes:
    """A notification."""
    return (
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mta.x.example\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\n"
        f"Action: failed\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n--b--\r\n"
    ).encode()


def copy(recipient: str, at: float = 0.0, **changes: Any) -> Received:
    """What the sink took of the first letter."""
    whole = Received("shop@x.example", (recipient,), b"Received: x\r\none\r\n", message_id="<1@x>", at=at)
    return whole._replace(**{"signatures": GOOD, "dkim": "good", **changes})


ANNA, BEN = copy("anna@example.net", 10.0), copy("greylist.ben@example.net", 12.0)
NOTICE = Received("", ("news@x.example",), notice(), signatures=GOOD, dkim="good", message_id="<n@x>")


def line(kind: str, recipient: str, message_id: str = "<1@x>") -> dict[str, Any]:
    """A line of the journal."""
    return {"kind": kind, "recipient": recipient, "message_id": message_id}


RIGHT = Evidence(
    letters=LETTERS,
    accepted=["<1@x>", "<2@x>"],
    not_accepted=[],
    received=[ANNA, BEN, NOTICE],
    refused={"451 4.7.1": 1, "550 5.1.1": 1},
    journal=[line("deferred", "greylist.ben@example.net"), line("delivered", "greylist.ben@example.net")],
    queued=0,
)


def test_all_right() -> None:
    """Without a difference nothing is named, and every figure is as expected."""
    findings = judge(RIGHT)
    assert [one.trouble for one in findings] == [""] * len(findings)
    assert all(one.seen == one.expected for one in findings)
    assert {one.name: one.seen for one in findings} == {
        "accepted messages": 2,
        "delivered to recipients": 2,
        "copies arrived unchanged": 2,
        "signatures verified": 6,
        "deferred, then delivered": 1,
        "refusals for now, all in the journal": 1,
        "bounced, its sender told": 1,
        "duplicates": 0,
        "left in the queue": 0,
    }


def received(*messages: Received) -> Callable[[Evidence], Evidence]:
    """The sink took these instead."""
    return lambda evidence: replace(evidence, received=messages)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda e: replace(e, accepted=["<1@x>"], not_accepted=["<2@x>: 451 busy"]), {"accepted messages": "451 busy"}),
        (received(ANNA, NOTICE), {"delivered to recipients": "greylist.ben@", "deferred, then delivered": "ben@"}),
        (
            received(ANNA, BEN, NOTICE, copy("eve@example.net")),
            {"delivered to recipients": "what was not sent: ('<1@x>', 'eve@example.net')"},
        ),
        (received(ANNA._replace(content=b"on\r\n"), BEN, NOTICE), {"copies arrived unchanged": "1 instead of 2"}),
        (received(ANNA._replace(signatures=BAD, dkim="bad"), BEN, NOTICE), {"signatures verified": "does not match"}),
        (received(ANNA._replace(signatures=(), dkim="none"), BEN, NOTICE), {"signatures verified": "<1@x> []"}),
        (
            lambda e: replace(e, journal=[]),
            {"refusals for now, all in the journal": "0 instead of 1", "deferred, then delivered": "greylist.ben@"},
        ),
        (received(ANNA, BEN), {"bounced, its sender told": "permfail.kim@"}),
        (received(ANNA, BEN, NOTICE, NOTICE), {"bounced, its sender told": "2 instead of 1"}),
        (
            received(ANNA, BEN, NOTICE._replace(content=notice(status="5.0.0"))),
            {"bounced, its sender told": "a notice is wrong"},
        ),
        (
            received(ANNA, BEN, NOTICE._replace(recipients=("shop@x.example",))),
            {"bounced, its sender told": "a notice is wrong"},
        ),
        (received(ANNA, BEN, NOTICE._replace(content=b"Sorry.\r\n")), {"bounced, its sender told": "<n@x>: not a"}),
        (received(ANNA, ANNA, BEN, NOTICE), {"duplicates": "anna@example.net"}),
        (lambda e: replace(e, queued=3), {"left in the queue": "3 instead of 0"}),
    ],
)
def test_a_difference_is_named(change: Callable[[Evidence], Evidence], named: dict[str, str]) -> None:
    """One difference changes the findings it concerns and no others."""
    troubles = {one.name: one.trouble for one in judge(change(RIGHT)) if one.trouble}
    assert troubles.keys() == named.keys()
    for name, words in named.items():
        assert words in troubles[name]


@pytest.mark.parametrize(("times", "expected"), [((), 0.0), ((1.0,), 0.0), ((1.0, 2.0, 3.0), 1.5), ((1.0, 1.0), 2e9)])
def test_rate(times: Sequence[float], expected: float) -> None:
    """Deliveries a second from the first to the last; those that had to wait do not count, nor do notices."""
    copies = [copy("anna@example.net", at) for at in times]
    late = copy("greylist.ben@example.net", 99.0)
    deferred = {("<1@x>", "greylist.ben@example.net")}
    assert rate([*copies, late, NOTICE], deferred) == pytest.approx(expected)
