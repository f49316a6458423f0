"""The one door: what is changed, what is refused, what is queued."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from postduif.address import NULL_SENDER, Address, parse
from postduif.bounce import suppression
from postduif.bounce.address_state import Event, What
from postduif.config.schema import Config, Queue
from postduif.envelope import UNSAID, Envelope, Notify, Recipient
from postduif.mta.queue_tables import EXTENSIONS
from postduif.mta.submission import MAX_VISITS, Client, Prepared, Submission, prepare
from postduif.mta.suppressions import Suppressions
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Store
from postduif.reply import Reply
from tests.fakes import FakeClock

NOW = 1_800_000_000.0
HEADER = (
    b"From: Shop <news@Shop.example>\r\nTo: b@remote.example\r\nSubject: Hi\r\n"
    b"Date: Thu, 21 Nov 2024 15:13:00 +0000\r\nMessage-ID: <1@shop.example>\r\n"
)
BODY = b"\r\nHello\r\n"


def settings(**changes: Any) -> Config:
    """A configuration with one listener; `changes` are the listener's."""
    return Config.model_validate(
        {
            "server": {"hostname": "mta.example", "postmaster": "me@mail.example"},
            "listener": [{"address": "127.0.0.1:2525", **changes}],
            "stream": [{"name": "news"}],
            "delivery": {"lifetime": "1d"},
        }
    )


def client(config: Config, **changes: Any) -> Client:
    """A trusted client of its listener."""
    values = {"address": "192.0.2.1", "ehlo": "app.example", "user": "", "tls": "", "trusted": True, **changes}
    return Client(listener=config.listener[0], **values)


def envelope(sender: str = "bounce@shop.example", *recipients: str) -> Envelope:
    """An envelope as the server makes it."""
    to = [Recipient(parse(text)) for text in recipients or ("b@remote.example",)]
    return Envelope(parse(sender) if sender else NULL_SENDER, to, id=17, received_at=NOW - 1, before_queue=0.5)


def decide(
    content: bytes, config: Config | None = None, who: dict[str, Any] | None = None, env: Envelope | None = None
) -> Prepared | Reply:
    """What the door says to a mail."""
    config = config or settings()
    return prepare(config, client(config, **(who or {})), env or envelope(), content, NOW)


def queued(content: bytes, *args: Any, **kwargs: Any) -> Prepared:
    """A mail that the door takes."""
    decision = decide(content, *args, **kwargs)
    assert isinstance(decision, Prepared), decision
    return decision


def refused(content: bytes, *args: Any, **kwargs: Any) -> str:
    """Code, enhanced code and text of a refusal."""
    decision = decide(content, *args, **kwargs)
    assert isinstance(decision, Reply)
    return str(decision)


def below_trace(content: bytes) -> bytes:
    """A queued mail without the Received field on top."""
    assert content.startswith(b"Received: from app.example ([192.0.2.1])\r\n")
    return content.partition(b" +0000\r\n")[2]


def test_complete_mail_gets_a_trace_header_and_nothing_else() -> None:
    """A mail that has everything is queued to the byte as it came, below our Received."""
    older = b"Received: from x by y; Thu, 21 Nov 2024 15:12:00 +0000\r\n"
    assert below_trace(queued(older + HEADER + BODY).message.content) == older + HEADER + BODY


def test_trace_header_says_what_is_known() -> None:
    """Queue id, sole recipient, TLS and AUTH stand in the trace header."""
    who = {"tls": "TLSv1.3 TLS_AES_256_GCM_SHA384", "user": "joe"}
    text = queued(HEADER + BODY, settings(auth="optional", auth_without_tls=True), who).message.content.decode()
    assert "by mta.example with ESMTPSA (TLSv1.3 TLS_AES_256_GCM_SHA384) id 17\r\n\tfor <b@remote.example>;" in text
    assert "joe" not in text


def test_no_for_clause_with_several_recipients() -> None:
    """Recipients do not learn of each other (RFC 5321 4.4)."""
    mail = queued(HEADER + BODY, env=envelope("a@x.example", "b@y.example", "c@z.example"))
    assert b"for <" not in mail.message.content


