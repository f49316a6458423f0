"""What an operator asks of webhooks: how far they are, and to be told again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from postduif.mta.control import ControlError
from postduif.mta.webhook_operations import WebhookOperations
from tests.mta.webhook_scene import scene, settings
from tests.receiver import Receiver, Reply


def local_parts(receiver: Receiver) -> list[str]:
    """Of those about whom the receiver was told, in order."""
    return [event["recipient"].partition("@")[0] for event in receiver.taken]


def test_how_far_it_is(tmp_path: Path) -> None:
    """While a receiver fails one sees since when, with what, and when it is tried again; then nothing of it is left."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            hooks = await one.follow(settings(receiver))
            ask = WebhookOperations(hooks).actions["webhook.list"]

            async def now() -> dict[str, Any]:
                found: Any = await ask({})
                assert len(found) == 1
                return dict(found[0])

            started = one.clock.time()
            await one.happen("a@example.com")
            await one.until(lambda: len(receiver.requests) == 1)
            await one.until(lambda: hooks.standing()[0].next_try, step=0)
            failing = await now()
            assert (failing["name"], failing["url"], failing["given_up"]) == ("app", receiver.url, False)
            assert failing["trouble"] == "HTTP status 503"
            assert started <= failing["oldest"] <= failing["failing_since"] < failing["next_try"]
            assert failing["next_try"] - failing["failing_since"] == pytest.approx(5, rel=0.21)
            await one.until(lambda: local_parts(receiver) == ["a"])
            await one.until_place(1)
            assert await now() == failing | {"oldest": None, "failing_since": 0, "trouble": "", "next_try": None}

    with Receiver() as receiver:
        receiver.answers = [Reply(503), Reply()]
        asyncio.run(story(receiver))


def test_told_again(tmp_path: Path) -> None:
    """What happened since then is told once more, with the same ids, and what comes goes on behind it."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            replay = WebhookOperations(await one.follow(settings(receiver, batch=1))).actions["webhook.replay"]
            await one.happen("old@example.com")
            one.clock.advance(3600)
            since = one.clock.time()
            await one.happen("new@example.com")
            await one.until(lambda: local_parts(receiver) == ["old", "new"])
            await one.until_place(2)
            await replay({"name": "app", "since": since})
            await one.happen("next@example.com")
            await one.until(lambda: local_parts(receiver) == ["old", "new", "new", "next"])
            await one.until_place(3)
            await replay({"name": "app", "since": one.clock.time() + 1})  # nothing happened since: nothing is left out
            await one.happen("last@example.com")
            await one.until(lambda: local_parts(receiver)[-1] == "last")

    with Receiver() as receiver:
        asyncio.run(story(receiver))
        assert receiver.taken[1]["id"] == receiver.taken[2]["id"]
        assert local_parts(receiver) == ["old", "new", "new", "next", "last"]


def test_a_replay_skips_nothing(tmp_path: Path) -> None:
    """What was not taken yet stays to be told, though the replay begins behind it."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            replay = WebhookOperations(await one.follow(settings(receiver))).actions["webhook.replay"]
            await one.happen("old@example.com")
            await one.until(lambda: len(receiver.requests) == 1)
            one.clock.advance(1)
            since = one.clock.time()
            await one.happen("new@example.com")
            receiver.answers = [Reply()]
            await replay({"name": "app", "since": since})
            await one.until(lambda: local_parts(receiver) == ["old", "new"])

    with Receiver() as receiver:
        receiver.answers = [Reply(500)]
        asyncio.run(story(receiver))


def test_nobody_of_that_name(tmp_path: Path) -> None:
    """A wrong name is said to be one."""

    async def story(receiver: Receiver) -> None:
        async with scene(tmp_path) as one:
            actions = WebhookOperations(await one.follow(settings(receiver))).actions
            with pytest.raises(ControlError, match="no webhook is called shop"):
                await actions["webhook.replay"]({"name": "shop", "since": 0})

    with Receiver() as receiver:
        asyncio.run(story(receiver))
