"""Conditions mean what they say, in SQL."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.queue.condition import Condition
from tests.queue.mail import KEY, a_store, deferred, put

WHO = {
    Condition(): "",
    Condition(all=True): "abcd",
    Condition(stream="news"): "d",
    Condition(domain="Example.com"): "ab",
    Condition(sender="NEWS@shop.example"): "abd",
    Condition(sender="<>"): "c",
    Condition(recipient="A@example.com"): "a",
    Condition(older_than=1_800_000_000.0): "",
    Condition(older_than=1_800_000_001.0): "abcd",
    Condition(said="451 4.7.1 GREY"): "b",
    Condition(said="%"): "",
    Condition(held=True): "cd",
    Condition(held=False): "ab",
    Condition(owner="me"): "c",
    Condition(held=True, domain="example.org"): "c",
    Condition(all=True, domain="example.com", said="try again"): "b",
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A queue with a; b, deferred; c, held; d, of a held stream."""
    path = tmp_path_factory.mktemp("condition")

    async def fill() -> None:
        async with a_store(path) as store:
            await put(store, "b@example.com")
            await store.settle([deferred(entry, 1_900_000_000.0) for entry in await store.lease(KEY, 1)])
            await put(store, "a@example.com")
            await put(store, "c@example.org", sender="")
            await put(store, "d@example.net", stream="news")
            await store.hold(Condition(recipient="c@example.org"), "me", "")
            await store.hold(Condition(stream="news"), "you", "")

    asyncio.run(fill())
    return path


@pytest.mark.parametrize("condition", WHO, ids=str)
def test_a_condition_means_those_and_no_others(directory: Path, condition: Condition) -> None:
    """Every part must be true; texts without regard to case; % is a letter like any other."""

    async def ask() -> str:
        async with a_store(directory) as store:
            return "".join(sorted(line.recipient[0] for line in await store.questions.listing(condition, 100)))

    assert asyncio.run(ask()) == WHO[condition]


def test_ids_mean_all_recipients_of_those_messages(tmp_path: Path) -> None:
    """Ids are those of messages, and other parts narrow them."""

    async def story() -> None:
        async with a_store(tmp_path) as store:
            ids = [await put(store, f"{name}@example.com", f"{name}@example.org") for name in "abc"]
            meant = Condition(ids=(ids[0], ids[2], 5), domain="example.org")
            found = [line.recipient for line in await store.questions.listing(meant, 100)]
            assert found == ["a@example.org", "c@example.org"]

    asyncio.run(story())


def test_scheduled_queues_are_meant_by_stream_and_domain_alone() -> None:
    """Any other part makes it a choice of recipients."""
    assert Condition(all=True).whole_queues
    assert Condition(stream="a", domain="b").whole_queues
    assert not Condition(stream="a", held=True).whole_queues
    assert not Condition(domain="a", ids=(1,)).whole_queues
    assert not Condition().whole_queues
    assert Condition().empty
    assert not Condition(held=False).empty