def test_envelope() -> None:
    """The envelope says all that delivery, journal and notices need."""
    given = envelope()
    given.envid, given.ret = "QQ+2B1", "HDRS"
    mail = queued(HEADER + BODY, settings(stream="news"), {"user": "joe"}, given)
    got = mail.envelope
    assert got.expires_at == NOW - 1 + 86400
    assert (got.id, got.envid, got.ret, got.received_at, got.before_queue) == (17, "QQ+2B1", "HDRS", NOW - 1, 0.5)
    assert (got.stream, got.origin, got.message_id, got.header_from) == (
        "news",
        "joe@192.0.2.1",
        "<1@shop.example>",
        "shop.example",
    )
    assert (got.size, got.eight_bit, got.smtputf8, got.bulk) == (len(mail.message.content), False, False, False)


def test_arguments_stay_as_they_are() -> None:
    """Deciding changes nothing that it was given."""
    given = envelope("a@x.example", "postmaster@mta.example")
    queued(HEADER + BODY, env=given)
    assert given == envelope("a@x.example", "postmaster@mta.example")


def test_missing_fields_are_added() -> None:
    """From, Date and Message-ID are added at the end of the header when they are missing (RFC 6409 8)."""
    mail = queued(b"Subject: x\r\n" + BODY)
    parsed = email.message_from_bytes(mail.message.content)
    assert parsed.keys() == ["Received", "Subject", "From", "Date", "Message-ID"]
    assert parsed["From"] == "<bounce@shop.example>"
    assert parsed["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert parsed["Message-ID"] == mail.envelope.message_id
    assert parsed["Message-ID"].endswith("@mta.example>")
    assert mail.envelope.header_from == "shop.example"
    assert mail.envelope.message_id != queued(b"Subject: x\r\n" + BODY).envelope.message_id


def test_inbound_mail_is_not_completed() -> None:
    """Strangers' mail is passed on as it is, but for the trace header and our own fields."""
    content = b"X-Postduif-Stream: news\r\nBcc: x@y.example\r\nSubject: x\r\n"
    mail = queued(content + BODY, settings(role="inbound"), {"trusted": False}, envelope("", "abuse@mta.example"))
    assert below_trace(mail.message.content) == b"Bcc: x@y.example\r\nSubject: x\r\n" + BODY
    assert (mail.envelope.message_id, mail.envelope.header_from, mail.envelope.stream) == ("", "", "default")
    assert mail.envelope.recipients == [Recipient(parse("me@mail.example"), notify=Notify.NEVER)]


@pytest.mark.parametrize("content", [b"Just text.\r\n\r\nMore.\r\n", b"\r\nJust text.\r\n", b"No line end"])
def test_text_without_header(content: bytes) -> None:
    """Text alone becomes the body of a mail."""
    parsed = email.message_from_bytes(queued(content).message.content)
    assert parsed.get_payload().strip() == content.decode().strip()
    assert parsed["From"] == "<bounce@shop.example>"


def test_line_that_is_no_field_ends_the_header() -> None:
    """What follows such a line is body for every reader, so nothing hides there."""
    mail = queued(HEADER + b"oops\r\nFrom: evil@evil.example\r\n" + BODY)
    parsed = email.message_from_bytes(mail.message.content)
    assert parsed.get_all("From") == ["Shop <news@Shop.example>"]
    assert parsed.get_payload().startswith("oops\r\nFrom: evil")


def test_hops() -> None:
    """Mail with as many Received fields as hops are allowed goes round (RFC 5321 6.3)."""
    hop = b"Received: from x by y; Thu, 21 Nov 2024 15:12:00 +0000\r\n"
    assert queued(hop * 99 + HEADER + BODY)
    assert refused(hop * 100 + HEADER + BODY).startswith("554 5.4.6")
    assert refused(hop * 2 + HEADER + BODY, settings(max_hops=2)).startswith("554 5.4.6")


def test_own_hops() -> None:
    """Mail that keeps coming back to us is stopped long before that."""
    mail = HEADER + BODY
    for _ in range(MAX_VISITS):
        mail = queued(mail).message.content
    assert refused(mail).startswith("554 5.4.6")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"From: a@x.example\r\n" + HEADER, "more than one From"),
        (b"From: root\r\n", "no mailbox with a domain"),
        (b"From: a@x.example<b@evil.example>\r\n", "two addresses"),
        (b"Subject: \xe9\r\n" + HEADER, "neither ASCII nor UTF-8"),
        (b"X-Postduif-Stream: nws\r\n" + HEADER, "names no stream; add it"),
        (b"X-Postduif-Stream: news\r\n" * 2 + HEADER, "more than one X-Postduif-Stream"),
    ],
)
def test_refused_headers(content: bytes, text: str) -> None:
    """What cannot be sent on in good faith is refused with words that name the remedy."""
    words = refused(content + BODY)
    assert words.startswith("554 5.6.0")
    assert text in words


