"""Webhooks over a real queue file and a real receiver: in order, signed, tried again, given up, gone on with."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from postduif.attempt import Kind
from tests.fakes import FakeClock
from tests.mta.webhook_scene import scene, settings
from tests.receiver import Receiver, Reply


def figure(name: str, **labels: str) -> float:
    """A metric of the webhook."""
    return REGISTRY.get_sample_value(f"postduif_webhook_{name}", {"webhook": "app", **labels}) or 0.0


def who(receiver: Receiver) -> list[str]:
    """Local parts of those about whom the receiver was told, in order."""
    return [event["recipient"].partition("@")[0] for event in receiver.taken]


def test_told_in_order(tmp_path: Path) -> None:
    """Events of the kinds that are wanted come in order, in batches, from the start of the webhook on."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            await one.happen("before@example.com")
            await one.follow(settings(receiver, batch=2))
            await one.happen(*(f"b{number}@example.com" for number in range(5)))
            await one.happen("fine@example.com", kind=Kind.DELIVERED)
            await one.happen("late@example.com", kind=Kind.BOUNCED)
            await one.until(lambda: "late" in who(receiver))

    with Receiver() as receiver:
        asyncio.run(story(receiver))
        assert who(receiver) == ["b0", "b1", "b2", "b3", "b4", "late"]
        assert max(len(request.events) for request in receiver.requests) <= 2
        event = receiver.taken[0]
        assert event.pop("id").partition("-")[0] == "2"
        assert event.pop("timestamp").startswith("2027-01-15T08:00:")
        assert event.pop("queue_id") > 0
        assert event == {
            "type": "failed",
            "recipient": "b0@example.com",
            "sender": "news@shop.example",
            "message_id": "",
            "stream": "default",
            "attempt": 1,
            "code": 550,
            "enhanced": "5.1.1",
            "text": "no such user",
            "remote_mta": "mx.example.com",
            "host": "",
            "category": "recipient_unknown",
            "severity": "hard",
        }


def test_who_was_not_tried_has_not_failed(tmp_path: Path) -> None:
    """A recipient on the suppression list weighs nothing: nobody refused him now."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            await one.follow(settings(receiver))
            await one.happen("listed@example.com", kind=Kind.SUPPRESSED)
            await one.until(lambda: who(receiver) == ["listed"])

    with Receiver() as receiver:
        asyncio.run(story(receiver))
        assert [event["severity"] for event in receiver.taken] == ["none"]


def test_told_together(tmp_path: Path) -> None:
    """Who has just been told is told again a second later, of all that happened meanwhile."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            await one.follow(settings(receiver))
            await one.happen("a@example.com")
            await one.until(lambda: who(receiver) == ["a"])
            await one.until_place(1, step=0)
            await one.happen("b@example.com", "c@example.com")
            await one.pass_by(0)
            assert who(receiver) == ["a"]
            await one.until(lambda: who(receiver) == ["a", "b", "c"])

    with Receiver() as receiver:
        asyncio.run(story(receiver))
        assert [len(request.events) for request in receiver.requests] == [1, 2]


