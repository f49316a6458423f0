"""A teller over an installation in a directory, a clock that the test moves, and a receiver on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from postduif.campaign.telling import places
from postduif.campaign.telling.teller import Teller
from postduif.config.schema import Config
from tests.fakes import FakeClock
from tests.receiver import Receiver

PATIENCE = 60.0  # real seconds
KEY = b"ABC" * 8


def settings(directory: Path, receiver: Receiver, *events: str, **more: Any) -> Config:
    """One webhook that wants these."""
    hook = {
        "name": "app",
        "url": receiver.url,
        "secret": "whsec_" + "QUJD" * 8,
        "allowed_networks": ["127.0.0.0/8"],
        "events": events,
        **more,
    }
    server = {"hostname": "mta.example.com", "data_dir": str(directory), "run_dir": str(directory / "run")}
    return Config.model_validate({"server": server, "webhook": [hook]})


@contextlib.asynccontextmanager
async def telling(config: Config, clock: FakeClock) -> AsyncIterator[None]:
    """As long as the block lasts."""
    task = asyncio.create_task(Teller(config, clock).tell())
    try:
        async with asyncio.timeout(PATIENCE):
            while not kept(config):  # noqa: ASYNC110  it is so on disk
                await asyncio.sleep(0.01)
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def kept(config: Config) -> dict[str, int]:
    """How far the webhook is, by stream."""
    with places.telling(config.server.data_dir) as connection:
        return dict(connection.execute("SELECT stream, last FROM place").fetchall())


async def until(clock: FakeClock, true: Callable[[], object]) -> None:
    """Move the time on until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            clock.advance(1.0)
            await asyncio.sleep(0.01)


async def passes(clock: FakeClock, seconds: int) -> None:
    """So much time, with room for what happens in it."""
    for _ in range(seconds):
        clock.advance(1.0)
        await asyncio.sleep(0.02)
