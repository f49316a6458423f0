"""The results of a mailing that a real daemon sends, read while it does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from postduif.campaign.results.figures import STATES, figures, figures_of
from postduif.campaign.results.opening import opened
from postduif.campaign.results.people import Which, recipients
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.campaign.results.timeline import numbers_of, timeline
from postduif.mta.control import ask
from postduif.sink import Sink
from tests.stories.daemon import Daemon
from tests.stories.mailings import handed_over
from tests.stories.roads import to
from tests.stories.test_returned import SETTINGS, comes_back, dsn

PEOPLE = [
    f"{name}{number}@one.example" for number in range(10) for name in ("ann", "permfail", "tempfail", "dotreject")
]


async def story(directory: Path) -> None:
    """Send it, look all the time, and have one come back."""
    async with Sink() as sink, Daemon(directory, to(sink) + SETTINGS) as daemon:
        handed_over(directory / "data", 7, PEOPLE, daemon.clock.time())
        with opened(directory / "data", 7) as connection:
            tally = Tally(connection)
            await asyncio.to_thread(ask, directory / "run", "mailing.open", number=7)

            def told(**wanted: int) -> bool:
                seen = figures_of(tally)
                assert sum(getattr(seen, state.value) for state in STATES) == seen.to_deliver == len(PEOPLE)
                return wanted.items() <= seen._asdict().items()

            await daemon.until(lambda: told(delivered=10, failed=20, hard=10, block=10, deferred=10, pending=10))
            taken = next(one for one in sink.messages if one.recipients == (PEOPLE[0],))
            await comes_back(daemon, taken.sender, dsn(PEOPLE[0], "5.2.2", "552 5.2.2 mailbox full"))
            await daemon.until(lambda: told(delivered=9, bounced=1, accepted=10))
            assert figures(connection) == figures_of(tally)
            assert figures(connection).categories[State.BOUNCED] == {"mailbox_full": 1}
            refused = recipients(tally, Which(State.FAILED, cause="recipient_unknown"))
            assert {one.reply for one in refused} == {"550 5.1.1 no such user here"}
            (number,) = numbers_of(connection, PEOPLE[0].upper())
            found = timeline(tally, number)
            assert found is not None
            assert [one.kind for one in found.events] == ["prepared", "started", "delivered", "bounced"]
            assert str(sink.port) in found.events[2].host


def test_while_it_is_sent(tmp_path: Path) -> None:
    """At every look everybody is in one state; in the end each is in the right one, with the words of the host."""
    asyncio.run(story(tmp_path))
