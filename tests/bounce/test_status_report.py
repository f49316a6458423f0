"""Delivery status notifications are read as RFC 3464 has them, and as real mail systems write them."""

from __future__ import annotations

import pytest

from postduif.bounce.finding import Finding, Kind
from postduif.bounce.reading import read
from tests.bounce.notices import REFUSED, fact, notice

HEAD = """From: MAILER-DAEMON@mx.example
To: news+a1b2@list.example
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It failed.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Original-Envelope-Id: env-7

"""
RETURNED = """
--b
Content-Type: text/rfc822-headers

Return-Path: <news+a1b2@list.example>
Message-ID: <n1@list.example>
To: anna@gone.example
List-Unsubscribe: <mailto:leave@list.example>
X-Postduif-Mailing: 7
X-Secret: no

--b--
"""


def found(blocks: str) -> list[tuple[str, str, str]]:
    """Recipient, status and action of everybody."""
    return [(one.recipient, one.status, one.action) for one in findings(blocks)]


def findings(blocks: str) -> tuple[Finding, ...]:
    """What is read of a report with these recipient blocks."""
    return read((HEAD + blocks + RETURNED).encode()).findings


def test_one_recipient() -> None:
    """Everything that a block says is in the finding."""
    (one,) = findings(
        "Original-Recipient: rfc822;team@list.example\nFinal-Recipient: rfc822; anna@gone.example\nAction: failed\n"
        "Status: 5.0.0\nRemote-MTA: dns; mail.gone.example (198.51.100.7)\n"
        "Diagnostic-Code: smtp; 550 5.1.1 there is\n no anna\n"
    )
    assert (one.recipient, one.original, one.action, one.reader) == (
        "anna@gone.example",
        "team@list.example",
        "failed",
        "rfc3464",
    )
    assert (one.reply.code, one.status, one.reply.text) == (550, "5.1.1", "there is no anna")
    assert one.reply.remote_mta == "mail.gone.example"


def test_original() -> None:
    """The mail that it is about is known by its own fields, and by what the report says of it."""
    original = read((HEAD + "Final-Recipient: rfc822; a@b.example\nAction: failed\n" + RETURNED).encode()).original
    assert (original.message_id, original.return_path, original.envelope_id) == (
        "<n1@list.example>",
        "news+a1b2@list.example",
        "env-7",
    )
    assert original.fields.first("x-postduif-mailing") == "7"
    assert original.fields.first("list-unsubscribe") == "<mailto:leave@list.example>"
    assert "x-secret" not in original.fields


def test_several_recipients_with_different_fates() -> None:
    """Each block is about its own recipient; the mail is what became of the worst off."""
    blocks = (
        "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n\n"
        "Final-Recipient: rfc822; b@x.example\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; c@x.example\nAction: relayed\nStatus: 2.0.0\n\n"
        "Final-Recipient: rfc822; d@x.example\nAction: expanded\nStatus: 2.0.0\n"
    )
    assert found(blocks) == [
        ("a@x.example", "5.1.1", "failed"),
        ("b@x.example", "4.4.1", "delayed"),
        ("c@x.example", "2.0.0", "relayed"),
        ("d@x.example", "2.0.0", "expanded"),
    ]
    assert read((HEAD + blocks + RETURNED).encode()).kind is Kind.BOUNCE
    assert read((HEAD + blocks.partition("\n\n")[2] + RETURNED).encode()).kind is Kind.DELAY
    delivered = "Final-Recipient: rfc822; d@x.example\nAction: delivered\nStatus: 2.0.0\n"
    assert read((HEAD + delivered + RETURNED).encode()).kind is Kind.DELIVERED


