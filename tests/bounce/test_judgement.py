"""What a mail to a signed address does, by the purpose of the address and by what the mail is."""

from __future__ import annotations

import pytest

from postduif.attempt import Kind
from postduif.bounce import finding
from postduif.bounce.address_state import What
from postduif.bounce.finding import Finding, Reading
from postduif.bounce.judgement import judge
from postduif.bounce.verp import Purpose
from postduif.reply import Reply

GONE = Finding("a@one.example", Reply(550, "5.1.1", "no such user", "mx.one.example"))
FULL = Finding("a@one.example", Reply(552, "5.2.2", "mailbox full", "mx.one.example"))
SPAM = Finding("a@one.example", Reply(550, "5.7.1", "message rejected as spam", "mx.one.example"))
LATER = Finding("b@one.example", Reply(450, "4.2.1", "try again", "mx.one.example"), "delayed")


@pytest.mark.parametrize(
    ("failed", "category", "what"),
    [
        (GONE, "recipient_unknown", What.HARD),
        (FULL, "mailbox_full", What.MAILBOX_FULL),
        (SPAM, "spam", What.BLOCK),
    ],
)
def test_a_bounce_counts_by_what_its_reply_means(failed: Finding, category: str, what: What) -> None:
    """The recipient that failed speaks, also behind one that is only delayed."""
    judged = judge(Purpose.BOUNCE, Reading(finding.Kind.BOUNCE, (LATER, failed)))
    assert judged is not None
    assert (judged.kind, judged.category, judged.what, judged.reply) == (Kind.BOUNCED, category, what, failed.reply)


@pytest.mark.parametrize(
    ("purpose", "kind", "becomes", "what"),
    [
        (Purpose.BOUNCE, finding.Kind.AUTO_REPLY, Kind.ANSWERED, None),
        (Purpose.BOUNCE, finding.Kind.CHALLENGE, Kind.ANSWERED, None),
        (Purpose.BOUNCE, finding.Kind.DELAY, None, None),
        (Purpose.BOUNCE, finding.Kind.DELIVERED, None, None),
        (Purpose.BOUNCE, finding.Kind.COMPLAINT, Kind.COMPLAINED, What.COMPLAINT),
        (Purpose.FEEDBACK, finding.Kind.COMPLAINT, Kind.COMPLAINED, What.COMPLAINT),
        (Purpose.FEEDBACK, finding.Kind.AUTO_REPLY, None, None),
        (Purpose.UNSUBSCRIBE, finding.Kind.NOTHING, Kind.UNSUBSCRIBED, What.UNSUBSCRIBE),
        (Purpose.UNSUBSCRIBE, finding.Kind.COMPLAINT, Kind.UNSUBSCRIBED, What.UNSUBSCRIBE),
        (Purpose.UNSUBSCRIBE, finding.Kind.AUTO_REPLY, None, None),
        (Purpose.UNSUBSCRIBE, finding.Kind.BOUNCE, None, None),
    ],
)
def test_what_follows(purpose: Purpose, kind: finding.Kind, becomes: Kind | None, what: What | None) -> None:
    """The table of docs/returns.md."""
    judged = judge(purpose, Reading(kind, (GONE,)))
    assert judged is not None
    assert (judged.kind, judged.what) == (becomes, what)


@pytest.mark.parametrize("purpose", [Purpose.BOUNCE, Purpose.FEEDBACK])
def test_what_nobody_understands_is_for_a_person(purpose: Purpose) -> None:
    """It is not guessed at."""
    assert judge(purpose, Reading()) is None


@pytest.mark.parametrize("said", ["not-spam", "auth-failure", "dmarc"])
def test_a_report_that_is_no_complaint(said: str) -> None:
    """Feedback reports have other types too."""
    judged = judge(Purpose.BOUNCE, Reading(finding.Kind.COMPLAINT, feedback=said))
    assert judged is not None
    assert judged.kind is None
