"""Reading takes any bytes, costs little whatever they are, and takes no ordinary mail for a bounce."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.bounce.finding import Kind
from postduif.bounce.reading import read
from postduif.bounce.score import facts
from tests.bounce.test_formats import LETTERS, expected_and_mail

MEGABYTE = 1_000_000
MAX_SECONDS = 0.25
"""The promise is 50 ms; a loaded machine and a test that counts lines get five times as much."""
MAX_MEMORY = 10_000_000
HEAD = b"From: MAILER-DAEMON@x.example\r\nReturn-Path: <>\r\nSubject: failure notice\r\n"
REPORT = (
    b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nthis is the qmail-send program\r\n--b\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;x\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\n"
)
MAILS = [expected_and_mail(path)[1] for path in LETTERS]
PIECES = [
    *(b"<", b"a@", b"\n", b" ", b":", b"a: b\n", b"=?utf-8?q?a", b'"', b"550 ", b"5.1.1 ", b"5.", b"-", b"_", b"a\n "),
    *(b"<a@b.example>: 550 no\n", b"  a@b.example\n    host x\n", b"Final-Recipient: rfc822;a@b\nAction: failed\n\n"),
    *(b"[", b'{"notificationType":', b"<style>", b"&lt;", b"\0", b"\xff", "é".encode(), "配信".encode(), b"\x1b$B"),
    *(
        b"copy of the message ",
        b"--b\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n",
        b"your message to ",
    ),
    b"Content-Type: message/rfc822\n\n",
]
WRAPPINGS = {
    "body": HEAD + b"\r\n",
    "subject": HEAD + b"X: ",
    "type": HEAD + b"Content-Type: ",
    "html": HEAD + b"Content-Type: text/html\r\n\r\n",
    "report": HEAD + REPORT,
    "diagnostic": HEAD + REPORT + b"Diagnostic-Code: smtp; ",
    "returned": HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n",
    "listed": HEAD + b"\r\nthe following address(es) failed:\r\n",
    "complaint": b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n",
}


@given(st.binary(max_size=2000))
def test_any_bytes(content: bytes) -> None:
    """Whatever comes in, something comes out."""
    assert isinstance(read(content).kind, Kind)


@given(st.data())
def test_mail_with_mistakes(draw: st.DataObject) -> None:
    """A bounce cut, doubled, or with bytes put in at any place is read without an exception, and scored."""
    mail = draw.draw(st.sampled_from(MAILS))
    other = draw.draw(st.sampled_from(MAILS))
    start, end = draw.draw(st.integers(0, len(mail))), draw.draw(st.integers(0, len(mail)))
    middle = draw.draw(st.one_of(st.binary(max_size=40), st.sampled_from(PIECES)))
    for one in facts(mail[:start] + middle + mail[end:] + other):
        assert one["recipient"] is None or "@" in one["recipient"]


@pytest.mark.parametrize("name", WRAPPINGS)
def test_a_megabyte_costs_little(name: str) -> None:
    """A hostile megabyte is read in little time and memory, whatever it repeats and wherever that stands."""
    read(b"")
    for piece in PIECES:
        content = (WRAPPINGS[name] + piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]
        started = time.process_time()
        read(content)
        assert time.process_time() - started < MAX_SECONDS, piece


def test_a_megabyte_in_little_memory() -> None:
    """Reading takes ten megabytes at most beside the mail."""
    tracemalloc.start()
    try:
        for head in WRAPPINGS.values():
            for piece in PIECES[::6]:
                content = (head + piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                read(content)
                assert tracemalloc.get_traced_memory()[1] - before < MAX_MEMORY
    finally:
        tracemalloc.stop()


ORDINARY = {
    "a question about a bounce": """From: Anna <anna@here.example>
To: help@list.example
Subject: Re: Undelivered Mail Returned to Sender

What is this?

> This is the mail system at host mx.example.
>
> <ben@gone.example>: host mail.gone.example said: 550 5.1.1 no ben
""",
    "a parcel": """From: Parcels <noreply@parcels.example>
To: anna@here.example
Subject: Delivery status of your parcel: delivery failed
List-Unsubscribe: <https://parcels.example/leave>

Your parcel could not be delivered. Write to <help@parcels.example>: we are there.
""",
    "a newsletter": """From: News <news@list.example>
To: anna@here.example
Subject: March

Hello anna@here.example, this message could not be more cheerful.
""",
    "a list post": """From: Ben <ben@here.example>
To: postfix-users@lists.example
List-Id: <postfix-users.lists.example>
Subject: 550 5.1.1 user unknown for all mail

<carla@gone.example>: host mail.gone.example said: 550 5.1.1 no carla
""",
    "a report on authentication": """From: noreply-dmarc@provider.example
To: dmarc@list.example
Subject: Report Domain: list.example Submitter: provider.example
Content-Type: application/zip

UEsDBA==
""",
    "nothing": "",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_mail(name: str) -> None:
    """Ordinary mail is nothing of all this."""
    assert read(ORDINARY[name].encode()).kind is Kind.NOTHING
    assert facts(ORDINARY[name].encode()) == []


def test_own_addresses_are_no_recipients() -> None:
    """Where a format is unknown, whom the report is from and to are not who failed."""
    mail = (
        b"From: postmaster@x.example\nTo: news@list.example\nSubject: Mail failure\n\n"
        b"It failed.\n\n<news@list.example>\n<postmaster@x.example>\n"
    )
    assert read(mail).findings == ()
    assert [one.recipient for one in read(mail + b"<anna@gone.example>\n").findings] == ["anna@gone.example"]


def test_facts_of_an_mbox(tmp_path: Path) -> None:
    """Several mails in one mbox are scored one after the other."""
    mails = [expected_and_mail(path)[1] for path in LETTERS if path.stem in ("domino", "imail")]
    content = b"".join(b"From MAILER-DAEMON Mon Mar  3 08:00:00 2025\n" + mail + b"\n" for mail in mails)
    assert [one["recipient"] for one in facts(content)] == ["anna@gone.example", "anna@gone.example"]
    assert len(facts(mails[0])) == 1
