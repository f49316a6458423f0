"""What comes back to a mailing by mail: late bounces, complaints and absence notes, as hosts write them."""

from __future__ import annotations

import smtplib

from postduif.demo.habits import Act
from postduif.demo.workshop import BOUNCES

HOST = "mx.town.example"
_PATIENCE = 30.0  # seconds for one reply


def bounce(recipient: str) -> bytes:
    """A delivery status notification (RFC 3464)."""
    return _crlf(f"""\
From: MAILER-DAEMON@{HOST}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

We took your mail, and could not deliver it after all.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; {HOST}

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 this account has been closed

--b--
""")


def complaint(return_path: str) -> bytes:
    """A feedback report (RFC 5965) in which the recipient is left out, as large hosts do."""
    return _crlf(f"""\
From: feedback@{HOST}
Subject: Complaint about a message
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b

A reader says that this is spam.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: town/1.0
Version: 1
Original-Mail-From: <{return_path}>

--b
Content-Type: message/rfc822

Subject: Pigeon news

(left out)

--b--
""")


def absence(recipient: str) -> bytes:
    """An automatic answer (RFC 3834)."""
    return _crlf(f"From: <{recipient}>\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am back on Monday.\n")


def send_back(port: int, act: Act, return_path: str, recipient: str) -> None:
    """Hand it to the listener for mail from outside. Raises OSError and smtplib's errors."""
    content = {
        Act.BOUNCE: lambda: bounce(recipient),
        Act.COMPLAIN: lambda: complaint(return_path),
        Act.ANSWER: lambda: absence(recipient),
    }[act]()
    to = f"feedback@{BOUNCES}" if act is Act.COMPLAIN else return_path
    sender = f"feedback@{HOST}" if act is Act.COMPLAIN else ""
    with smtplib.SMTP("127.0.0.1", port, HOST, _PATIENCE) as client:
        client.sendmail(sender, [to], content)


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