def test_no_author_at_all() -> None:
    """Without From and sender nobody has written it."""
    assert refused(b"Subject: x\r\n" + BODY, env=envelope("")).startswith("554 5.6.0 no From")


def test_huge_header() -> None:
    """A header section beyond the limit is refused."""
    assert refused(b"X: y\r\n" * 50_000 + HEADER + BODY).startswith("552 5.3.4")


def test_hidden_recipients_are_removed() -> None:
    """Bcc does not go out."""
    assert below_trace(queued(b"Bcc: c@x.example\r\n" + HEADER + BODY).message.content) == HEADER + BODY


@pytest.mark.parametrize(("named", "stream"), [(b"news", "news"), (b"default", "default"), (b"  news ", "news")])
def test_stream_is_taken(named: bytes, stream: str) -> None:
    """Who may relay names the stream, and the field is gone."""
    mail = queued(b"X-Postduif-Stream: " + named + b"\r\n" + HEADER + BODY)
    assert mail.envelope.stream == stream
    assert below_trace(mail.message.content) == HEADER + BODY


def test_character_sets() -> None:
    """8-bit text needs 8BITMIME; an 8-bit header needs SMTPUTF8 as well."""
    mail = queued(HEADER + BODY + "é".encode() + b"\r\n")
    assert (mail.message.eight_bit, mail.message.smtputf8) == (True, False)
    mail = queued("Comments: é\r\n".encode() + HEADER + BODY)
    assert (mail.message.eight_bit, mail.message.smtputf8) == (True, True)
    assert (mail.envelope.eight_bit, mail.envelope.smtputf8) == (True, True)
    mail = queued(b"X: \xe9\r\n" + HEADER + BODY, settings(role="inbound"))
    assert (mail.message.eight_bit, mail.message.smtputf8) == (True, False)


def test_bulk() -> None:
    """List mail is known."""
    assert queued(b"List-Id: <x.example>\r\n" + HEADER + BODY).envelope.bulk


