"""How far a demonstration is."""

from __future__ import annotations

from postduif.demo.letters import Letter
from postduif.demo.progress import Goal, Progress, of_metrics

METRICS = """\
# HELP postduif_delivery_attempts_total Attempts by outcome
# TYPE postduif_delivery_attempts_total counter
postduif_delivery_attempts_total{code="2yz",kind="delivered",stream="default"} 7.0
postduif_delivery_attempts_total{code="2yz",kind="delivered",stream="news"} 3.0
postduif_delivery_attempts_total{code="4yz",kind="deferred",stream="default"} 2.0
postduif_delivery_attempts_total{code="5yz",kind="failed",stream="default"} 1.0
postduif_delivery_attempts_total{code="5yz",kind="expired",stream="default"} 1.0
postduif_delivery_attempts_total{code="5yz",kind="ambiguous",stream="default"} 1.0
# HELP postduif_queue_recipients Recipients in the queue
# TYPE postduif_queue_recipients gauge
postduif_queue_recipients 4.0
"""


def test_of_metrics() -> None:
    """Counters of all streams are added up; what is not there is 0."""
    assert of_metrics(METRICS) == {"delivered": 10, "deferred": 2, "bounced": 2, "queued": 4}
    assert set(of_metrics("").values()) == {0}


def test_complete() -> None:
    """It is complete when all is accepted, nothing waits, and all deliveries, notices too, are verified."""
    letter = Letter("a@x", ("b@example.net", "permfail.c@example.net"), b"", "<1@x>", smtputf8=False)
    goal = Goal.of([letter])
    assert (goal.letters, goal.recipients, goal.notices, goal.deliveries) == (1, 1, 1, 2)
    assert Progress(accepted=1, verified=2).complete(goal)
    assert not Progress(accepted=0, verified=2).complete(goal)
    assert not Progress(accepted=1, verified=1).complete(goal)
    assert not Progress(accepted=1, verified=2, queued=1).complete(goal)
