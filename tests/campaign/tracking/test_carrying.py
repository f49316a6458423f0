"""What people asked for reaches the audience and a real MTA, once, also when either was away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from postduif.campaign.audience.attributes import Kind, declare
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import profile
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.database import transaction
from postduif.campaign.insisting import SILENT
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.campaign.public.person import standing
from postduif.campaign.results.figures import figures
from postduif.campaign.results.opening import opened
from postduif.campaign.tracking.carrying import Carrier
from postduif.campaign.tracking.recorder import Recorder
from postduif.campaign.tracking.visit import Wanted, Wish
from postduif.mta.control import ask
from postduif.queue.mailing import Terms
from postduif.recipient_token import Whom
from postduif.sink import Sink
from tests.campaign.tracking.readers import NUMBER, PEOPLE, on_file, people_and_types
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.mailings import handed_over
from tests.stories.roads import to
from tests.stories.test_returned import SETTINGS

WHO = 3
"""A recipient who is not in the first wave of a mailing."""


def wished(data_dir: Path, clock: FakeClock, *wishes: tuple[Wanted, str]) -> None:
    """By recipient WHO, as the pages take it."""
    made = Recorder(data_dir, clock)
    for kind, type_ in wishes:
        made.ask(Wish(clock.time(), NUMBER, WHO, kind.value, type_, "one-click", "Stop", "192.0.2.1")).result(5)
    made.close()


def step(data_dir: Path, tell: Callable[..., Any], clock: FakeClock, carrier: Carrier | None = None) -> None:
    """One look."""
    with on_file(data_dir) as connection:
        (carrier or Carrier(data_dir, tell, clock)).step(connection)


def undone(data_dir: Path) -> int:
    """Wishes that are to be carried."""
    with on_file(data_dir) as connection:
        return int(connection.execute("SELECT count(*) FROM wish WHERE done_at IS NULL").fetchone()[0])


def refused(data_dir: Path, types: tuple[str, ...] = ("news", "offers", "other", "")) -> set[str]:
    """The types of mail that recipient WHO does not get."""
    with suppression_link(data_dir) as link:
        return {one for one in types if link.refusals([PEOPLE[WHO]], one, 2e9)}


def test_carried(tmp_path: Path) -> None:
    """An unsubscribe is on the suppression list with how, in both journals, and in the consent with its wording; mail
    of that type that waits for the person is taken out, of another type it is not; done twice it is there once."""

    async def story() -> None:
        async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
            data_dir, tell = tmp_path / "data", partial(ask, tmp_path / "run")
            people_and_types(data_dir)
            now = daemon.clock.time()
            handed_over(data_dir, NUMBER, PEOPLE, now, terms=Terms(mail_type="news"))
            await asyncio.to_thread(tell, "mailing.open", number=NUMBER)
            await daemon.until(lambda: len(sink.messages) == len(PEOPLE))
            for number, type_ in ((8, "news"), (9, "offers")):
                handed_over(data_dir, number, PEOPLE, now, terms=Terms(mail_type=type_), waves=(1, 3))
            await asyncio.to_thread(tell, "mailing.open", number=8)
            await daemon.until(lambda: len(sink.messages) == len(PEOPLE) + 2)
            await asyncio.to_thread(wished, data_dir, daemon.clock, (Wanted.UNSUBSCRIBE, "news"))
            for _ in range(2):
                await asyncio.to_thread(step, data_dir, tell, daemon.clock)
                assert undone(data_dir) == 0
                with on_file(data_dir) as connection:
                    assert connection.execute("SELECT origin FROM wish").fetchall() == [("",)]
                    # as if killed before it was noted
                    connection.execute("UPDATE wish SET done_at = NULL, origin = '192.0.2.1'")
            assert refused(data_dir) == {"news"}
            (shown,) = await asyncio.to_thread(tell, "suppress.show", addresses=[PEOPLE[WHO]])
            assert [(one["type"], one["evidence"]) for one in shown["entries"]] == [("news", "on the web: one-click")]
            lines = await asyncio.to_thread(tell, "queue.journal", recipient=PEOPLE[WHO], limit=100)
            assert [one["kind"] for one in lines].count("unsubscribed") == 1
            with opened(data_dir, NUMBER) as connection:
                assert figures(connection).unsubscribed == 1
            with audience(data_dir) as connection:
                (proof,) = profile(connection, WHO + 1)["consent"]
            assert (proof["event"], proof["type"], proof["wording"], proof["origin"], proof["source"]) == (
                "withdrawn",
                "news",
                "Stop",
                "192.0.2.1",
                "one-click, mailing 7",
            )
            await daemon.until(lambda: _suppressed(data_dir, 8) == 1)
            assert _suppressed(data_dir, 9) == 0

    asyncio.run(story())


def _suppressed(data_dir: Path, number: int) -> int:
    with opened(data_dir, number) as connection:
        return figures(connection).suppressed


def test_taken_back(tmp_path: Path) -> None:
    """Who left everything and asks for one type gets that one; whoever must ask for it is confirmed then."""

    async def story() -> None:
        async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS) as daemon:
            data_dir, tell = tmp_path / "data", partial(ask, tmp_path / "run")
            people_and_types(data_dir)
            handed_over(data_dir, NUMBER, PEOPLE, daemon.clock.time(), terms=Terms(mail_type="news"))
            for wish, left in (
                ((Wanted.UNSUBSCRIBE, ""), {"news", "offers", "other"}),
                ((Wanted.RESUBSCRIBE, "offers"), {"news"}),
                ((Wanted.RESUBSCRIBE, ""), set()),
                ((Wanted.UNSUBSCRIBE, "news"), {"news"}),
                ((Wanted.RESUBSCRIBE, "news"), set()),
            ):
                await asyncio.to_thread(wished, data_dir, daemon.clock, wish)
                await asyncio.to_thread(step, data_dir, tell, daemon.clock)
                assert (undone(data_dir), refused(data_dir)) == (0, left)
                daemon.clock.advance(1)
            with audience(data_dir) as connection:
                assert [one["type"] for one in profile(connection, WHO + 1)["subscriptions"]] == ["offers"]

    asyncio.run(story())


def test_the_mta_is_away(tmp_path: Path) -> None:
    """The wish stays to be done, its proof is kept once, and it is done when the MTA is back."""
    tmp_path.chmod(0o700)
    data_dir, tell, clock = tmp_path / "data", partial(ask, tmp_path / "run"), FakeClock()

    async def story() -> None:
        async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS, clock) as daemon:
            people_and_types(data_dir)
            handed_over(data_dir, NUMBER, PEOPLE, clock.time(), terms=Terms(mail_type="news"))
            await asyncio.to_thread(tell, "mailing.open", number=NUMBER)
            await daemon.until(lambda: len(sink.messages) == len(PEOPLE))
        carrier = Carrier(data_dir, tell, clock)
        await asyncio.to_thread(wished, data_dir, clock, (Wanted.UNSUBSCRIBE, "news"), (Wanted.NO_TRACKING, ""))
        for _ in range(3):
            step(data_dir, tell, clock, carrier)
            clock.advance(SILENT)
        assert undone(data_dir) == 2
        async with Daemon(tmp_path, to(1) + SETTINGS, clock):
            await asyncio.to_thread(step, data_dir, tell, clock, carrier)
            assert (undone(data_dir), refused(data_dir)) == (0, {"news"})
        with audience(data_dir) as connection:
            assert sorted(one["event"] for one in profile(connection, WHO + 1)["consent"]) == [
                "tracking refused",
                "withdrawn",
            ]

    asyncio.run(story())


def test_a_file_that_is_away(tmp_path: Path) -> None:
    """What cannot be carried now keeps nobody else's wish back; it is not forgotten."""
    tmp_path.chmod(0o700)
    data_dir, clock = tmp_path / "data", FakeClock()
    people_and_types(data_dir)
    handed_over(data_dir, NUMBER, PEOPLE, clock.time(), terms=Terms(mail_type="news"))
    told = []

    def tell(do: str, **request: object) -> None:
        told.append((do, request.get("address", request.get("wishes"))))

    made = Recorder(data_dir, clock)
    for mailing in (99, NUMBER):
        made.ask(Wish(clock.time(), mailing, 0, Wanted.UNSUBSCRIBE.value, "", "page", "Stop", "")).result(5)
    made.close()
    step(data_dir, tell, clock)
    assert (told, undone(data_dir)) == ([("leaving.unsubscribe", PEOPLE[0]), ("leaving.figures", 1)], 1)


