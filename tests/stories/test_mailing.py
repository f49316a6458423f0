"""A mailing on the road: merged for each, paused, gone on with, stopped, in waves, and what comes back of it."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from postduif.address import parse
from postduif.bounce.verp import Found, Mailed
from postduif.errors import StoreError
from postduif.mta.control import ask
from postduif.queue.condition import Condition
from postduif.queue.inspect import looking
from postduif.queue.mailing import Terms, directory_of
from postduif.queue.mailing_file import hand_over
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon, text
from tests.stories.mailings import handed_over, prepared
from tests.stories.roads import to
from tests.stories.test_returned import SETTINGS, comes_back, dsn

SLOW = Terms(rate=1)
PEOPLE = [f"p{number}@{domain}.example" for number in range(10) for domain in ("one", "two")]


def rows(directory: Path, query: str, number: int = 7) -> list[tuple[object, ...]]:
    """What the file of a mailing says."""
    with looking(directory_of(directory / "data", number)) as connection:
        return connection.execute(query).fetchall()


async def told(daemon: Daemon, do: str, **request: object) -> object:
    """What the daemon answers on its socket."""
    return await asyncio.to_thread(ask, daemon.path.parent / "run", do, number=7, **request)


async def test_each_gets_a_mail_of_their_own(tmp_path: Path) -> None:
    """Everybody gets one message with their own words, from a return address of their own; the file keeps the ends."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time())
        await told(daemon, "mailing.open")
        await sink.wait_for(len(PEOPLE))
        read = [message_from_bytes(one.content, policy=policy.default) for one in sink.messages]
        assert sorted(str(one["To"]) for one in read) == sorted(f"{a.partition('@')[0].title()} <{a}>" for a in PEOPLE)
        assert all(str(one["Subject"]).endswith(str(one["To"]).partition(" ")[0]) for one in read)
        assert len({one["Message-ID"] for one in read}) == len({one.sender for one in sink.messages}) == len(PEOPLE)
        found = {daemon.app.submission.returns.read(parse(one.sender), daemon.clock.time()) for one in sink.messages}
        assert {one.whom for one in found} == {Mailed(7, number) for number in range(len(PEOPLE))}
        ends = "SELECT recipient FROM journal WHERE kind = 'delivered'"
        await daemon.until(lambda: len(rows(tmp_path, ends)) == len(PEOPLE))
        assert rows(tmp_path, "SELECT count(*) FROM recipient") == [(0,)]
        await daemon.app.mailings.look()
        await daemon.app.mailings.look()
        assert (directory_of(tmp_path / "data", 7) / "ended").exists()


async def test_paused_and_gone_on_with(tmp_path: Path) -> None:
    """Paused, nothing of it leaves, also after a restart; resumed, the others get theirs, and nobody gets two."""
    async with Sink() as sink:
        clock = FakeClock()
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            handed_over(tmp_path / "data", 7, PEOPLE, clock.time(), terms=SLOW)
            await told(daemon, "mailing.open")
            await sink.wait_for(1)
            await told(daemon, "mailing.pause")
            await told(daemon, "mailing.pause")
        async with Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            await told(daemon, "mailing.open")
            await daemon.app.mailings.look()
            assert [store.stats.queued for store in daemon.app.stores] == [0]
            taken = len(sink.messages)
            await told(daemon, "mailing.rate", rate=0)
            await told(daemon, "mailing.resume")
            await sink.wait_for(len(PEOPLE))
            assert taken < len(PEOPLE)
        assert sorted(one.recipients[0] for one in sink.messages) == sorted(PEOPLE)


