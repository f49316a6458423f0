"""Mail comes back days later: the right people are suppressed, nobody else is, and what waits for them is taken out."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner

from postduif.address import parse
from postduif.bounce import unprocessed
from postduif.bounce.finding import Reading
from postduif.bounce.reading import read
from postduif.bounce.verp import Purpose, Queued
from postduif.cli.why import command as why
from postduif.errors import StoreError
from postduif.queue.condition import Condition
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import PATIENCE, Daemon, text
from tests.stories.roads import to

BOUNCES = "bounce.sender.example"
SETTINGS = f"""
[bounce]
domain = "{BOUNCES}"
sign_submitted = true
unprocessed_to = "people@sender.example"
[[listener]]
address = "127.0.0.2:0"
role = "inbound"
"""


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[tuple[Daemon, Sink]]:
    """A daemon whose mail goes to a sink, with a door for what comes back."""
    async with Sink() as sink, Daemon(directory, to(sink) + SETTINGS, FakeClock()) as daemon:
        yield daemon, sink


async def comes_back(daemon: Daemon, recipient: str, content: bytes, sender: str = "") -> tuple[int, bytes]:
    """Somebody's host hands over a mail; the reply to RCPT when it is no yes, else to the data."""

    def talk() -> tuple[int, bytes]:
        with smtplib.SMTP(*daemon.app.servers[1].address[:2], timeout=PATIENCE) as host:
            host.ehlo("mx.remote.example")
            host.mail(sender)
            code, words = host.rcpt(recipient)
            return host.data(content) if code == 250 else (code, words)

    return await asyncio.to_thread(talk)


def dsn(recipient: str, status: str, words: str, action: str = "failed") -> bytes:
    """A report as RFC 3464 has it."""
    return (
        "From: MAILER-DAEMON@mx.remote.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain\r\n\r\nIt did not arrive.\r\n"
        "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.remote.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {words}\r\n\r\n--x--\r\n"
    ).encode()


def complaint(return_path: str) -> bytes:
    """A feedback report as RFC 5965 has it, the recipient blacked out."""
    return (
        "From: fbl@remote.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain\r\n\r\nSpam, says a customer.\r\n"
        "--x\r\nContent-Type: message/feedback-report\r\n\r\n"
        "Feedback-Type: abuse\r\nUser-Agent: fbl/1\r\nVersion: 1\r\n"
        f"Original-Mail-From: <{return_path}>\r\n\r\n"
        "--x\r\nContent-Type: message/rfc822\r\n\r\n"
        "From: app@sender.example\r\nSubject: hello\r\n\r\nHello.\r\n--x--\r\n"
    ).encode()


def absence() -> bytes:
    """An automatic answer (RFC 3834)."""
    answer = EmailMessage()
    answer["From"], answer["Subject"], answer["Auto-Submitted"] = "a@one.example", "Out of office", "auto-replied"
    answer.set_content("I am away until Monday.")
    return answer.as_bytes().replace(b"\n", b"\r\n")


async def sent(daemon: Daemon, sink: Sink, recipient: str) -> tuple[int, str]:
    """A mail that was delivered: its queue id, and the return address it went out with."""
    before = sink.figures.messages
    id = await daemon.submit([recipient])
    await daemon.journal(id)
    await sink.wait_for(before + 1)
    return id, sink.messages[-1].sender


async def test_a_late_bounce(tmp_path: Path) -> None:
    """It is journalled with the remote's words, suppresses that recipient alone, and reaches the real sender."""
    async with running(tmp_path) as (daemon, sink):
        id, back = await sent(daemon, sink, "a@one.example")
        other, _ = await sent(daemon, sink, "b@one.example")
        assert back.endswith(f"@{BOUNCES}")
        report = dsn("somebody.else@one.example", "5.1.1", "550 5.1.1 no such user")
        assert (await comes_back(daemon, back, report))[0] == 250
        delivered, bounced = await daemon.journal(id, 2)
        assert (delivered.kind, bounced.kind, bounced.category) == ("delivered", "bounced", "recipient_unknown")
        assert (bounced.recipient, bounced.code, bounced.enhanced) == ("a@one.example", 550, "5.1.1")
        suspect = daemon.app.suppressions.suspect
        await daemon.until(lambda: suspect(parse("a@one.example")))
        assert not suspect(parse("b@one.example"))
        assert not suspect(parse("somebody.else@one.example"))
        await sink.wait_for(3)
        forwarded = sink.messages[-1]
        assert (forwarded.sender, forwarded.recipients) == ("", ("app@sender.example",))
        assert b"550 5.1.1 no such user" in forwarded.content
        assert [line.kind for line in await daemon.journal(other)] == ["delivered"]


