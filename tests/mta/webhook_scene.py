"""A queue file whose clock the test moves, and webhooks that follow it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from postduif.attempt import Attempt, Kind
from postduif.config.schema import Config, Queue
from postduif.mta.queue_tables import EXTENSIONS
from postduif.mta.resolver import Resolver
from postduif.mta.webhooks import Webhooks, read_secrets
from postduif.queue.scheduled import QueueKey
from postduif.queue.store import Outcome, Store
from postduif.reply import Reply as SmtpReply
from tests.fakes import FakeClock
from tests.queue.mail import put
from tests.receiver import Receiver

PATIENCE = 60.0  # real seconds
REFUSED = SmtpReply(550, "5.1.1", "no such user", "mx.example.com")


def settings(receiver: Receiver, **more: Any) -> Config:
    """One webhook."""
    hook = {
        "name": "app",
        "url": receiver.url,
        "secret": "whsec_" + "QUJD" * 8,
        "allowed_networks": ["127.0.0.0/8"],
        **more,
    }
    return Config.model_validate({"server": {"hostname": "mta.example.com"}, "webhook": [hook]})


class Scene:
    """A store whose clock the test moves, and webhooks that follow it."""

    def __init__(self, directory: Path, clock: FakeClock) -> None:
        self.clock = clock
        limits = Queue(disk_reserve=0, journal_retention=40 * 86400.0)
        self.store = Store.open(directory / "queue", limits, clock, EXTENSIONS)
        self._hooks: list[Webhooks] = []

    async def follow(self, config: Config) -> Webhooks:
        """Start webhooks."""
        resolver = Resolver(config.dns, self.clock)
        hooks = Webhooks(config, read_secrets(config), store=self.store, resolver=resolver, clock=self.clock)
        await hooks.start()
        self._hooks.append(hooks)
        return hooks

    def reload(self, hooks: Webhooks, config: Config) -> None:
        """The settings have changed."""
        hooks.reload(config, read_secrets(config), Resolver(config.dns, self.clock))

    async def happen(self, *recipients: str, kind: Kind = Kind.FAILED) -> None:
        """One attempt at each, of that kind, in this order."""
        for recipient in recipients:
            await put(self.store, recipient)
            self.clock.advance(0.01)  # due times are rounded
            (entry,) = await self.store.lease(QueueKey("default", "example.com"), 1)
            attempt = Attempt(kind, REFUSED, self.clock.time(), category="recipient_unknown")
            await self.store.settle([Outcome(entry, attempt, None)])

    def _working(self) -> int:
        """Webhooks that neither wait for their time nor have given up: who is amid a request gets no older by it."""
        followers = [one for hooks in self._hooks for one in hooks._followers]
        return sum(not one.given_up for one in followers) - self.clock.sleepers

    async def until(self, true: Callable[[], object], step: float = 1.0, *, hanging: int = 0) -> None:
        """Move the time on until it is so, while no webhook is at work but those that hang."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                if self._working() <= hanging:
                    self.clock.advance(step)
                await asyncio.sleep(0.005)

    async def pass_by(self, seconds: float) -> None:
        """Show that nothing happens meanwhile."""
        await self.until(lambda: self._working() <= 0, step=0.0)
        for _ in range(20):
            self.clock.advance(seconds / 20)
            await asyncio.sleep(0.005)

    async def until_place(self, row: int, step: float = 1.0) -> None:
        """Move the time on until that row of the journal is written down."""
        async with asyncio.timeout(PATIENCE):
            while await self.store.questions.ask(_last) != row:
                await self.pass_by(step)

    async def close(self) -> None:
        """Everything."""
        for hooks in self._hooks:
            await hooks.close()
        await self.store.close()


def _last(connection: Any) -> int:
    return int(connection.execute("SELECT last FROM webhook WHERE name = 'app'").fetchone()[0])


@contextlib.asynccontextmanager
async def scene(directory: Path, clock: FakeClock | None = None) -> AsyncIterator[Scene]:
    """A scene, closed afterwards."""
    one = Scene(directory, clock or FakeClock())
    try:
        yield one
    finally:
        await one.close()
