"""A mailing from its record to its end, by the campaign's engine and a whole daemon, with the clock in our hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postduif.campaign.mailings import occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import Filter, find, listed
from postduif.campaign.mailings.record import Mailing, Policy, State
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.waves import Canary, Waves
from postduif.campaign.sending.engine import Engine
from postduif.sink import Sink
from tests.campaign.installation import CONTENT, FEW_RULES, NOW, WHO, Installation
from tests.dns_server import DnsServer
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to
from tests.stories.test_returned import SETTINGS

PEOPLE = [f"p{number}@{domain}.example" for number in range(10) for domain in ("one", "two")]


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """Knows nobody."""
    with DnsServer() as server:
        yield server


class Scene:
    """An installation, its daemon, its engine, and where the mail goes."""

    def __init__(self, place: Installation, daemon: Daemon, sink: Sink) -> None:
        self.place = place
        self.daemon = daemon
        self.sink = sink
        self.engine = Engine(place.config, daemon.clock)

    async def step(self) -> None:
        """One look of the engine; what it prepares then goes on."""
        await asyncio.to_thread(self.engine.step)

    async def do(self, action: object, number: int, *more: object) -> Mailing:
        """Somebody does something."""

        def change() -> Mailing:
            with mailings(self.place.data_dir) as connection:
                by = By(WHO, self.daemon.clock.time())
                return action(connection, find(connection, number), *more, by)  # type: ignore[operator,no-any-return]

        return await asyncio.to_thread(change)

    async def until(self, number: int, state: State) -> Mailing:
        """Steps until it is so."""
        async with asyncio.timeout(60):
            while (seen := self.place.look(number)).state is not state:
                await self.step()
                await asyncio.sleep(0.02)
        return seen


@asynccontextmanager
async def running_scene(directory: Path, dns: DnsServer, people: list[str] = PEOPLE) -> AsyncIterator[Scene]:
    """All of it, on one clock."""
    place = Installation(directory, dns, people)
    async with Sink() as sink, Daemon(directory, to(sink) + SETTINGS, FakeClock(NOW)) as daemon:
        yield Scene(place, daemon, sink)


async def test_from_draft_to_finished(tmp_path: Path, dns: DnsServer) -> None:
    """Prepared, sent, and finished when nobody is left in the queue; everybody got one."""
    async with running_scene(tmp_path, dns) as scene:
        scene.place.mailing(typology=FEW_RULES)
        await scene.do(running.prepare, 1)
        await scene.until(1, State.PREPARED)
        assert not scene.sink.messages
        await scene.do(running.send, 1)
        await scene.until(1, State.FINISHED)
        assert sorted(one.recipients[0] for one in scene.sink.messages) == sorted(PEOPLE)


async def test_paused_resumed_stopped(tmp_path: Path, dns: DnsServer) -> None:
    """The record and the MTA say the same at each step; the end says how many were withdrawn."""
    async with running_scene(tmp_path, dns) as scene:
        scene.place.mailing(typology=FEW_RULES, rate=1)
        await scene.do(running.prepare, 1)
        await scene.until(1, State.PREPARED)
        await scene.do(running.send, 1)
        await scene.until(1, State.SENDING)
        await scene.sink.wait_for(1)
        for action in (running.pause, running.resume, running.pause, running.stop):
            await scene.do(action, 1)
            await scene.step()
        seen = await scene.until(1, State.STOPPED)
        assert seen.reason == f"{len(PEOPLE) - len(scene.sink.messages)} withdrawn"


async def test_a_newest_one_goes_at_its_date(tmp_path: Path, dns: DnsServer) -> None:
    """Planned, it is prepared when its time comes, and goes then; not before."""
    async with running_scene(tmp_path, dns) as scene:
        scene.place.mailing(typology=FEW_RULES, policy=Policy.NEWEST)
        start = datetime.fromtimestamp(NOW + 3600, UTC).replace(tzinfo=None)
        await scene.do(occasions.schedule, 1, Schedule(start, "UTC"))
        await scene.step()
        assert scene.place.look(1).state is State.PLANNED
        scene.daemon.clock.advance(3601)
        await scene.until(1, State.FINISHED)
        assert len(scene.sink.messages) == len(PEOPLE)


async def test_a_repeating_one_makes_mailings(tmp_path: Path, dns: DnsServer) -> None:
    """At each of its dates there is a mailing of its own, which is sent."""
    async with running_scene(tmp_path, dns) as scene:
        scene.place.mailing(typology=FEW_RULES, policy=Policy.NEWEST)
        start = datetime.fromtimestamp(NOW + 3600, UTC).replace(tzinfo=None)
        await scene.do(occasions.schedule, 1, Schedule(start, "UTC", "FREQ=DAILY", iterations=2))
        scene.daemon.clock.advance(3601)
        await scene.until(2, State.FINISHED) if await _spawned(scene) else None
        scene.daemon.clock.advance(86400)
        await scene.until(1, State.FINISHED)
        await scene.until(3, State.FINISHED)
        assert len(scene.sink.messages) == 2 * len(PEOPLE)


async def _spawned(scene: Scene) -> bool:
    await scene.step()
    with mailings(scene.place.data_dir) as connection:
        return len(listed(connection, Filter())) == 2


@pytest.mark.parametrize("bad", [False, True])
async def test_a_canary(tmp_path: Path, dns: DnsServer, *, bad: bool) -> None:
    """The others wait for the first wave; when too many of it bounce the mailing is held, and a person decides."""
    people = [f"permfail{email}" for email in PEOPLE] if bad else PEOPLE
    async with running_scene(tmp_path, dns, people) as scene:
        waves = Waves(canary=Canary(4, 600.0))
        scene.place.mailing(replace(CONTENT, subject="Hello"), typology=FEW_RULES, waves=waves)
        await scene.do(running.prepare, 1)
        await scene.until(1, State.PREPARED)
        await scene.do(running.send, 1)
        await scene.until(1, State.SENDING)
        if not bad:
            await scene.sink.wait_for(4)
            await scene.step()
            assert len(scene.sink.messages) == 4
        await scene.daemon.until(lambda: scene.daemon.app.stores and _ended_in_queue(scene) == 4)
        scene.daemon.clock.advance(601)
        if bad:
            seen = await scene.until(1, State.PAUSED)
            assert "4 of 4 tried are bounced" in seen.reason
            await scene.do(running.resume, 1)
        await scene.until(1, State.FINISHED)


def _ended_in_queue(scene: Scene) -> int:
    return len(PEOPLE) - sum(store.stats.queued for store in scene.daemon.app.stores)


async def test_an_mta_that_does_not_answer(tmp_path: Path, dns: DnsServer) -> None:
    """What is to be sent waits on disk for the MTA, and goes when it is there."""
    async with running_scene(tmp_path, dns) as scene:
        await scene.daemon.stop()
        scene.place.mailing(typology=FEW_RULES)
        await scene.do(running.prepare, 1)
        await scene.until(1, State.PREPARED)
        await scene.do(running.send, 1)
        await scene.step()
        await scene.daemon.start()
        await scene.until(1, State.FINISHED)
        assert len(scene.sink.messages) == len(PEOPLE)
