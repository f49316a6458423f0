"""A host that takes few recipients in one transaction gets them in several."""

from __future__ import annotations

from pathlib import Path

from postduif.sink import Sink
from tests.stories.daemon import Daemon
from tests.stories.roads import to


async def test_the_rest_follows_at_once(tmp_path: Path) -> None:
    """452 4.5.3 to some recipients of a transaction that others are in: they need not wait for the schedule."""
    recipients = [f"r{n}@one.example" for n in range(5)]
    async with Sink(max_recipients=2) as sink, Daemon(tmp_path, to(sink)) as daemon:
        await daemon.submit(recipients)
        await sink.wait_for(3)
        assert sorted(one for mail in sink.messages for one in mail.recipients) == recipients
        await daemon.until(lambda: daemon.app.store.stats.queued == 0)
