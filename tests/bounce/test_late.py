"""What a late bounce means is the class of its reply, but an unproven "user unknown" closes no address."""

from __future__ import annotations

import pytest

from postduif.bounce.finding import Finding
from postduif.bounce.late import RULE, meaning
from postduif.bounce.reading import read
from postduif.reply import Reply


@pytest.mark.parametrize(
    ("reply", "at_rcpt", "category", "severity"),
    [
        (Reply(550, "", "user unknown"), False, "recipient_filtered", "soft"),
        (Reply(550, "", "user unknown"), True, "recipient_unknown", "hard"),
        (Reply(550, "5.1.1", "user unknown"), False, "recipient_unknown", "hard"),
        (Reply(554, "", "User anna not listed in Domino Directory"), False, "recipient_unknown", "hard"),
        (Reply(552, "5.2.2", "mailbox full"), False, "mailbox_full", "soft"),
    ],
)
def test_meaning(reply: Reply, at_rcpt: bool, category: str, severity: str) -> None:
    """A bare 550 counts in full only when it answered RCPT; a code, or a directory's own word, counts anyway."""
    said = meaning(Finding("anna@gone.example", reply, at_rcpt=at_rcpt))
    assert (said.category, said.severity) == (category, severity)


def test_the_rule_has_a_name() -> None:
    """Whoever asks why hears that it was this."""
    assert meaning(Finding("anna@gone.example", Reply(550, "", "user unknown"))).rule == RULE


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_what_arrived(action: str) -> None:
    """Mail that arrived says nothing against anybody, whatever the words."""
    assert meaning(Finding("a@b.example", Reply(250, "", "user unknown"), action)).category == "delivered"


@pytest.mark.parametrize(
    ("words", "at_rcpt"),
    [
        ("host mx said: 550 no such user (in reply to RCPT TO command)", True),
        ("host mx said: 550 no such user (in reply to end of DATA command)", False),
        ("550 <anna@gone.example>: no such user", True),
        ("550 no such user", False),
    ],
)
def test_when_it_was_said(words: str, at_rcpt: bool) -> None:
    """The reader sees in the words whether they answered RCPT."""
    head = "From: MAILER-DAEMON@x.example\nSubject: Undelivered\n\nThis is the mail system at host x.\n"
    mail = f"{head}\n<anna@gone.example>: {words}\n"
    (finding,) = read(mail.encode()).findings
    assert finding.at_rcpt is at_rcpt
