"""Notifications are read as RFC 3464 has them."""

from __future__ import annotations

import pytest

from postduif.demo import notices
from postduif.demo.notices import Notice

REPORT = """\
From: MAILER-DAEMON@mta.example
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not arrive.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mta.example

Final-Recipient: rfc822; anna@example.net
Action: failed
Status: 5.1.1

Final-Recipient: utf-8; b\\x{FC}cher@example.net
Action: Failed
Status: 5.7.1

--b
Content-Type: message/rfc822

Message-ID: <1@example.com>

Hello
--b--
"""


def test_read() -> None:
    """One notice per recipient; addresses beyond ASCII come back from their escaped form (RFC 6533)."""
    assert notices.read(REPORT.encode()) == [
        Notice("<1@example.com>", "anna@example.net", "failed", "5.1.1"),
        Notice("<1@example.com>", "bücher@example.net", "failed", "5.7.1"),
    ]


def test_header_section_alone() -> None:
    """The mail that came back may be its header section alone."""
    report = REPORT.replace("message/rfc822", "text/rfc822-headers").replace("\nHello\n", "")
    assert {notice.message_id for notice in notices.read(report.encode())} == {"<1@example.com>"}


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("multipart/report", "multipart/mixed", "not a multipart/report"),
        ("report-type=delivery-status", "report-type=feedback-report", "not a multipart/report"),
        ("message/delivery-status", "text/plain", "its second part is text/plain"),
        ("--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@example.com>\n\nHello\n", "", "2 parts"),
        ("Reporting-MTA", "Reported-By", "no Reporting-MTA"),
    ],
)
def test_what_is_none(before: str, after: str, complaint: str) -> None:
    """What is missing is said."""
    assert before in REPORT
    with pytest.raises(ValueError, match=complaint):
        notices.read(REPORT.replace(before, after).encode())
