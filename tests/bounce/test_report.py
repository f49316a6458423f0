"""Notifications to senders, read back with the email package."""

from __future__ import annotations

import email
import quopri
import re
from email.message import Message as Parsed
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.address import NULL_SENDER, parse
from postduif.bounce.report import Fact, compose, wanted
from postduif.config.schema import Dsn
from postduif.envelope import UNSAID, Envelope, Message, Notify, Recipient
from postduif.reply import Reply
from tests.bounce.notices import ALL, CONTENT, NOW, attempt, envelope, fact, groups, notice, text, wire

# --- who is told


@pytest.mark.parametrize(
    ("notify", "told"),
    [
        (UNSAID, {"failed"}),
        (Notify.NEVER, set()),
        (Notify.FAILURE, {"failed"}),
        (Notify.DELAY, {"delayed"}),
        (Notify.SUCCESS, {"delivered", "relayed", "expanded"}),
        (ALL, {"failed", "delayed", "delivered", "relayed", "expanded"}),
    ],
)
def test_notify(notify: Notify, told: set[str]) -> None:
    """The sender hears what NOTIFY asks for; of failures also when nothing was said (RFC 3461 4.1)."""
    recipient = Recipient(parse("b@remote.example"), notify=notify)
    actions = ("failed", "delayed", "delivered", "relayed", "expanded")
    assert {action for action in actions if wanted(envelope(), recipient, action)} == told


@pytest.mark.parametrize("action", ["failed", "delayed", "relayed"])
def test_null_sender_is_never_told(action: str) -> None:
    """Nothing is ever sent about mail from the null sender (RFC 5321 4.5.5)."""
    recipient = Recipient(parse("b@remote.example"), notify=ALL)
    assert not wanted(envelope(sender=NULL_SENDER), recipient, action)
    assert _compose(CONTENT, sender=NULL_SENDER) is None


def test_bulk_mail_hears_of_failures_only() -> None:
    """Of delays lists and machines are not told, of failures they are."""
    recipient = Recipient(parse("b@remote.example"), notify=ALL)
    assert not wanted(envelope(bulk=True), recipient, "delayed")
    assert wanted(envelope(bulk=True), recipient, "failed")


def _compose(content: bytes, **changes: Any) -> tuple[Envelope, Message] | None:
    return compose(
        envelope(**changes),
        [fact()],
        Message(content),
        hostname="mta.example",
        settings=Dsn(),
        now=NOW,
        lifetime=86400.0,
    )


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (b"Auto-Submitted: auto-replied", False),
        (b"Auto-Submitted: Auto-Replied (vacation)", False),
        (b"Content-Type: Multipart/Report; report-type=delivery-status", False),
        (b"Auto-Submitted: auto-generated", True),
        (b"Auto-Submitted: no", True),
        (b"Precedence: bulk", True),
        (b"Content-Type: multipart/mixed", True),
    ],
)
def test_answers_are_not_answered(field: bytes, told: bool) -> None:
    """An automatic reply or a report that fails ends there, whatever its sender (RFC 3834 section 2)."""
    assert (_compose(field + b"\r\n" + CONTENT) is not None) is told


def test_a_notification_of_ours_is_not_answered() -> None:
    """Our own notifications are among them."""
    assert _compose(notice()[1].content) is None


def test_nothing_to_tell() -> None:
    """Without facts there is no notification."""
    assert (
        compose(envelope(), [], Message(CONTENT), hostname="m.example", settings=Dsn(), now=NOW, lifetime=1.0) is None
    )


# --- the envelope and header


def test_envelope() -> None:
    """It goes from the null sender to the sender, who is not told about it in turn (RFC 3461 6.1)."""
    made, message = notice()
    assert made.sender == NULL_SENDER
    assert made.recipients == [Recipient(parse("a@app.example"), notify=Notify.NEVER)]
    assert (made.received_at, made.expires_at, made.origin, made.stream) == (NOW, NOW + 86400, "dsn", "default")
    assert (made.header_from, made.bulk, made.size) == ("mta.example", True, len(message.content))
    assert not wanted(made, made.recipients[0], "failed")


def test_header() -> None:
    """The header is that of an automatic reply to the message (RFC 3464 section 2, RFC 3834)."""
    made = notice()
    parsed = email.message_from_bytes(made[1].content)
    assert parsed["From"] == "Mail Delivery System <MAILER-DAEMON@mta.example>"
    assert parsed["To"] == "<a@app.example>"
    assert parsed["Subject"] == "Undelivered mail"
    assert parsed["Auto-Submitted"] == "auto-replied"
    assert parsed["MIME-Version"] == "1.0"
    assert parsed["Date"] == "Thu, 21 Nov 2024 15:13:00 +0000"
    assert parsed["In-Reply-To"] == parsed["References"] == "<1@app.example>"
    assert parsed["Message-ID"] == made[0].message_id
    assert len(set(parsed.keys())) == len(parsed.keys())


@pytest.mark.parametrize(
    "message_id", [b"none", b"<a b@x>", b"<a>\r\n <b>", "<é@x>".encode(), b"<" + b"x" * 999 + b">"]
)
def test_odd_message_ids_are_not_referred_to(message_id: bytes) -> None:
    """References name only what is one msg-id."""
    parsed = email.message_from_bytes(wire(notice(content=b"Message-ID: " + message_id + b"\r\n\r\nx\r\n")))
    assert "References" not in parsed