def test_the_attribute_of_those_who_agree(tmp_path: Path) -> None:
    """Where a mailing asks an attribute whether its reader may be counted, the page shows it and his choice sets it."""
    tmp_path.chmod(0o700)
    data_dir, clock = tmp_path / "data", FakeClock()
    people_and_types(data_dir)
    handed_over(data_dir, NUMBER, PEOPLE, clock.time(), terms=Terms(mail_type="news"))
    with audience(data_dir) as people, transaction(people):
        declare(people, "counted", Kind.BOOLEAN)
    content = json.dumps({"tracking_consent": "customer.counted"})
    with mailings(data_dir) as connection:
        for _ in range(NUMBER):
            editing.create(connection, Draft("x", content=content), [], By("anna", clock.time()))
    for kind in (None, Wanted.TRACKING, Wanted.NO_TRACKING, Wanted.TRACKING):
        said = kind is Wanted.TRACKING
        if kind is not None:
            wished(data_dir, clock, (kind, ""))
            assert shown_as(data_dir) is said  # at once
            step(data_dir, lambda do, **request: None, clock)
            with audience(data_dir) as people:
                assert profile(people, WHO + 1)["attributes"] == {"counted": said}
        assert shown_as(data_dir) is said


def shown_as(data_dir: Path) -> bool:
    """What the preference page of WHO says about being counted."""
    found = standing(data_dir, Whom(NUMBER, WHO), 2e9)
    assert found is not None
    return found.tracked