async def test_the_same_address_again_and_again(tmp_path: Path) -> None:
    """A bounce acts once for each effect; day after day the same soft one makes no quarantine; too many are put off."""
    async with running(tmp_path) as (daemon, sink):
        id, back = await sent(daemon, sink, "a@one.example")
        soft = dsn("a@one.example", "5.2.1", "550 5.2.1 this account is disabled")
        for day in range(1, 7):
            assert (await comes_back(daemon, back, soft))[0] == 250
            await sink.wait_for(1 + day)  # the sender's copy: it has been dealt with
            daemon.clock.advance(86400 * 1.01)
        assert [line.kind for line in await daemon.journal(id, 2)] == ["delivered", "bounced"]
        assert not daemon.app.suppressions.suspect(parse("a@one.example"))
        assert (await comes_back(daemon, back, dsn("a@one.example", "5.1.1", "550 5.1.1 no such user")))[0] == 250
        assert [line.category for line in await daemon.journal(id, 3)][1:] == [
            "recipient_disabled",
            "recipient_unknown",
        ]
        await daemon.until(lambda: daemon.app.suppressions.suspect(parse("a@one.example")))
        replies = [(await comes_back(daemon, back, soft))[0] for _ in range(20)]
        assert replies == [250] * 19 + [450]


async def test_a_complaint(tmp_path: Path) -> None:
    """To the feedback address, naming only the return address: that recipient is suppressed, its mail taken out."""
    async with running(tmp_path) as (daemon, sink):
        id, back = await sent(daemon, sink, "a@one.example")
        daemon.clock.advance(1)
        waiting = await daemon.submit(["a@one.example", "tempfail@one.example"], sender="<>")
        await daemon.journal(waiting, 2)
        assert (await comes_back(daemon, f"feedback@{BOUNCES}", complaint(back), "fbl@remote.example"))[0] == 250
        assert [line.kind for line in await daemon.journal(id, 2)] == ["delivered", "complained"]
        await daemon.until(lambda: daemon.app.suppressions.suspect(parse("a@one.example")))
        assert (await daemon.app.suppressions.refusals([parse("A@one.example")], "default")).keys() == {
            parse("A@one.example")
        }
        assert not daemon.app.suppressions.suspect(parse("tempfail@one.example"))


async def test_an_automatic_answer_is_no_bounce(tmp_path: Path) -> None:
    """It is journalled, goes to the sender, and suppresses nobody."""
    async with running(tmp_path) as (daemon, sink):
        id, back = await sent(daemon, sink, "a@one.example")
        assert (await comes_back(daemon, back, absence()))[0] == 250
        assert [line.kind for line in await daemon.journal(id, 2)] == ["delivered", "answered"]
        await sink.wait_for(2)
        assert sink.messages[-1].recipients == ("app@sender.example",)
        assert not daemon.app.suppressions.suspect(parse("a@one.example"))


async def test_what_cannot_be_read(tmp_path: Path) -> None:
    """It is kept for a person, and forwarded, to the sender too: it may be an answer. Nobody is suppressed for it."""
    async with running(tmp_path) as (daemon, sink):
        _, back = await sent(daemon, sink, "a@one.example")
        assert (await comes_back(daemon, back.upper(), b"Subject: hi\r\n\r\nCan we meet?\r\n", "x@remote.example"))[
            0
        ] == 250
        await sink.wait_for(3)
        assert {mail.recipients[0] for mail in list(sink.messages)[1:]} == {
            "people@sender.example",
            "app@sender.example",
        }
        (row,) = await daemon.app.store.questions.ask(unprocessed.listing, 10)
        assert row.why == "not understood"
        content = await daemon.app.store.questions.ask(unprocessed.content, row.id)
        assert content is not None
        assert b"Can we meet?" in content
        assert len(daemon.app.suppressions._index) == 0


