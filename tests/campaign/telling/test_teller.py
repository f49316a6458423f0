"""What readers do and what becomes of mailings is told to webhooks, each thing at least once, and never too early."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.campaign.telling import places
from postduif.campaign.telling.streams import SETTLED, STREAMS
from postduif.campaign.telling.teller import Teller
from postduif.config.schema import Config
from tests.campaign.tracking.readers import NOW, NUMBER, mailing, note, visit
from tests.fakes import FakeClock
from tests.receiver import Receiver, Reply

PATIENCE = 10.0  # real seconds


def settings(directory: Path, receiver: Receiver, *events: str) -> Config:
    """One webhook that wants these."""
    hook = {
        "name": "app",
        "url": receiver.url,
        "secret": "whsec_" + "QUJD" * 8,
        "allowed_networks": ["127.0.0.0/8"],
        "events": events,
    }
    server = {"hostname": "mta.example.com", "data_dir": str(directory)}
    return Config.model_validate({"server": server, "webhook": [hook]})


@contextlib.asynccontextmanager
async def telling(config: Config, clock: FakeClock) -> AsyncIterator[None]:
    """As long as the block lasts."""
    task = asyncio.create_task(Teller(config, clock).tell())
    try:
        async with asyncio.timeout(PATIENCE):
            while not _begun(config):  # noqa: ASYNC110  it is so on disk
                await asyncio.sleep(0.01)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _begun(config: Config) -> bool:
    """It is noted where each webhook begins in each stream that it wants something of."""
    wanted = sum(bool(set(stream.kinds) & set(hook.events)) for hook in config.webhook for stream in STREAMS)
    with places.telling(config.server.data_dir) as connection:
        return bool(connection.execute("SELECT count(*) = ? FROM place", (wanted,)).fetchone()[0])


async def until(clock: FakeClock, true: Callable[[], object]) -> None:
    """Move the time on until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            clock.advance(1.0)
            await asyncio.sleep(0.01)


def write(directory: Path, *names: str) -> None:
    """Mailings."""
    with mailings(directory) as connection:
        for name in names:
            editing.create(connection, Draft(name), [], By("anna", NOW))


def test_visits(tmp_path: Path) -> None:
    """Who opened or clicked is told with address and link, but not before it is clear that it was no machine."""
    tmp_path.chmod(0o700)
    mailing(tmp_path)
    clock = FakeClock(NOW + 100)

    async def story() -> None:
        with Receiver() as receiver:
            async with telling(settings(tmp_path, receiver, "opened", "clicked"), clock):
                note(tmp_path, [visit(0, 60, "open"), visit(0, 100, link=1), visit(2, 70, "web")])
                await until(clock, lambda: len(receiver.taken) == 2)
                assert clock.time() >= NOW + 100 + SETTLED
            opened, clicked = receiver.taken
            assert (opened["type"], opened["id"], opened["recipient"]) == ("opened", "visits-1", "ann@one.example")
            assert (clicked["type"], clicked["mailing"], clicked["number"]) == ("clicked", NUMBER, 0)
            assert (clicked["link"], clicked["url"], clicked["machine"]) == (1, "https://shop.example/", "")
            assert receiver.requests[0].fields["webhook-signature"].startswith("v1,")

    asyncio.run(story())


def test_mailings(tmp_path: Path) -> None:
    """What becomes of a mailing is told from the beginning of the webhook on; a restart goes on where it was."""
    tmp_path.chmod(0o700)
    write(tmp_path, "before")
    clock = FakeClock(NOW)

    async def story() -> None:
        with Receiver() as receiver:
            config = settings(tmp_path, receiver, "mailing")
            async with telling(config, clock):
                write(tmp_path, "first")
                await until(clock, lambda: receiver.taken)
                await until(clock, lambda: clock.time() > NOW + 20)
            receiver.answers = [Reply(503), Reply(204)]
            write(tmp_path, "second")
            async with telling(config, clock):
                await until(clock, lambda: len(receiver.taken) == 2)
            told = [(one["type"], one["name"], one["before"], one["after"], one["who"]) for one in receiver.taken]
            assert told == [("mailing", name, "absent", "draft", "anna") for name in ("first", "second")]
            first, second = receiver.requests[-2:]
            assert first.fields["webhook-id"] == second.fields["webhook-id"]

    asyncio.run(story())


def test_nobody_wants_it(tmp_path: Path) -> None:
    """A webhook for mail alone has nothing to do with it."""
    with Receiver() as receiver:
        clock = FakeClock()
        assert not Teller(settings(tmp_path, receiver, "failed"), clock).wanted
        assert Teller(settings(tmp_path, receiver, "failed", "clicked"), clock).wanted