def test_tried_again(tmp_path: Path) -> None:
    """What is not taken is told again, the same with the same id, and nothing comes before it."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            hooks = await one.follow(settings(receiver))
            await one.happen("a@example.com")
            await one.until(lambda: len(receiver.requests) == 1)
            await one.happen("b@example.com")
            await one.pass_by(3)
            assert len(receiver.requests) == 1
            hooks.refresh()
            assert 3 <= figure("lag_seconds") < 10
            await one.until(lambda: who(receiver) == ["a", "b"])
            await one.until(lambda: one.store.stats.commits and not hooks._followers[0].oldest)
            hooks.refresh()
            assert figure("lag_seconds") == 0

    before = figure("requests_total", result="5yz"), figure("events_total")
    with Receiver() as receiver:
        receiver.answers = [Reply(503), Reply(200)]
        asyncio.run(story(receiver))
        first, again, _ = receiver.requests
        assert (first.body, first.fields["webhook-id"]) == (again.body, again.fields["webhook-id"])
        assert int(again.fields["webhook-timestamp"]) - int(first.fields["webhook-timestamp"]) in range(4, 8)
    assert (figure("requests_total", result="5yz"), figure("events_total")) == (before[0] + 1, before[1] + 2)


def test_asked_to_wait(tmp_path: Path) -> None:
    """Retry-After is kept when it is longer than our own wait."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            await one.follow(settings(receiver))
            await one.happen("a@example.com")
            await one.until(lambda: len(receiver.requests) == 1)
            await one.pass_by(590)
            assert len(receiver.requests) == 1
            await one.until(lambda: who(receiver) == ["a"])

    with Receiver() as receiver:
        receiver.answers = [Reply(429, {"Retry-After": "600"}), Reply()]
        asyncio.run(story(receiver))


def test_given_up_and_begun_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """After its lifetime nothing is sent any more; after a reload it goes on where it was."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            config = settings(receiver, lifetime="1d", retry="1h")
            hooks = await one.follow(config)
            await one.happen("a@example.com")
            await one.until(lambda: hooks._followers[0].given_up, step=900)
            tried = len(receiver.requests)
            assert 20 <= tried <= 32
            hooks.refresh()
            assert figure("given_up") == 1
            await one.happen("b@example.com")
            await one.pass_by(10 * 3600)
            assert len(receiver.requests) == tried
            one.reload(hooks, config)
            await one.until(lambda: len(receiver.requests) == tried + 1)
            await one.until(lambda: hooks._followers[0].given_up)
            receiver.answers = [Reply()]
            one.reload(hooks, config)
            await one.until(lambda: who(receiver) == ["a", "b"])
            await one.until(lambda: not hooks._followers[0].oldest)
            hooks.refresh()
            assert figure("given_up") == 0

    with Receiver() as receiver:
        receiver.answers = [Reply(500)]
        asyncio.run(story(receiver))
    said = capfd.readouterr().err
    assert said.count("error webhook_given_up webhook=app ") == 2
    assert "queue.journal_retention" in said


def test_gone(tmp_path: Path) -> None:
    """410: the receiver wants no more, and gets no more."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            hooks = await one.follow(settings(receiver))
            await one.happen("a@example.com")
            await one.until(lambda: hooks._followers and hooks._followers[0].given_up)
            await one.pass_by(3600)
            assert len(receiver.requests) == 1

    with Receiver() as receiver:
        receiver.answers = [Reply(410)]
        asyncio.run(story(receiver))


def test_goes_on_after_a_restart(tmp_path: Path) -> None:
    """What was not heard to be taken is told at the next start, with the same id; what was taken is not."""

    async def story(receiver: Receiver) -> None:
        clock, hold = FakeClock(), threading.Event()
        async with scene(tmp_path, clock) as one:
            await one.follow(settings(receiver))
            await one.happen("a@example.com")
            await one.until(lambda: who(receiver) == ["a"])
            await one.until_place(1)
            receiver.answers = [Reply(wait=hold)]  # taken, but we are not told in time
            await one.happen("b@example.com")
            await one.until(lambda: len(receiver.requests) == 2)
        hold.set()
        receiver.answers = [Reply()]
        async with scene(tmp_path, clock) as one:
            await one.happen("c@example.com")
            await one.follow(settings(receiver, batch=1))
            await one.until(lambda: "c" in who(receiver))

    with Receiver() as receiver:
        asyncio.run(story(receiver))
        assert who(receiver) == ["a", "b", "b", "c"]
        _, lost, again, _ = receiver.requests
        assert lost.fields["webhook-id"] == again.fields["webhook-id"]