@given(
    st.binary(max_size=200).map(
        lambda octets: octets.replace(b"\r", b"").replace(b"\0", b"").replace(b"\n", b"\r\n") + b"\r\n"
    )
)
def test_any_content(content: bytes) -> None:
    """Any content is queued as a well-formed mail with all of its body, or refused for good."""
    decision = decide(content)
    if isinstance(decision, Reply):
        assert decision.permanent
        return
    header, empty, body = decision.message.content.partition(b"\r\n\r\n")
    assert empty
    assert content.endswith(body)
    names = [line.partition(b":")[0].lower() for line in header.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    assert {names.count(name) for name in (b"received", b"from", b"date", b"message-id")} == {1}


@asynccontextmanager
async def door(data_dir: Path, config: Config) -> AsyncIterator[tuple[Submission, Store]]:
    """A door before a real queue."""
    clock = FakeClock(NOW)
    store = Store.open(data_dir, config.queue, clock, EXTENSIONS)
    try:
        yield Submission(config, store, clock), store
    finally:
        await store.close()


def figure(name: str, **labels: str) -> float:
    """What a metric says now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_accepted_mail_is_queued(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """250 names the id under which the mail is in the queue; metrics and one log line tell of it."""

    async def scenario() -> None:
        config = settings()
        before = figure("postduif_recipients_received_total", stream="default")
        async with door(tmp_path, config) as (submission, store):
            who = client(config, ehlo="x\x1b[2J")
            env = Envelope(parse("a@x.example"), [Recipient(parse(f"b{n}@remote.example")) for n in range(3)])
            assert submission.may_send(who, env.sender) is None
            assert submission.may_receive(who, env.recipients[0].address) is None
            reply = await submission.accept(who, env, HEADER + BODY)
            assert (reply.code, reply.enhanced) == (250, "2.0.0")
            queue_id = int(reply.text.removeprefix("queued as "))
            entries = await store.lease(QueueKey("default", "remote.example"), 10)
            assert [str(entry.recipient.address) for entry in entries] == [f"b{n}@remote.example" for n in range(3)]
            assert {entry.envelope.id for entry in entries} == {queue_id}
            content = (await store.content(queue_id)).content
            assert f" id {queue_id};".encode() in content
        assert figure("postduif_recipients_received_total", stream="default") == before + 3
        lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("info received ")]
        assert len(lines) == 1
        assert f"id={queue_id} sender=a@x.example recipients=3 " in lines[0]
        assert "message_id=<1@shop.example>" in lines[0]

    asyncio.run(scenario())


def test_a_refusal_names_who(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where nobody of the recipients may get mail, the log says who they are; of a long list the first five."""

    async def scenario() -> None:
        config, people = settings(), [f"b{n}@remote.example" for n in range(6)]
        async with door(tmp_path, config) as (_, store):
            listed = Suppressions(store, config, b"s" * 32, FakeClock(NOW))
            events = [Event(one, What.ENTRY, NOW, "me", reason="moved") for one in people]
            await listed.change(suppression.record, events, listed.thresholds, listed.secret)
            submission = Submission(config, store, FakeClock(NOW), suppressions=listed)
            reply = await submission.accept(client(config), envelope("a@x.example", *people), HEADER + BODY)
            assert reply.code == 550
        assert f" recipients=6 to={','.join(people[:5])} reason=suppressed\n" in capfd.readouterr().err

    asyncio.run(scenario())


def test_refused_mail_is_not_queued(tmp_path: Path) -> None:
    """A refusal leaves nothing behind."""

    async def scenario() -> None:
        config = settings()
        async with door(tmp_path, config) as (submission, store):
            reply = await submission.accept(client(config), envelope(), b"From: root\r\n\r\n")
            assert reply.permanent
            assert store.stats.queued == 0

    asyncio.run(scenario())


def test_full_disk(tmp_path: Path) -> None:
    """Below the disk reserve the client keeps its mail: 452 4.3.1, at MAIL and at the end."""

    async def scenario() -> None:
        config = settings().model_copy(update={"queue": Queue.model_validate({"disk_reserve": "1000T"})})
        async with door(tmp_path, config) as (submission, _):
            reply = submission.may_send(client(config), NULL_SENDER)
            assert reply is not None
            assert (reply.code, reply.enhanced) == (452, "4.3.1")
            assert await submission.accept(client(config), envelope(), HEADER + BODY) == reply

    asyncio.run(scenario())


def test_broken_store(tmp_path: Path) -> None:
    """When the queue cannot record it, the client hears 451 4.3.0 and no reason."""

    async def scenario() -> None:
        config = settings()
        async with door(tmp_path, config) as (submission, store):
            await store.close()
            reply = await submission.accept(client(config), envelope(), HEADER + BODY)
            assert (reply.code, reply.enhanced) == (451, "4.3.0")
            assert str(tmp_path) not in reply.text

    asyncio.run(scenario())


def test_reload(tmp_path: Path) -> None:
    """New settings hold from the next command on."""

    async def scenario() -> None:
        config = settings()
        async with door(tmp_path, config) as (submission, _):
            bare = Address("postmaster", "")
            assert submission.may_receive(client(config), bare) is None
            submission.reload(Config.model_validate({"server": {"hostname": "mta.example"}}))
            assert submission.may_receive(client(config), bare) is not None

    asyncio.run(scenario())


def test_recipients_keep_their_wishes(tmp_path: Path) -> None:
    """ORCPT and NOTIFY come out of the queue as they went in."""

    async def scenario() -> None:
        config = settings()
        async with door(tmp_path, config) as (submission, store):
            env = envelope()
            env.recipients = [
                Recipient(parse("a@r.example"), orcpt="rfc822;A+2Bx@r.example", notify=Notify.SUCCESS | Notify.DELAY),
                Recipient(parse("b@r.example"), notify=UNSAID),
            ]
            assert (await submission.accept(client(config), env, HEADER + BODY)).positive
            entries = await store.lease(QueueKey("default", "r.example"), 10)
            assert [(one.recipient.orcpt, one.recipient.notify) for one in entries] == [
                ("rfc822;A+2Bx@r.example", Notify.SUCCESS | Notify.DELAY),
                ("", UNSAID),
            ]

    asyncio.run(scenario())
