"""The operator holds, releases, withdraws and suspends while mail is under way."""

from __future__ import annotations

from pathlib import Path

from postduif.queue.condition import Condition
from postduif.sink import Sink
from tests.stories.daemon import Daemon
from tests.stories.roads import to

SLOW = '[[rule]]\ndot = {delay = "25ms"}'
ONE_BY_ONE = "connections = 1\nmax_recipients = 1"
ONE = Condition(domain="one.example")
MANY = [f"r{n}@one.example" for n in range(60)]


async def test_hold_and_release(tmp_path: Path) -> None:
    """A hold stops what is not under way yet, ready or not; release sends the rest, each once."""
    async with Sink(rules=SLOW) as sink, Daemon(tmp_path, to(sink, ONE_BY_ONE)) as daemon:
        id = await daemon.submit(MANY)
        await sink.wait_for(3)
        await daemon.app.store.hold(ONE, "operator", "complaints")
        sent = sink.figures.messages
        await daemon.quiet(sink)
        assert sink.figures.messages <= sent + 3
        assert {one.held_because for one in await daemon.waiting()} == {"complaints"}
        await daemon.submit(["late@one.example"])
        await daemon.submit(["free@two.example"])
        await daemon.until(lambda: sink.messages[-1].recipients == ("free@two.example",))
        await daemon.app.store.unhold(ONE)
        await sink.wait_for(62)
        assert {line.kind for line in await daemon.journal(id, 60)} == {"delivered"}
        assert len({mail.recipients for mail in sink.messages}) == 62


async def test_delete(tmp_path: Path) -> None:
    """What is withdrawn is not sent any more, and the journal says so; nobody gets a notification."""
    async with Sink(rules=SLOW) as sink, Daemon(tmp_path, to(sink, ONE_BY_ONE)) as daemon:
        id = await daemon.submit(MANY)
        await sink.wait_for(3)
        await daemon.app.store.delete(ONE, "a mistake")
        await daemon.until(lambda: daemon.app.store.stats.queued == 0)
        kinds = [line.kind for line in await daemon.journal(id, 60)]
        assert set(kinds) == {"delivered", "withdrawn"}
        assert len(kinds) == 60
        await daemon.quiet(sink)
        assert sink.figures.messages == kinds.count("delivered") < 60


async def test_suspend_and_resume(tmp_path: Path) -> None:
    """A suspended site gets nothing more, new mail for it waits; resumed it gets all of it."""
    async with Sink(rules=SLOW) as sink, Daemon(tmp_path, to(sink, ONE_BY_ONE)) as daemon:
        await daemon.submit(MANY)
        await sink.wait_for(3)
        daemon.app.delivery.orders.suspend("next_hop:*", "they asked us to")
        sent = sink.figures.messages
        await daemon.quiet(sink)
        await daemon.submit(["late@one.example"])
        await daemon.quiet(sink)
        assert sink.figures.messages <= sent + 3
        (route,) = daemon.app.delivery.routes.values()
        assert daemon.app.delivery.orders.describe(route)["state"] == "suspended: they asked us to"
        assert daemon.app.delivery.orders.resume("next_hop:*")
        await sink.wait_for(61)
        assert len({mail.recipients for mail in sink.messages}) == 61
