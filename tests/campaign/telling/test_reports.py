"""How the campaign's process gets on with webhooks is seen, counted and told again through the MTA, over its socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY

from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.editing import create
from postduif.campaign.mailings.record import Draft
from postduif.campaign.telling.teller import REPORT
from postduif.config.schema import Config
from postduif.mta.control import Control, ask
from postduif.mta.webhook_cursor import orders
from postduif.mta.webhook_elsewhere import LASTS, SILENT
from postduif.mta.webhook_operations import WebhookOperations
from postduif.mta.webhooks import Webhooks
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import directory_of
from tests.campaign.results.made import happens
from tests.campaign.telling.scene import PATIENCE, passes, settings, telling, until
from tests.mta.webhook_scene import scene
from tests.receiver import Receiver, Reply
from tests.stories.mailings import handed_over


def happened(directory: Path, now: float) -> None:
    """A mailing was made, and one that is under way met a refusal."""
    with mailings(directory) as connection:
        create(connection, Draft("news"), [], By("anna", now))
    handed_over(directory, 70, ("ann@one.example",), now)
    with contextlib.closing(connect_writer(directory_of(directory, 70) / FILE_NAME)) as connection:
        happens(connection, 0, "failed", now, to=70)


@contextlib.asynccontextmanager
async def obeying(hooks: Webhooks, config: Config) -> AsyncIterator[None]:
    """The socket of the MTA."""
    control = Control(config.server.run_dir, WebhookOperations(hooks).actions)
    await control.start()
    try:
        yield
    finally:
        await control.close()


def figure(name: str, **labels: str) -> float:
    """A metric of the webhook."""
    return REGISTRY.get_sample_value(f"postduif_webhook_{name}", {"webhook": "app", **labels}) or 0.0


def test_seen_and_told_again(tmp_path: Path) -> None:
    """While its receiver fails one sees it, then it is well; a replay tells what happened since, with the same ids."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            clock, directory = one.clock, tmp_path / "queue"
            config = settings(directory, receiver, "mailing", "failed")
            hooks = await one.follow(config)
            async with telling(config, clock):
                async with obeying(hooks, config):
                    since = clock.time()
                    happened(directory, since)
                    await until(clock, lambda: hooks.standing()[0].next_try)
                    found: Any = await WebhookOperations(hooks).list({})  # at once: the next try may begin
                    (seen,) = found
                    assert (seen["trouble"], seen["given_up"]) == ("HTTP status 503", False)
                    assert since <= seen["failing_since"] < seen["next_try"]
                    hooks.refresh()
                    assert figure("lag_seconds") > 0
                    receiver.answers = [Reply()]
                    await until(clock, lambda: figure("events_total") == before + 4 and not hooks.standing()[0].oldest)
                    (well,) = await listed(config)
                    assert well == {**seen, "oldest": None, "failing_since": 0, "trouble": "", "next_try": None}
                    await asyncio.to_thread(ask, config.server.run_dir, "webhook.replay", name="app", since=since)
                await hooks.close()  # the MTA starts again before that process has heard of it
                hooks = await one.follow(config)
                async with obeying(hooks, config):
                    await until(clock, lambda: len(receiver.taken) == 4)
                    async with asyncio.timeout(PATIENCE):
                        while await one.store.questions.ask(orders):
                            await passes(clock, 1)
            hooks = await one.follow(config)  # what was carried out is no order any more
            async with obeying(hooks, config):
                await hooks.replay("app", since)  # somebody may be about to report, but nobody does in time
                clock.advance(max(SILENT, LASTS) + 1)
                await hooks.replay("app", since)  # nobody is there to do it, or to do it later
                async with telling(config, clock):
                    await passes(clock, round(REPORT) + 2)

    before = figure("events_total")
    with Receiver() as receiver:
        receiver.answers = [Reply(503)]
        asyncio.run(story(receiver))
        ids = [one["id"] for one in receiver.taken]
        assert len(ids) == 4
        assert sorted(ids[:2]) == sorted(ids[2:])


async def listed(config: Config) -> list[dict[str, Any]]:
    """As `postduif webhook list` has it."""
    found: list[dict[str, Any]] = await asyncio.to_thread(ask, config.server.run_dir, "webhook.list")
    return found