def test_failing_since_before_the_restart(tmp_path: Path) -> None:
    """The lifetime goes on over a restart: one try, and it is given up."""

    async def story(receiver: Receiver) -> None:
        clock = FakeClock()
        config = settings(receiver, lifetime="1d")
        async with scene(tmp_path, clock) as one:
            await one.follow(config)
            await one.happen("a@example.com")
            await one.until(lambda: len(receiver.requests) == 2)
        clock.advance(86400)
        async with scene(tmp_path, clock) as one:
            hooks = await one.follow(config)
            await one.until(lambda: hooks._followers and hooks._followers[0].given_up)
            assert len(receiver.requests) == 3

    with Receiver() as receiver:
        receiver.answers = [Reply(500)]
        asyncio.run(story(receiver))


def test_says_what_the_journal_forgot(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """When the journal is over before the receiver is back, it is said how much was forgotten, and it goes on."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            config = settings(receiver, lifetime="1s")
            hooks = await one.follow(config)
            await one.happen("a@example.com", "b@example.com")
            await one.until(lambda: hooks._followers and hooks._followers[0].given_up)
            one.clock.advance(41 * 86400)
            await one.happen("c@example.com")
            await one.store.tidy()
            receiver.answers = [Reply()]
            one.reload(hooks, config)
            await one.until(lambda: who(receiver) == ["c"])

    before = figure("lost_rows_total")
    with Receiver() as receiver:
        receiver.answers = [Reply(500)]
        asyncio.run(story(receiver))
    assert figure("lost_rows_total") == before + 2
    assert "error webhook_events_lost webhook=app rows=2 " in capfd.readouterr().err


def test_progress_past_the_news_of_others(tmp_path: Path) -> None:
    """Rows that are not wanted are passed over, and within minutes that is written down."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            await one.follow(settings(receiver))
            await one.happen("a@example.com", "b@example.com", kind=Kind.DELIVERED)
            await one.until_place(2, step=10)

    with Receiver() as receiver:
        asyncio.run(story(receiver))
        assert receiver.requests == []


def test_journal_that_was_lost(tmp_path: Path) -> None:
    """A queue file that was damaged leaves its journal behind: the webhook goes on with the new one."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            await one.follow(settings(receiver))
            await one.happen("a@example.com", "b@example.com")
            await one.until(lambda: who(receiver) == ["a", "b"])
            await one.until_place(2)
        with contextlib.closing(sqlite3.connect(tmp_path / "queue" / "queue.sqlite")) as opened:
            opened.execute("DROP TABLE hold")
        async with scene(tmp_path) as one:
            await one.follow(settings(receiver))
            await one.happen("c@example.com")
            await one.until(lambda: who(receiver) == ["a", "b", "c"])

    with Receiver() as receiver:
        asyncio.run(story(receiver))


def test_one_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    """Each webhook has its own place and pace."""

    async def story(hanging: Receiver, well: Receiver) -> None:
        config = settings(hanging)
        other = settings(well).webhook[0].model_copy(update={"name": "other"})
        both = config.model_copy(update={"webhook": (*config.webhook, other)})
        async with scene(tmp_path) as one:
            await one.follow(both)
            await one.happen("a@example.com")
            await one.until(lambda: who(well) == ["a"], hanging=1)
            assert hanging.taken == []

    hold = threading.Event()
    with Receiver() as hanging, Receiver() as well:
        hanging.answers = [Reply(503, wait=hold)]
        asyncio.run(story(hanging, well))
        hold.set()


def test_taken_out_and_put_back(tmp_path: Path) -> None:
    """A webhook that is taken out of the settings is forgotten; put back, it begins with what happens then."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            config = settings(receiver)
            hooks = await one.follow(config)
            await one.until(lambda: hooks._followers)
            one.reload(hooks, config.model_copy(update={"webhook": ()}))
            await one.until(lambda: not hooks._followers)
            await one.happen("a@example.com")
            one.reload(hooks, config)
            await one.until(lambda: hooks._followers)
            await one.happen("b@example.com")
            await one.until(lambda: who(receiver))

    with Receiver() as receiver:
        asyncio.run(story(receiver))
        assert who(receiver) == ["b"]
