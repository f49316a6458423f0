"""What is said about the mail for one domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from postduif.mta.reasons.domain import DomainFacts, describe, known
from postduif.mta.reasons.facts import Row, Setting

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC
SETTINGS = {
    "retry": Setting("delivery.retry", "1m, 5m", "default"),
    "connections": Setting("delivery.connections", "10", "p.toml:7"),
    "message_rate": Setting("delivery.message_rate", "9/m", "p.toml:8"),
}
QUEUE = {"total": 3, "held": 0, "leased": 0, "oldest": NOW - 60}
ROAD = {
    "site": "mx.example.net",
    "hosts": ["mx.example.net"],
    "state": "ready",
    "held_by": "",
    "connections": 2,
    "connection_limit": 10,
    "next_in": 0.0,
    "last_trouble": "",
}
FACTS = DomainFacts(
    domain="example.net",
    now=NOW,
    queues=[QUEUE],
    waiting=[],
    attempts=[],
    running=True,
    road=ROAD,
    holds=[],
    settings=SETTINGS,
    zone=UTC,
)
AMOUNT = "3 recipients wait for example.net; the oldest came 1m ago (07:59:00)."
TAKES = "Its site mx.example.net (mx.example.net) takes mail: 2 of 10 connections in use."


def waits(seconds: float, said: str = "", held_by: str = "") -> Row:
    """A recipient that is due in so many seconds."""
    return {"due": NOW + seconds, "last_reply": said, "held_by": held_by}


def tried(kind: str, text: str = "") -> Row:
    """An attempt a minute ago."""
    return {"kind": kind, "at": NOW - 60, "code": 550, "enhanced": "5.1.1", "text": text}


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        pytest.param({}, [AMOUNT, TAKES], id="takes mail"),
        pytest.param(
            {"queues": [QUEUE | {"held": 1}, QUEUE | {"leased": 2, "total": 9, "oldest": NOW - 120}]},
            [
                "12 recipients wait for example.net, 1 held, 2 ready or under way; the oldest came 2m ago (07:58:00).",
                TAKES,
            ],
            id="several queues",
        ),
        pytest.param(
            {"queues": [QUEUE | {"total": 1}], "running": False, "road": {}},
            [
                "1 recipient waits for example.net; the oldest came 1m ago (07:59:00).",
                "No daemon runs, so nothing is tried. Start it: systemctl start postduif, or postduif serve",
            ],
            id="no daemon",
        ),
        pytest.param(
            {"road": {"site": "", "reply": "550 5.1.2 no such domain"}},
            [AMOUNT, "There is no road to it now: 550 5.1.2 no such domain"],
            id="no road",
        ),
        pytest.param(
            {"road": ROAD | {"held_by": "suspended", "state": "suspended: why"}},
            [AMOUNT, "Its site mx.example.net is suspended: why. To let it go: postduif site resume 'mx.example.net'"],
            id="suspended",
        ),
        pytest.param(
            {"road": ROAD | {"held_by": "resting", "next_in": 30.0}},
            [AMOUNT, "Its site mx.example.net rests for another 30s: no host took a connection"],
            id="resting",
        ),
        pytest.param(
            {"road": ROAD | {"held_by": "message_rate", "next_in": 6.5}},
            [AMOUNT, "Its site mx.example.net gets no more for 6.5s: delivery.message_rate = 9/m (p.toml:8)."],
            id="rate",
        ),
        pytest.param(
            {"road": ROAD | {"held_by": "connections"}},
            [AMOUNT, "All 10 connections of its site mx.example.net are busy: delivery.connections = 10 (p.toml:7)."],
            id="connections",
        ),
        pytest.param(
            {
                "holds": [
                    {
                        "stream": "news",
                        "domain": "",
                        "owner": "eva",
                        "reason": "tests",
                        "placed_at": NOW - 5,
                        "until": NOW + 5,
                    }
                ]
            },
            [
                AMOUNT,
                TAKES,
                (
                    "Held by eva since 07:59:55 (5s ago), ends in 5s (08:00:05): tests. "
                    "To let go: postduif queue release --stream news"
                ),
            ],
            id="held",
        ),
        pytest.param(
            {
                "waiting": [
                    waits(60, "451 4.3.0 later"),
                    waits(90, "451 4.3.0 later"),
                    waits(-5),
                    waits(1, held_by="eva"),
                ]
            },
            [
                AMOUNT,
                TAKES,
                "2 wait for their next attempt, the first in 1m (08:01:00): delivery.retry = 1m, 5m (default).",
                "The last reply to 2 of them: 451 4.3.0 later",
            ],
            id="waiting",
        ),
        pytest.param(
            {"queues": [], "read_here": Setting("bounce.domain", "example.net", "p.toml:3")},
            [
                "Nothing waits for example.net.",
                (
                    "Mail to it is read here and goes nowhere; it is where bounces come back: "
                    "bounce.domain = example.net (p.toml:3)."
                ),
            ],
            id="the bounce domain",
        ),
        pytest.param(
            {"queues": [], "attempts": [tried("failed", "no"), tried("delivered"), tried("failed", "no")]},
            [
                "Nothing waits for example.net.",
                TAKES,
                "Attempts since 07:59:00 (1m ago): 2 failed, 1 delivered.",
                "Refused for good 2 times: 550 5.1.1 no",
            ],
            id="lately",
        ),
    ],
)
def test_describe(changes: dict[str, Any], lines: list[str]) -> None:
    """How much waits, what its site does, who holds it, what was said."""
    assert describe(replace(FACTS, **changes)) == lines


def test_known() -> None:
    """Without anything in the queue or the journal nothing is known."""
    assert known(FACTS)
    assert known(replace(FACTS, queues=[], attempts=[tried("failed")]))
    assert not known(replace(FACTS, queues=[]))