def test_sender_beyond_ascii() -> None:
    """A sender with SMTPUTF8 is addressed as it is."""
    made = notice(sender=parse("jö@app.example"))
    assert made[0].smtputf8
    assert made[1].smtputf8
    assert "To: <jö@app.example>\r\n".encode() in wire(made)


# --- hostile words


HOSTILE = [
    "x\r\nX-Evil: 1\r\n\r\nbody",
    "a\nb\rc\x00d\x1b[2J\u2028e\x85f",
    "=?utf-8?Q?=0D=0AX-Evil:_1?=",
    "--=_boundary--",
    "é" * 5000,
    "x" * 70_000,
    "",
    ".",
    "<script>",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words(words: str) -> None:
    """Whatever a remote host says, the notification keeps its three parts, its fields and short lines."""
    reply = Reply(550, "5.7.1", words, "mx.evil.example")
    made = notice(fact(attempt=attempt(reply)))
    content = wire(made)
    assert made[1].content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert len(content) < 12_000
    message, group = groups(made)
    assert message.keys() == ["Reporting-MTA", "Arrival-Date"]
    assert len(group.keys()) == 6
    assert group["Diagnostic-Code"].startswith("smtp; 550 5.7.1")


@given(st.text(max_size=300), st.text(max_size=60), st.binary(max_size=300))
def test_any_words(words: str, given_name: str, content: bytes) -> None:
    """Any words of host and client, and any message, make a notification fit for the wire."""
    content = re.sub(rb"[\r\0]", b"", content).replace(b"\n", b"\r\n") + b"\r\n"
    recipient = Recipient(parse("b@remote.example"), orcpt=f"rfc822;{given_name}")
    reply = Reply(550, "5.7.1", words, "mx.evil.example")
    made = _compose_any(fact(recipient=recipient, attempt=attempt(reply)), content, given_name)
    if made is not None:
        wire(made)
        assert b"".join(made[1].content.splitlines(keepends=True)[-1:]).endswith(b"--\r\n")


def _compose_any(one: Fact, content: bytes, envid: str) -> tuple[Envelope, Message] | None:
    return compose(
        envelope(envid=envid),
        [one],
        Message(content),
        hostname="mta.example",
        settings=Dsn(),
        now=NOW,
        lifetime=1.0,
    )


# --- what people read


def test_text() -> None:
    """People read who did not get it, and in whose words."""
    words = text(notice())
    assert words.startswith("This is the mail system at mta.example. Your message could not be delivered")
    assert "<b@remote.example> mx.remote.example said: 550 5.1.1 no such user" in words
    assert "has number 17" in words


def test_text_beyond_ascii() -> None:
    """Words in another script are readable, and the part stays in ASCII."""
    made = notice(fact(attempt=attempt(Reply(550, "", "名前\nなし", "mx.x.example"))))
    assert "mx.x.example said: 550 名前 なし" in text(made)
    assert made[1].content.isascii()


# --- the message itself


def returned(made: tuple[Envelope, Message]) -> tuple[str, bytes]:
    """Type and octets of its third part, decoded."""
    part = email.message_from_bytes(made[1].content).get_payload()[2]  # type: ignore[index]
    assert isinstance(part, Parsed)
    raw = made[1].content.split(b"\r\n--=_")[3].partition(b"\r\n\r\n")[2]
    if part["Content-Transfer-Encoding"] == "quoted-printable":
        raw = quopri.decodestring(raw)
    return part.get_content_type(), raw


HEAD = CONTENT.partition(b"\r\n\r\n")[0] + b"\r\n"


@pytest.mark.parametrize(
    ("ret", "max_size", "kind", "octets"),
    [
        ("", 50_000, "message/rfc822", CONTENT),
        ("FULL", 50_000, "message/rfc822", CONTENT),
        ("HDRS", 50_000, "text/rfc822-headers", HEAD),
        ("FULL", len(CONTENT), "message/rfc822", CONTENT),
        ("FULL", len(CONTENT) - 1, "text/rfc822-headers", HEAD),
        ("HDRS", 40, "text/rfc822-headers", b"From: a@app.example\r\n"),
        ("HDRS", 5, "text/rfc822-headers", b""),
    ],
)
def test_returned(ret: str, max_size: int, kind: str, octets: bytes) -> None:
    """RET and size decide how much of the message comes back, to the octet (RFC 3461 4.3)."""
    assert returned(notice(ret=ret, max_size=max_size)) == (kind, octets)


def test_returned_eight_bit() -> None:
    """An 8-bit body comes back as it is, and says so."""
    content = CONTENT + "é\r\n".encode()
    made = notice(content=content)
    assert made[1].eight_bit
    assert not made[1].smtputf8
    assert made[0].eight_bit
    assert email.message_from_bytes(made[1].content)["Content-Transfer-Encoding"] == "8bit"
    assert returned(made) == ("message/rfc822", content)


def test_returned_utf8_header() -> None:
    """A UTF-8 header comes back in the types made for it (RFC 6533)."""
    content = "Subject: é\r\n".encode() + CONTENT
    assert returned(notice(content=content, smtputf8=True)) == ("message/global", content)
    kind, octets = returned(notice(content=content, smtputf8=True, ret="HDRS"))
    assert kind == "message/global-headers"
    assert octets == "Subject: é\r\n".encode() + HEAD


def test_message_that_cannot_be_read() -> None:
    """The sender hears of a failure even when the message itself is lost."""
    assert returned(notice(content=b"")) == ("text/rfc822-headers", b"")