async def test_stopped_for_good(tmp_path: Path) -> None:
    """What waits is withdrawn, each with a row of its own; a stopped mailing does not go on."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), terms=SLOW)
        await told(daemon, "mailing.open")
        await sink.wait_for(1)
        assert (await told(daemon, "mailing.stop"))["waiting"] >= len(PEOPLE) - 2
        with pytest.raises(Exception, match="final"):
            await told(daemon, "mailing.resume")
        waiting = "SELECT count(*) FROM recipient"
        await daemon.until(lambda: rows(tmp_path, waiting) == [(0,)])
        kinds = dict(rows(tmp_path, "SELECT kind, count(*) FROM journal GROUP BY kind"))
        assert kinds == {"delivered": len(sink.messages), "withdrawn": len(PEOPLE) - len(sink.messages)}


async def test_a_wave_waits_for_its_word(tmp_path: Path) -> None:
    """The second wave goes when it is let go."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), waves=(len(PEOPLE) // 2, len(PEOPLE) // 2))
        await told(daemon, "mailing.open")
        await sink.wait_for(len(PEOPLE) // 2)
        await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient") == [(len(PEOPLE) // 2,)])
        await told(daemon, "mailing.wave", wave=2)
        await sink.wait_for(len(PEOPLE))


async def test_its_rate_is_kept(tmp_path: Path) -> None:
    """At twelve a minute one goes every five seconds; told another rate, it has that at once."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), terms=Terms(rate=12))
        await told(daemon, "mailing.open")
        await sink.wait_for(1)
        for count in (2, 3):
            await daemon.until(lambda: daemon.clock.awaited(5.0))
            daemon.clock.advance(5)
            await sink.wait_for(count)
        assert len(sink.messages) == 3
        await told(daemon, "mailing.rate", rate=0)
        daemon.clock.advance(5)
        await sink.wait_for(len(PEOPLE))


async def test_orders_of_the_operator_hold_for_mailings(tmp_path: Path) -> None:
    """A domain that is held in the queue gets nothing of a mailing either, until it is let go."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        await daemon.app.store.hold(Condition(domain="one.example"), "operator", "it complains")
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time())
        await told(daemon, "mailing.open")
        await sink.wait_for(len(PEOPLE) // 2)
        assert {one.recipients[0].partition("@")[2] for one in sink.messages} == {"two.example"}
        await daemon.app.store.unhold(Condition(domain="one.example"))
        daemon.clock.advance(6)
        await sink.wait_for(len(PEOPLE))


async def test_a_late_bounce_is_in_its_results(tmp_path: Path) -> None:
    """What comes back of a mailing is in its own file and suppresses the one it is about, who gets no other mailing."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE[:2], daemon.clock.time())
        await told(daemon, "mailing.open")
        await sink.wait_for(2)
        await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient") == [(0,)])
        (gone,) = (one for one in sink.messages if one.recipients == (PEOPLE[0],))
        report = dsn(PEOPLE[0], "5.1.1", "550 5.1.1 no such user")
        assert (await comes_back(daemon, gone.sender, report))[0] == 250
        late = "SELECT recipient, category FROM journal WHERE kind = 'bounced'"
        await daemon.until(lambda: rows(tmp_path, late) == [(PEOPLE[0], "recipient_unknown")])
        await daemon.until(lambda: daemon.app.suppressions.suspect(parse(PEOPLE[0])))
        handed_over(tmp_path / "data", 8, PEOPLE[:2], daemon.clock.time())
        await told(daemon, "mailing.open")
        await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient", 8) == [(0,)])
        kinds = dict(rows(tmp_path, "SELECT recipient, kind FROM journal", 8))
        assert kinds == {PEOPLE[0]: "suppressed", PEOPLE[1]: "delivered"}


async def test_one_that_is_not_there(tmp_path: Path) -> None:
    """A mailing that was never handed over is one clear error."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        with pytest.raises(StoreError, match="there is no mailing 7"):
            await daemon.app.mailings.pause(7)


async def test_operators_see_and_command_mailings(tmp_path: Path) -> None:
    """Listings have mailings, orders mean them, and no order of an operator lifts what the campaign has stopped."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), waves=(2, len(PEOPLE) - 2))
        await told(daemon, "mailing.open")
        await sink.wait_for(2)
        await daemon.until(lambda: daemon.app.stores.queued == len(PEOPLE) - 2)

        async def queue(do: str, **condition: object) -> object:
            return await told(daemon, f"queue.{do}", condition=condition, reason="a test")

        listed = await queue("list", stream="mailing:7")
        assert {one["message"] for one in listed} == {7}
        summary = await queue("summary")
        assert sum(one["total"] for one in summary["queues"]) == len(PEOPLE) - 2
        held = await queue("hold", domain="one.example")
        assert held["recipients"] == sum(one["recipient"].endswith("@one.example") for one in listed)
        assert await queue("release", domain="one.example") == held
        assert (await queue("release", all=True))["recipients"] == 0
        assert len(sink.messages) == 2
        (gone,) = [one["recipient"] for one in listed[:1]]
        assert await queue("delete", recipient=gone) == {"recipients": 1}
        journal = await told(daemon, "queue.journal", recipient=gone, limit=10)
        assert [one["kind"] for one in journal] == ["withdrawn"]

        await daemon.app.store.hold(Condition(domain="main.example"), "operator", "a test")
        handed_over(tmp_path / "data", 6, PEOPLE[:6], daemon.clock.time(), waves=(2, 4))
        await told(daemon, "mailing.open")
        await daemon.until(lambda: daemon.app.stores.queued == len(PEOPLE) - 3 + 4)
        await daemon.submit(["x@main.example"])
        found, after = [], 0
        while page := await told(daemon, "queue.list", condition={"all": True}, limit=3, after=after):
            found += page
            after = page[-1]["place"]
        assert len(found) == len(PEOPLE) - 3 + 4 + 1
        assert found[0]["recipient"] == "x@main.example"
        assert [one["message"] for one in found[1:]] == [6] * 4 + [7] * (len(PEOPLE) - 3)
        held = {"total": len(found), "due": 1, "held": len(found), "under_way": 0}
        assert await told(daemon, "queue.sums") == held


async def test_transactional_mail_overtakes_and_mailings_take_turns(tmp_path: Path) -> None:
    """Over one connection, a mail of a higher stream goes before what is left; two mailings go turn by turn."""
    settings = '[[stream]]\nname = "urgent"\npriority = 90\n' + SETTINGS
    delay = '[[rule]]\ndot = {delay = "20ms"}'
    async with Sink(rules=delay) as sink, Daemon(tmp_path, to(sink, "connections = 1") + settings) as daemon:
        for number in (7, 8):
            handed_over(tmp_path / "data", number, [f"p{n}@one.example" for n in range(40)], daemon.clock.time())
        await told(daemon, "mailing.open")
        await sink.wait_for(4)
        content = b"X-Postduif-Stream: urgent\r\n" + text()
        await daemon.submit(["now@one.example"], content=content)
        came = len(sink.messages)
        await sink.wait_for(81)
        order = [one.recipients[0] for one in sink.messages]
        assert order.index("now@one.example") <= came + 5
        read, now = daemon.app.submission.returns.read, daemon.clock.time()
        whom = [found.whom for one in sink.messages if isinstance(found := read(parse(one.sender), now), Found)]
        mailings = [one.mailing for one in whom if isinstance(one, Mailed)]
        half = mailings[10:70]
        assert 20 <= half.count(7) <= 40


async def test_nothing_goes_when_its_validity_is_over(tmp_path: Path) -> None:
    """A mailing that was paused for too long is not sent late: who is left has their end."""
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), terms=SLOW)
        await told(daemon, "mailing.open")
        await sink.wait_for(1)
        await told(daemon, "mailing.pause")
        sent = len(sink.messages)
        daemon.clock.advance(86400 + 1)
        await told(daemon, "mailing.rate", rate=0)
        await told(daemon, "mailing.resume")
        await daemon.until(lambda: rows(tmp_path, "SELECT count(*) FROM recipient") == [(0,)])
        kinds = dict(rows(tmp_path, "SELECT kind, count(*) FROM journal GROUP BY kind"))
        assert kinds == {"delivered": sent, "expired": len(PEOPLE) - sent}
        assert len(sink.messages) == sent


async def test_who_unsubscribes_while_its_file_is_closed(tmp_path: Path) -> None:
    """The file of a paused mailing is closed, so nothing is taken out of it; who unsubscribed meanwhile gets nothing of
    it when it goes on, and nothing of one that was prepared before and handed over later."""
    terms, left = Terms(mail_type="news"), PEOPLE[5]
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), terms=terms, waves=(1, 19))
        other = prepared(tmp_path / "data", 8, PEOPLE, terms=terms)
        await told(daemon, "mailing.open")
        await sink.wait_for(1)
        await told(daemon, "mailing.pause")
        await daemon.until(lambda: not any(store.stats.leased for store in daemon.app.stores))
        await daemon.app.mailings.look()
        assert len(list(daemon.app.stores)) == 1
        for number, type_ in ((0, "offers"), (5, "news")):  # the first is about other mail, and no result of this one
            wish = {"address": PEOPLE[number], "type": type_, "at": daemon.clock.time(), "evidence": "one-click"}
            await asyncio.to_thread(ask, tmp_path / "run", "leaving.unsubscribe", mailing=7, number=number, **wish)
        await daemon.settle()
        assert rows(tmp_path, f"SELECT count(*) FROM recipient WHERE address = '{left}'") == [(1,)]
        now = daemon.clock.time()
        hand_over(other, tmp_path / "data", at=now, expires_at=now + 86400, waves=())
        await asyncio.to_thread(ask, tmp_path / "run", "mailing.open", number=8)
        await told(daemon, "mailing.resume")
        await told(daemon, "mailing.wave", wave=2)
        await sink.wait_for(2 * len(PEOPLE) - 2)
        await daemon.quiet(sink)
        assert left not in [one.recipients[0] for one in sink.messages]
        for number in (7, 8):
            assert rows(tmp_path, "SELECT recipient FROM journal WHERE kind = 'suppressed'", number) == [(left,)]
