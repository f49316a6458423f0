"""Complaints are read, also where the provider hides who complained."""

from __future__ import annotations

import pytest

from postduif.bounce.finding import Kind
from postduif.bounce.reading import read

REPORT = """From: fbl@provider.example
To: abuse@list.example
Subject: Complaint
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeFBL/1.0
Version: 1
{fields}
--b
Content-Type: {returned}

Return-Path: <news+a1b2@list.example>
To: {to}
Message-ID: <n1@list.example>
Feedback-ID: 7:list:mailing
CFBL-Feedback-ID: 7.a1b2
X-Postduif-Mailing: 7
Subject: March

Words
--b--
"""


def report(
    kind: str = "abuse", fields: str = "", to: str = "anna@here.example", returned: str = "message/rfc822"
) -> bytes:
    """A feedback report."""
    return REPORT.format(kind=kind, fields=fields, to=to, returned=returned).encode()


def test_arf() -> None:
    """The recipient is the one that the report names."""
    fields = "Original-Mail-From: <news+z9@list.example>\nOriginal-Rcpt-To: <ben@here.example>\nArrival-Date: today\n"
    reading = read(report(fields=fields))
    assert (reading.kind, reading.feedback) == (Kind.COMPLAINT, "abuse")
    assert [one.recipient for one in reading.findings] == ["ben@here.example"]
    assert reading.original.return_path == "news+z9@list.example"


def test_several_recipients() -> None:
    """Each Original-Rcpt-To is one of them, each once."""
    fields = "Original-Rcpt-To: a@x.example\nOriginal-Rcpt-To: b@x.example\nOriginal-Rcpt-To: a@x.example\n"
    assert [one.recipient for one in read(report(fields=fields)).findings] == ["a@x.example", "b@x.example"]


def test_recipient_of_the_returned_mail() -> None:
    """When the report names nobody, the returned mail says to whom it went, if to one only."""
    assert [one.recipient for one in read(report()).findings] == ["anna@here.example"]
    assert [one.recipient for one in read(report(to="a@x.example, b@x.example")).findings] == [""]


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers", "message/global-headers"])
def test_redacted(returned: str) -> None:
    """A complaint without any recipient still says which mail of ours it is about (RFC 6590, RFC 9477)."""
    reading = read(report(fields="Original-Rcpt-To: redacted\n", to="undisclosed-recipients:;", returned=returned))
    assert [one.recipient for one in reading.findings] == [""]
    original = reading.original
    assert (original.message_id, original.return_path) == ("<n1@list.example>", "news+a1b2@list.example")
    assert original.fields.first("feedback-id") == "7:list:mailing"
    assert original.fields.first("cfbl-feedback-id") == "7.a1b2"
    assert original.fields.first("x-postduif-mailing") == "7"


@pytest.mark.parametrize("kind", ["fraud", "not-spam", "virus", "auth-failure", "opt-out", "OPT-OUT"])
def test_kinds_are_told_apart(kind: str) -> None:
    """The Feedback-Type comes with it, since not every kind is somebody who had enough."""
    assert read(report(kind)).feedback == kind.lower()


def test_opt_out() -> None:
    """An opt-out report names whom to remove."""
    fields = "Removal-Recipient: rfc822; gone@here.example\n"
    assert [one.recipient for one in read(report("opt-out", fields)).findings] == ["gone@here.example"]


def test_damaged_report() -> None:
    """A report part that calls itself text, with an empty line where none belongs, is read."""
    mail = report(fields="\nOriginal-Rcpt-To: b@x.example\n").replace(b"message/feedback-report", b"text/plain")
    assert [one.recipient for one in read(mail).findings] == ["b@x.example"]


def test_microsoft() -> None:
    """Outlook.com sends the mail itself, with the recipient in a field of its own."""
    mail = (
        b"From: staff@hotmail.example\nSubject: complaint about message from 192.0.2.1\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        b"X-HmXmrOriginalRecipient: anna@here.example\nMessage-ID: <n1@list.example>\nTo: other@x.example\n\n"
        b"Words\n--b--\n"
    )
    reading = read(mail)
    assert (reading.kind, reading.original.message_id) == (Kind.COMPLAINT, "<n1@list.example>")
    assert [(one.recipient, one.reader) for one in reading.findings] == [("anna@here.example", "jmrp")]


def test_the_subject_alone_is_no_complaint() -> None:
    """The same subject without a returned mail is nothing."""
    assert read(b"From: a@x.example\nSubject: complaint about message from you\n\nHello\n").kind is Kind.NOTHING


def test_apple() -> None:
    """A mail program that unsubscribes for its user says so in a field."""
    mail = b"From: Anna <anna@here.example>\nTo: leave@list.example\nX-Apple-Unsubscribe: true\n\nunsubscribe\n"
    reading = read(mail)
    assert (reading.kind, reading.feedback) == (Kind.COMPLAINT, "opt-out")
    assert reading.findings[0].recipient == "anna@here.example"
