"""Mail that comes back: read whatever it is, with findings that agree with themselves, the same with LF and CRLF."""

from __future__ import annotations

import re
from pathlib import Path

from postduif.bounce.finding import Finding, Kind
from postduif.bounce.reading import read
from postduif.bounce.score import facts

LETTERS = Path(__file__).parents[1] / "bounce" / "letters"
_REPORT = b"""From: MAILER-DAEMON@x.example
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

<a@b.example>: host mx said: 550-5.1.1 no
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; x.example

Original-Recipient: utf-8; \\x{E9}@b.example
Final-Recipient: rfc822;IMCEAEX-a+40b+2Eexample@x.example
Action: delayed
Status: 4.4.1 (x)
Diagnostic-Code: smtp; 451 4.4.1
 later

--b
Content-Type: text/rfc822-headers

Message-ID: <n@list.example>
--b--
"""
_COMPLAINT = b"""Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Original-Rcpt-To: <a@b.example>
--b
Content-Type: message/rfc822
Content-Transfer-Encoding: base64

VG86IGFAYi5leGFtcGxl
--b--
"""
_ANSWER = b"""From: =?utf-8?q?A?= <a@b.example>
Subject: =?iso-2022-jp?B?GyRCSVQ6XxsoQg==?=
Content-Type: text/html; charset=shift_jis
Content-Transfer-Encoding: quoted-printable

<p>I am away&lt;&#10;</p><style>=
"""
SEEDS = [
    _REPORT,
    _COMPLAINT,
    _ANSWER,
    *(re.sub(rb"^Expect: .*\n", b"", path.read_bytes(), flags=re.MULTILINE) for path in sorted(LETTERS.glob("*.eml"))),
]
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


def check(octets: bytes) -> None:
    """Nothing is raised, and every finding is whole."""
    reading = read(octets)
    assert (reading.kind is Kind.NOTHING) == (not reading.findings)
    for finding in reading.findings:
        _whole(finding)
    if b"\r" not in octets:
        assert read(octets.replace(b"\n", b"\r\n")) == reading
    if not octets.startswith(b"From "):
        assert len(facts(octets)) == len(reading.findings)


def _whole(finding: Finding) -> None:
    assert finding.recipient == "" or "@" in finding.recipient
    assert not re.search(
        r"[\r\n]", finding.recipient + finding.original + finding.reply.text + finding.reply.remote_mta
    )
    assert _STATUS.fullmatch(finding.status)
    assert finding.reply.code // 100 == int(finding.status[0])