async def test_forged_and_altered_addresses_are_refused_at_rcpt(tmp_path: Path) -> None:
    """Nothing but what we signed is taken: not altered, not guessed, not for another purpose, not elsewhere."""
    async with running(tmp_path) as (daemon, sink):
        _, back = await sent(daemon, sink, "a@one.example")
        local = back.partition("@")[0]
        flipped = local[:10] + ("a" if local[10] != "a" else "b") + local[11:]
        for guess in (f"{flipped}@{BOUNCES}", f"{local[:-1]}@{BOUNCES}", f"u{local[1:]}@{BOUNCES}", f"info@{BOUNCES}"):
            code, words = await comes_back(daemon, guess, dsn("a@one.example", "5.1.1", "550 5.1.1 no"))
            assert (code, words[:5]) == (550, b"5.7.1"), guess
        assert (await comes_back(daemon, "a@one.example", b"x"))[0] == 550
        assert len(daemon.app.suppressions._index) == 0


async def test_each_recipient_has_a_return_address_of_his_own(tmp_path: Path) -> None:
    """Recipients of one message go in transactions of their own; a null sender stays null."""
    async with running(tmp_path) as (daemon, sink):
        id = await daemon.submit(["a@one.example", "b@one.example"])
        await daemon.journal(id, 2)
        await sink.wait_for(2)
        assert len({mail.sender for mail in sink.messages}) == 2
        await daemon.journal(await daemon.submit(["c@one.example"], sender="<>"))
        await sink.wait_for(3)
        assert sink.messages[-1].sender == ""


async def test_a_bounce_that_cannot_be_passed_on_ends_there(tmp_path: Path) -> None:
    """The sender's own host refuses the copy: it came from the null sender, so nobody is told, nothing goes round."""
    async with running(tmp_path) as (daemon, sink):
        id = await daemon.submit(["a@one.example"], sender="permfail@sender.example")
        await daemon.journal(id)
        await sink.wait_for(1)
        back = sink.messages[-1].sender
        assert (await comes_back(daemon, back, dsn("a@one.example", "5.1.1", "550 5.1.1 no such user")))[0] == 250
        await daemon.journal(id, 2)
        await daemon.until(lambda: daemon.app.store.stats.queued == 0)
        await daemon.quiet(sink)
        assert sink.figures.messages == 1


