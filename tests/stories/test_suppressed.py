"""Who cannot or will not be written to is not: the list changes with the reply, and mail that waits is taken out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from postduif.address import parse
from postduif.bounce import suppression
from postduif.bounce.address_state import Cause, Event, What
from postduif.queue.condition import Condition
from postduif.sink import Sink
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import to

GONE = "permfail@one.example"


def _record(daemon: Daemon, event: Event) -> tuple[Any, ...]:
    return (suppression.record, [event], daemon.app.suppressions.thresholds, daemon.app.suppressions.secret)


async def test_a_hard_bounce_suppresses_at_once(tmp_path: Path) -> None:
    """The next mail is refused at the door, in any case of letters; with others beside it, it alone ends; and restarts
    do not forget it."""
    clock = FakeClock()
    async with Sink() as sink:
        async with Daemon(tmp_path, to(sink), clock) as daemon:
            await daemon.journal(await daemon.submit([GONE], sender="<>"))
            await daemon.until(lambda: daemon.app.suppressions.suspect(parse(GONE)))
            with pytest.raises(AssertionError, match=r"recipient is on the suppression list \(hard bounce\)"):
                await daemon.submit(["PermFail@one.example"])
            id = await daemon.submit([GONE, "b@one.example"])
            lines = await daemon.journal(id, 2)
            assert sorted((line.recipient, line.kind, line.category) for line in lines) == [
                ("b@one.example", "delivered", ""),
                (GONE, "suppressed", "suppressed"),
            ]
            await sink.wait_for(2)
            (status,) = statuses(sink.messages[-1].content)
            assert (status["Final-Recipient"], status["Status"]) == (f"rfc822; {GONE}", "5.7.1")
        async with Daemon(tmp_path, to(sink), clock) as daemon:
            with pytest.raises(AssertionError, match="suppression list"):
                await daemon.submit([GONE])


async def test_what_waits_for_somebody_is_taken_out(tmp_path: Path) -> None:
    """Deferred mail, held mail and mail of a resting site end within a second; nobody else's does."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'retry = "20h"'), clock) as daemon:
        deferred = await daemon.submit(["tempfail@one.example", "tempfail2@one.example"], sender="<>")
        await daemon.journal(deferred, 1)
        await daemon.app.store.hold(Condition(domain="one.example"), "operator", "we look into it")
        held = await daemon.submit(["tempfail@one.example"], sender="<>")
        await daemon.app.suppressions.change(
            *_record(daemon, Event("tempfail@one.example", What.ENTRY, clock.time(), "me", reason="asked by phone"))
        )
        for id, count in ((deferred, 3), (held, 1)):
            kinds = [line.kind for line in await daemon.journal(id, count)]
            assert kinds[-1] == "suppressed"
        assert {one.recipient for one in await daemon.waiting()} <= {"tempfail2@one.example"}


async def test_success_resets_soft_errors(tmp_path: Path) -> None:
    """A delivery makes an address with errors valid again when nothing comes back for a day; else it is no event."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink), clock) as daemon:
        address = "a@one.example"
        await daemon.app.suppressions.change(*_record(daemon, Event(address, What.SOFT, clock.time(), "smtp")))
        await daemon.journal(await daemon.submit([address]))
        await daemon.settle()
        assert daemon.app.suppressions._index.has_errors(parse(address))
        clock.advance(86_400)
        await daemon.until(lambda: not daemon.app.suppressions._index.has_errors(parse(address)))
        await daemon.journal(await daemon.submit([address]))


async def test_an_entry_made_while_mail_is_on_its_way_through_memory(tmp_path: Path) -> None:
    """What is ready and waits for its turn is ended too, and a release with a reason lets mail go again."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'message_rate = "1/h"'), clock) as daemon:
        first = await daemon.submit(["a@one.example"])
        await daemon.journal(first)
        waiting = await daemon.submit(["b@one.example"], sender="<>")
        await daemon.settle()
        entry = Event("b@one.example", What.ENTRY, clock.time(), "me", reason="test", cause=Cause.MANUAL)
        await daemon.app.suppressions.change(*_record(daemon, entry))
        assert [line.kind for line in await daemon.journal(waiting)] == ["suppressed"]
        release = Event("b@one.example", What.RELEASE, clock.time(), "me", reason="asked for it")
        await daemon.app.suppressions.change(*_record(daemon, release))
        again = await daemon.submit(["b@one.example"])
        await daemon.settle()
        clock.advance(3700)
        assert [line.kind for line in await daemon.journal(again)] == ["delivered"]


async def test_a_pattern_holds_for_what_is_ready(tmp_path: Path) -> None:
    """Mail that is ready to go ends when a pattern comes to mean its recipient; who is not meant keeps his turn."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'message_rate = "1/h"'), clock) as daemon:
        await daemon.journal(await daemon.submit(["a@one.example"]))
        meant = await daemon.submit(["bob@one.example"], sender="<>")
        other = await daemon.submit(["c@one.example"])
        await daemon.settle()
        entry = Event("b*@one.example", What.ENTRY, clock.time(), "me", reason="test")
        await daemon.app.suppressions.change(*_record(daemon, entry))
        assert [line.kind for line in await daemon.journal(meant)] == ["suppressed"]
        clock.advance(3700)
        assert [line.kind for line in await daemon.journal(other)] == ["delivered"]


@pytest.mark.parametrize("known", [True, False])
async def test_mail_to_somebody_erased_is_taken_out(tmp_path: Path, known: bool) -> None:
    """What waits for him ends, whether there was an entry of him before or not."""
    clock = FakeClock()
    async with Sink() as sink, Daemon(tmp_path, to(sink, 'retry = "20h"'), clock) as daemon:
        address, list_ = "tempfail@one.example", daemon.app.suppressions
        id = await daemon.submit([address], sender="<>")
        await daemon.journal(id, 1)
        if known:
            await list_.change(*_record(daemon, Event(address, What.SOFT, clock.time(), "smtp")))
        await list_.change(suppression.erase, [address], clock.time(), "asked by letter", list_.secret)
        assert [line.kind for line in await daemon.journal(id, 2)] == ["deferred", "suppressed"]
