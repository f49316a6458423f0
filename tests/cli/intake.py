"""A listener with the real door and queue behind it, for commands that hand over mail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from postduif.clock import SystemClock
from postduif.config.schema import Auth, Config
from postduif.envelope import Entry, Message
from postduif.mta.auth_backoff import Backoff
from postduif.mta.credentials import Credentials
from postduif.mta.server import SmtpServer
from postduif.mta.submission import Submission
from postduif.queue.store import Store

T = TypeVar("T")

CONFIG = """
[server]
hostname = "mta.example"
data_dir = "{data}"
postmaster = "me@mail.example"
[[stream]]
name = "news"
[[listener]]
address = "127.0.0.1:{port}"
{listener}
"""
TRUSTED = 'trusted = ["127.0.0.0/8"]'


@dataclass(frozen=True)
class Intake:
    """What commands need, and what came of them."""

    config: Path
    address: str
    store: Store

    async def queued(self) -> list[tuple[Entry, Message]]:
        """Everything in the queue."""
        found = []
        for key in self.store.due(SystemClock().time() + 1):
            found += [(one, await self.store.content(one.envelope.id)) for one in await self.store.lease(key, 100)]
        return sorted(found, key=lambda pair: pair[0].recipient.id)


def configure(directory: Path, port: int, listener: str = TRUSTED) -> Path:
    """A configuration file."""
    path = directory / "postduif.toml"
    path.write_text(CONFIG.format(data=directory, port=port, listener=listener))
    return path


@contextlib.asynccontextmanager
async def intake(directory: Path) -> AsyncIterator[Intake]:
    """A running listener on a free port."""
    config = Config.model_validate(
        {
            "server": {"hostname": "mta.example", "postmaster": "me@mail.example"},
            "stream": [{"name": "news"}],
            "listener": [{"address": "127.0.0.1:0", "trusted": ["127.0.0.0/8"], "max_message_size": "20K"}],
            "queue": {"disk_reserve": 0},
        }
    )
    clock = SystemClock()
    store = Store.open(directory, config.queue, clock)
    credentials = Credentials(directory, Backoff(Auth(), clock))
    server = SmtpServer(
        config.listener[0],
        hostname="mta.example",
        submission=Submission(config, store, clock),
        credentials=credentials,
        clock=clock,
        tls=None,
    )
    await server.start()
    try:
        port = int(str(server.address[1]))
        yield Intake(configure(directory, port, TRUSTED + '\nmax_message_size = "20K"'), f"127.0.0.1:{port}", store)
    finally:
        await server.close(0)
        credentials.close()
        await store.close()


def with_intake(directory: Path, act: Callable[[Intake], T]) -> tuple[T, list[tuple[Entry, Message]]]:
    """Run a blocking command beside the listener; returns what it returned, and the queue afterwards."""

    async def scenario() -> tuple[T, list[tuple[Entry, Message]]]:
        async with intake(directory) as running:
            result = await asyncio.to_thread(act, running)
            return result, await running.queued()

    return asyncio.run(scenario())