async def test_two_servers_that_pass_mail_on_to_each_other_stop(tmp_path: Path) -> None:
    """Each forwards what it cannot read to a return address of the other's: that is refused there, and it ends."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    async with Sink() as sink, Daemon(tmp_path / "one", to(sink) + SETTINGS) as one:
        there = SETTINGS.replace("people@sender.example", f"info@{BOUNCES}").replace(BOUNCES, "bounce.two.example", 1)
        async with Daemon(
            tmp_path / "two", to(one.app.servers[1].address[1]).replace("127.0.0.1", "127.0.0.2") + there
        ) as two:
            given = await two.submit(["b@one.example"])
            await two.journal(given)
            assert two.app.submission.returns is not None
            address = two.app.submission.returns.sender(given << 24, two.clock.time())
            await comes_back(two, str(address), b"Subject: hi\r\n\r\nCan we meet?\r\n", "x@remote.example")
            await two.until(lambda: two.app.store.stats.queued == 0)
            await one.settle()
            assert one.app.store.stats.queued == 0
            assert sink.figures.messages == 0


async def test_why_tells_the_whole_story(tmp_path: Path) -> None:
    """What came back later comes first, then how the mail had ended; a mail that was kept back names the list."""
    async with running(tmp_path) as (daemon, sink):
        id, back = await sent(daemon, sink, "a@one.example")
        await comes_back(daemon, back, dsn("a@one.example", "5.1.1", "550 5.1.1 no such user"))
        await daemon.journal(id, 2)
        kept = await daemon.submit(["a@one.example", "b@one.example"])
        await daemon.journal(kept, 2)
        config = ["--config", str(daemon.path)]
        told = (await asyncio.to_thread(CliRunner().invoke, why, [*config, str(id)])).stdout.splitlines()
        assert told[0].startswith(f"{id} from app@sender.example to a@one.example bounced ")
        assert "550 5.1.1 no such user" in told[1]
        assert "recipient unknown" in told[2]
        assert "was delivered " in told[3]
        told = (await asyncio.to_thread(CliRunner().invoke, why, [*config, str(kept)])).stdout.splitlines()
        assert any("was not sent" in line and "a@one.example" in line for line in told)
        assert any("postduif suppress list 'a@one.example'" in line for line in told)


async def test_an_unsubscribe_by_mail(tmp_path: Path) -> None:
    """Of a stream with a subscription: no more of that type, waiting mail included; receipts still go."""
    settings = '[[stream]]\nname = "letter"\nsubscription = "newsletter"'
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS + settings) as daemon:
        letter = b"X-Postduif-Stream: letter\r\n" + text()
        id = await daemon.submit(["a@one.example"], content=letter)
        await daemon.journal(id)
        assert daemon.app.submission.returns is not None
        local = daemon.app.submission.returns.verp.make(Purpose.UNSUBSCRIBE, Queued(id << 24), daemon.clock.time())
        await daemon.app.store.hold(Condition(domain="one.example"), "operator", "so that it waits")
        waiting = await daemon.submit(["a@one.example"], content=letter)
        receipt = await daemon.submit(["a@one.example"])
        other = await daemon.submit(["b@one.example"], content=letter)
        asked = b"Subject: unsubscribe\r\n\r\n"
        assert (await comes_back(daemon, f"{local}@{BOUNCES}", asked, "a@one.example"))[0] == 250
        assert [line.kind for line in await daemon.journal(id, 2)] == ["delivered", "unsubscribed"]
        assert [line.kind for line in await daemon.journal(waiting)] == ["suppressed"]
        await daemon.app.store.unhold(Condition(domain="one.example"))
        for allowed in (receipt, other):
            assert [line.kind for line in await daemon.journal(allowed)] == ["delivered"]
        with pytest.raises(AssertionError, match="suppression list \\(unsubscribe\\)"):
            await daemon.submit(["A@one.example"], content=letter)


async def test_a_mail_that_breaks_our_reading_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept for a person, and what came behind it is read."""

    def breaks(content: bytes) -> Reading:
        if b"poison" in content:
            raise ValueError("a mistake of ours")
        return read(content)

    monkeypatch.setattr("postduif.mta.returns.read", breaks)
    async with running(tmp_path) as (daemon, sink):
        id, back = await sent(daemon, sink, "a@one.example")
        await comes_back(daemon, back, b"Subject: poison\r\n\r\n")
        await comes_back(daemon, back, dsn("a@one.example", "5.1.1", "550 5.1.1 no such user"))
        assert [line.kind for line in await daemon.journal(id, 2)] == ["delivered", "bounced"]
        (row,) = await daemon.app.store.questions.ask(unprocessed.listing, 10)
        assert row.why == "something went wrong here"
        await daemon.until(lambda: daemon.app.store.stats.leased == 0)


async def test_a_disk_that_fails_for_a_while_costs_no_bounce(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be read or recorded is given back and done later, all of it."""
    async with running(tmp_path) as (daemon, sink):
        mails = [await sent(daemon, sink, f"{name}@one.example") for name in "abc"]
        settle = daemon.app.store.settle

        async def fails(*_: object, **__: object) -> NoReturn:
            raise StoreError("the disk fails")

        monkeypatch.setattr(daemon.app.store, "settle", fails)
        for _, back in mails:
            await comes_back(daemon, back, dsn("a@one.example", "5.1.1", "550 5.1.1 no such user"))
        await daemon.settle()
        monkeypatch.setattr(daemon.app.store, "settle", settle)
        daemon.clock.advance(2)
        for id, _ in mails:
            assert [line.kind for line in await daemon.journal(id, 2)] == ["delivered", "bounced"]
        await daemon.until(lambda: daemon.app.store.stats.leased == 0)


async def test_new_keys_are_believed_after_a_reload(tmp_path: Path) -> None:
    """A key that was put in front signs, the old one is believed until it is taken out."""
    async with running(tmp_path) as (daemon, sink):
        _, back = await sent(daemon, sink, "a@one.example")
        keys = tmp_path / "data" / "verp.keys"
        old = keys.read_text()
        keys.write_text("ab" * 32 + "\n" + old)
        daemon.app.reload()
        _, newer = await sent(daemon, sink, "b@one.example")
        for address in (back, newer):
            assert (await comes_back(daemon, address, absence()))[0] == 250
        keys.write_text("ab" * 32 + "\n")
        daemon.app.reload()
        assert (await comes_back(daemon, back, absence()))[0] == 550
        assert (await comes_back(daemon, newer, absence()))[0] == 250
