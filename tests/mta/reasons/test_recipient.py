"""What is said about one recipient, whatever has become of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from postduif.mta.reasons.recipient import answer
from tests.mta.reasons.known import (
    END,
    FACTS,
    FILE,
    FRESH,
    HOLD,
    NOW,
    SETTINGS,
    SUBJECT,
    TRIED,
    UNTRIED,
    attempt,
    road,
    row,
)

OK = {"kind": "delivered", "code": 250, "enhanced": "2.0.0", "text": "OK"}
NO = {"kind": "failed", "code": 550, "enhanced": "5.1.1", "text": "no such user"}
LATE = {"kind": "expired", "code": 550, "enhanced": "5.4.7", "text": "Undelivered", "remote_mta": "", "host": ""}
GONE = {"kind": "withdrawn", "code": 0, "enhanced": "", "text": "wrong list", "remote_mta": "", "host": ""}
GREY = {"text": "greylisted, try again in 300 seconds"}


@pytest.mark.parametrize(
    ("changes", "state", "cause", "lines"),
    [
        pytest.param(
            {},
            "queued",
            "schedule",
            [
                f"{SUBJECT} is queued; its 2nd attempt comes in 1m (08:01:00).",
                TRIED,
                f"It waits so long because of delivery.retry = 1m, 5m*2 ({FILE}:31).",
                "To try now: postduif queue retry --id 412",
                END,
            ],
            id="waits by the schedule",
        ),
        pytest.param(
            {"waiting": row(due=NOW + 180), "attempts": [attempt(**GREY)]},
            "queued",
            "schedule",
            [
                f"{SUBJECT} is queued; its 2nd attempt comes in 3m (08:03:00).",
                (
                    "At the 1st attempt, 2m ago (07:58:00): mx.example.net[192.0.2.1]:25 said: "
                    "451 4.3.0 greylisted, try again in 300 seconds"
                ),
                "It waits so long because it was asked to: 5m.",
                "To try now: postduif queue retry --id 412",
                END,
            ],
            id="waits as it was asked",
        ),
        pytest.param(
            {"waiting": row(due=NOW + 60, expires_at=NOW + 60)},
            "queued",
            "schedule",
            [
                f"{SUBJECT} is queued; to be given up in 1m (08:01:00).",
                TRIED,
                f"It waits so long because of delivery.retry = 1m, 5m*2 ({FILE}:31).",
                "To try now: postduif queue retry --id 412",
                "It is given up in 1m (08:01:00): delivery.lifetime = 4d (default).",
            ],
            id="at the end of its lifetime",
        ),
        pytest.param(
            {
                "attempts": [
                    attempt(kind="ambiguous", code=421, enhanced="4.4.2", text="connection lost", remote_mta="")
                ]
            },
            "queued",
            "schedule",
            [
                f"{SUBJECT} is queued; its 2nd attempt comes in 1m (08:01:00).",
                (
                    "At the 1st attempt, 2m ago (07:58:00): Trouble with mx.example.net[192.0.2.1]:25: "
                    "421 4.4.2 connection lost"
                ),
                "The connection broke after the final dot: it may have arrived, and will be sent once more.",
                f"It waits so long because of delivery.retry = 1m, 5m*2 ({FILE}:31).",
                "To try now: postduif queue retry --id 412",
                END,
            ],
            id="may have arrived",
        ),
        pytest.param(
            {"waiting": row(held_by="eva", held_because="complaint")},
            "held",
            "held by eva",
            [f"{SUBJECT} is held by eva: complaint.", "To let it go: postduif queue release --id 412", TRIED, END],
            id="held by itself",
        ),
        pytest.param(
            {"waiting": row(held_by="eva", held_because="complaint"), "hold": HOLD | {"until": NOW + 600}},
            "held",
            "held by eva",
            [
                f"{SUBJECT} is held with its whole scheduled queue by eva since 07:00:00 (1h ago): complaint.",
                "The hold ends in 10m (08:10:00).",
                "To let it go: postduif queue release --domain example.net",
                TRIED,
                END,
            ],
            id="held with its queue",
        ),
        pytest.param(
            {"waiting": row(held_by="eva"), "hold": HOLD | {"domain": ""}, "attempts": []},
            "held",
            "held by eva",
            [
                f"{SUBJECT} is held with its whole scheduled queue by eva since 07:00:00 (1h ago).",
                "To let it go: postduif queue release --all",
                "mx.example.net said last: 451 4.3.0 try later",
                END,
            ],
            id="everything is held, and the journal is gone",
        ),
        pytest.param(
            {"running": False, "road": {}, "waiting": FRESH, "attempts": []},
            "queued",
            "no daemon",
            [
                f"{SUBJECT} is in the queue, but no daemon runs, so nothing is tried.",
                "Start it: systemctl start postduif, or postduif serve",
                UNTRIED,
                END,
            ],
            id="no daemon",
        ),
        pytest.param(
            {"road": {"site": "", "reply": "451 4.4.3 DNS lookup failed"}},
            "queued",
            "no road",
            [
                f"{SUBJECT} is queued; its 2nd attempt comes in 1m (08:01:00).",
                "There is no road to example.net now: 451 4.4.3 DNS lookup failed",
                TRIED,
                END,
            ],
            id="no road",
        ),
        pytest.param(
            {"road": road(held_by="suspended", state="suspended: they asked us")},
            "queued",
            "site suspended",
            [
                f"{SUBJECT} is queued, and its site mx.example.net is suspended: they asked us.",
                "To let it go: postduif site resume 'mx.example.net'",
                TRIED,
                END,
            ],
            id="site suspended",
        ),
        pytest.param(
            {
                "road": road(held_by="resting", next_in=42.0, last_trouble="421 4.4.1 refused"),
                "waiting": FRESH,
                "attempts": [],
            },
            "queued",
            "site resting",
            [
                f"{SUBJECT} is due, and its site rests.",
                "Site mx.example.net rests for another 42s: 421 4.4.1 refused",
                "To try now: postduif site resume 'mx.example.net'",
                UNTRIED,
                END,
            ],
            id="site resting",
        ),
        pytest.param(
            {"road": road(held_by="resting", next_in=90.0)},
            "queued",
            "schedule",
            [
                f"{SUBJECT} is queued; its 2nd attempt comes in 1m (08:01:00).",
                TRIED,
                f"It waits so long because of delivery.retry = 1m, 5m*2 ({FILE}:31).",
                "Site mx.example.net rests for another 1m 30s: no host took a connection",
                "To try now: postduif queue retry --id 412",
                END,
            ],
            id="site rests for longer",
        ),
        pytest.param(
            {"road": road(held_by="connections", ready=1000), "waiting": FRESH, "attempts": []},
            "queued",
            "connections",
            [
                f"{SUBJECT} is due and waits its turn at site mx.example.net, where 1,000 are ready.",
                "All 10 connections of the site are busy: delivery.connections = 10 (default).",
                UNTRIED,
                END,
            ],
            id="waits its turn",
        ),
        pytest.param(
            {"road": road(held_by="message_rate", next_in=0.6, ready=1), "waiting": row(under_way=True)},
            "ready",
            "message_rate",
            [
                f"{SUBJECT} is ready to go at site mx.example.net, where 1 is ready.",
                f"The site gets no more for 0.6s: message_rate of [[site]] big = 100/m ({FILE}:44).",
                TRIED,
            ],
            id="message rate",
        ),
        pytest.param(
            {"road": road(held_by="connection_rate", next_in=12.0, ready=1), "waiting": row(under_way=True)},
            "ready",
            "connection_rate",
            [
                f"{SUBJECT} is ready to go at site mx.example.net, where 1 is ready.",
                f"The site gets no more for 12s: delivery.connection_rate = 6/m ({FILE}:32).",
                TRIED,
            ],
            id="connection rate",
        ),
        pytest.param(
            {"waiting": row(under_way=True)},
            "under way",
            "",
            [f"{SUBJECT} is being delivered (mx.example.net): the 2nd attempt.", TRIED],
            id="under way",
        ),
        pytest.param(
            {"waiting": FRESH | {"under_way": True}, "attempts": [], "road": road(connections=0)},
            "under way",
            "",
            [f"{SUBJECT} is ready, a connection is being opened (mx.example.net): the 1st attempt.", UNTRIED],
            id="connecting",
        ),
        pytest.param(
            {
                "waiting": None,
                "attempts": [attempt(2, 60, **OK, in_queue=300.4, connect=0.02, transmit=0.5), attempt(1, 365, **GREY)],
            },
            "delivered",
            "",
            [
                f"{SUBJECT} was delivered 1m ago (07:59:00), at the 2nd attempt.",
                "mx.example.net[192.0.2.1]:25 said: 250 2.0.0 OK",
                "It took 5m in the queue, 0.02s to connect, 0.5s to hand over.",
                (
                    "Before, at the 1st attempt, 6m 5s ago (07:53:55): mx.example.net[192.0.2.1]:25 said: "
                    "451 4.3.0 greylisted, try again in 300 seconds"
                ),
            ],
            id="delivered",
        ),
        pytest.param(
            {"waiting": None, "attempts": [attempt(**NO)]},
            "failed",
            "",
            [
                f"{SUBJECT} failed for good 2m ago (07:58:00), at the 1st attempt.",
                "mx.example.net[192.0.2.1]:25 said: 550 5.1.1 no such user",
                "A reply that begins with 5 is final; it is not tried again.",
            ],
            id="failed",
        ),
        pytest.param(
            {
                "waiting": None,
                "attempts": [attempt(12, 2 * 86400, **LATE), attempt(12, 3 * 86400), attempt(11, 4 * 86400)],
            },
            "expired",
            "",
            [
                f"{SUBJECT} was given up 2d ago (2027-01-13 08:00), after 12 attempts.",
                "Postduif said: 550 5.4.7 Undelivered",
                "That is the end of delivery.lifetime = 4d (default).",
                (
                    "Before, at the 12th attempt, 3d ago (2027-01-12 08:00): mx.example.net[192.0.2.1]:25 said: "
                    "451 4.3.0 try later"
                ),
            ],
            id="expired",
        ),
        pytest.param(
            {"waiting": None, "attempts": [attempt(1, 10, **GONE)]},
            "withdrawn",
            "",
            [
                f"{SUBJECT} was taken out of the queue by hand 10s ago (07:59:50), after 1 attempt.",
                "Reason: wrong list",
            ],
            id="withdrawn",
        ),
    ],
)
def test_answer(changes: dict[str, Any], state: str, cause: str, lines: list[str]) -> None:
    """The state and the cause are named, and each line says one thing that is true."""
    said = answer(replace(FACTS, **changes))
    assert list(said.lines) == lines
    assert (said.state, said.cause) == (state, cause)


@pytest.mark.parametrize(
    ("changes", "at", "setting"),
    [
        ({}, NOW + 60, "retry"),
        ({"attempts": [attempt(**GREY)]}, NOW + 60, None),
        ({"waiting": row(under_way=True), "road": road(held_by="message_rate", next_in=5.0)}, NOW + 5, "message_rate"),
        ({"waiting": FRESH, "road": road(held_by="resting", next_in=42.0)}, NOW + 42, None),
        ({"running": False}, None, None),
        ({"waiting": None}, None, None),
    ],
)
def test_next_attempt_and_its_setting(changes: dict[str, Any], at: float | None, setting: str | None) -> None:
    """Programs get the next attempt as a number, and the setting that decides it."""
    said = answer(replace(FACTS, **changes))
    assert said.next_attempt == at
    assert said.setting == (SETTINGS[setting] if setting else None)


def test_a_long_story_is_cut() -> None:
    """Of many different replies the last few are said, and where all of them are."""
    attempts = [attempt(number, 60.0 * (20 - number), text=f"reason {number}") for number in range(19, 0, -1)]
    lines = answer(replace(FACTS, attempts=attempts)).lines
    assert sum(line.startswith("Before, ") for line in lines) == 3
    assert "All of it: postduif queue show 412" in lines


def test_the_null_sender_is_shown() -> None:
    """A notification is from <>."""
    assert answer(replace(FACTS, sender="")).lines[0].startswith("412 from <> to ")


def test_what_came_later() -> None:
    """A bounce comes first; that the mail was delivered before stands below it, its details deeper."""
    bounce = attempt(1, 10, kind="bounced", code=550, enhanced="5.1.1", text="no", category="recipient_unknown")
    delivered = attempt(1, 60, kind="delivered", code=250, enhanced="2.0.0", text="OK")
    said = answer(replace(FACTS, waiting=None, attempts=[bounce, delivered]))
    assert (said.state, said.cause) == ("bounced", "delivered")
    assert list(said.lines) == [
        f"{SUBJECT} bounced 10s ago (07:59:50).",
        "mx.example.net[192.0.2.1]:25 said: 550 5.1.1 no",
        "That counts as: recipient unknown (docs/bounces-classes.md).",
        f"{SUBJECT} was delivered 1m ago (07:59:00), at the 1st attempt.",
        "  mx.example.net[192.0.2.1]:25 said: 250 2.0.0 OK",
        "  It took less than a millisecond.",
    ]