DAMAGED = {
    "spaces": (
        "Final-Recipient : rfc/822;a@x.example|Action : Failed|Status : 5.1.1||"
        "Final-Recipient: b@x.example|Action: failed|Status: 5.2.1|"
    ),
    "no empty line": (
        "Final-Recipient: rfc822; a@x.example|Action: failed|Status: 5.1.1|"
        "Final-Recipient: rfc822; b@x.example|Action: failed|Status: 5.2.1|"
    ),
    "action first": (
        "Action: failed|Final-Recipient: rfc822; a@x.example|Status: 5.1.1||"
        "Action: failed|Final-Recipient: rfc822; b@x.example|Status: 5.2.1|"
    ),
    "empty line within": (
        "Final-Recipient: rfc822; a@x.example||Action: failed|Status: 5.1.1||"
        "Final-Recipient: rfc822; b@x.example||Action: failed|Status: 5.2.1|"
    ),
    "original only": (
        "Original-Recipient: <a@x.example>|Action: failure|Status: 5.1.1 (bad)||"
        "Original-Recipient: <b@x.example>|Action: Failed (x)|Status: 5.2.1|"
    ),
    "no action": (
        "final-recipient: RFC822;<a@x.example>|action: failed|status: 5.1.1| |"
        "FINAL-RECIPIENT: b@x.example|STATUS: 5.2.1|"
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_blocks(name: str) -> None:
    """Blocks are told apart though empty lines are missing or too many, and fields are odd."""
    blocks = DAMAGED[name].replace("|", "\n")
    assert found(blocks) == [("a@x.example", "5.1.1", "failed"), ("b@x.example", "5.2.1", "failed")]


def test_fields_in_plain_text() -> None:
    """A mail system that writes the fields into its text is understood, quoted or not."""
    fields = "Reporting-MTA: dns; x\n\nAction: failed\nFinal-Recipient: rfc822; a@x.example\nStatus: 5.1.1\n"
    fields += "\nReceived: from y\n"
    head = "From: MAILER-DAEMON@x.example\nSubject: Undeliverable\n\nTechnical report:\n\n"
    for text in (fields, "".join(f"> {line}\n" for line in fields.split("\n"))):
        (one,) = read((head + text).encode()).findings
        assert (one.recipient, one.status) == ("a@x.example", "5.1.1")


def test_fields_that_a_person_quotes() -> None:
    """The same words in a mail from a person are nothing."""
    text = "From: Anna <anna@here.example>\nSubject: Re: what is this?\n\n"
    text += "> Final-Recipient: rfc822; a@x.example\n> Status: 5.1.1\n"
    assert read(text.encode()).kind is Kind.NOTHING


def test_a_receipt_is_no_failure() -> None:
    """A disposition notification (RFC 8098) has a Final-Recipient too, and says that somebody read the mail."""
    mail = HEAD.replace("delivery-status", "disposition-notification").replace("Undelivered", "Read: March")
    mail += "Final-Recipient: rfc822; a@x.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--b--\n"
    assert read(mail.replace("MAILER-DAEMON", "anna").encode()).findings == ()


def test_words_from_the_text() -> None:
    """A block without Diagnostic-Code takes the words that the text has about its recipient."""
    text = "<a@x.example>: host mx said: 550 no a\n\n<b@x.example>: host mx said: 552 5.2.2 no room\n"
    mail = HEAD.replace("It failed.", f"This is the mail system at host mx.example.\n\n{text}")
    mail += "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n\n"
    mail += "Final-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.0.0\n" + RETURNED
    first, second = read(mail.encode()).findings
    assert (first.status, first.reply.code) == ("5.1.1", 550)
    assert "no a" in first.reply.text
    assert (second.status, second.reply.code) == ("5.2.2", 552)


def test_an_address_inside() -> None:
    """When the report calls the recipient by a name of some inner host, it is whom we sent to."""
    block = "Original-Recipient: rfc822;a@x.example\nFinal-Recipient: rfc822;@gw.x.example:a@store\nAction: failed\n"
    assert found(block) == [("a@x.example", "5.0.0", "failed")]


def test_a_report_within_a_report() -> None:
    """A gateway that only passes a report on is looked through."""
    outer = "From: MAILER-DAEMON@gw.example\nContent-Type: multipart/mixed; boundary=o\n\n"
    outer += "--o\n\nThe following failed.\n--o\n"
    inner = HEAD + "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n" + RETURNED
    mail = f"{outer}Content-Type: message/rfc822\n\n{inner}\n--o--\n"
    assert [one.recipient for one in read(mail.encode()).findings] == ["a@x.example"]


def test_a_bounce_of_a_bounce() -> None:
    """What a returned report says about others is not believed."""
    inner = HEAD + "Final-Recipient: rfc822; victim@x.example\nAction: failed\nStatus: 5.1.1\n" + RETURNED
    mail = HEAD.replace("=b\n", "=o\n").replace("--b", "--o")
    mail += "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\n\n--o\n"
    mail += f"Content-Type: message/rfc822\n\n{inner}\n--o--\n"
    assert [one.recipient for one in read(mail.encode()).findings] == ["a@x.example"]


def test_our_own_notifications() -> None:
    """What this program writes, it reads."""
    _, made = notice(fact(recipient="anna@gone.example"), fact("delayed", "ben@slow.example"))
    reading = read(made.content)
    assert [(one.recipient, one.action) for one in reading.findings] == [
        ("anna@gone.example", "failed"),
        ("ben@slow.example", "delayed"),
    ]
    assert reading.findings[0].status == REFUSED.status
    assert reading.original.message_id == "<1@app.example>"
