"""An outcome as the operator sees it."""

from __future__ import annotations

import pytest

from postduif.address import parse
from postduif.attempt import Attempt, Kind
from postduif.envelope import Entry, Envelope, Recipient
from postduif.mta.observed import note
from postduif.queue.store import Outcome
from postduif.reply import Reply


@pytest.mark.parametrize(
    ("kind", "before", "number"), [(Kind.DELIVERED, 0, 1), (Kind.FAILED, 2, 3), (Kind.SUPPRESSED, 0, 0)]
)
def test_attempts_count_as_in_the_journal(
    capfd: pytest.CaptureFixture[str], kind: Kind, before: int, number: int
) -> None:
    """An attempt is one more; an end without an attempt is none."""
    envelope = Envelope(parse("a@x.example"), [], id=7)
    recipient = Recipient(parse("b@y.example"), attempts=before)
    note(Outcome(Entry(envelope, recipient), Attempt(kind, Reply(250, "2.0.0", "OK"), 1.0), None))
    assert f" attempt={number} " in capfd.readouterr().err
