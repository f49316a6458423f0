"""Opener: which connection a route gets, and what is remembered of hosts whose TLS is broken."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from postduif.config.schema import Config, Delivery
from postduif.mta import opening
from postduif.mta.client import Connection, Timeouts, opportunistic_context
from postduif.mta.limits import limits_of
from postduif.mta.mx import Exchange
from postduif.mta.opening import Opener
from postduif.mta.permits import Permits
from postduif.mta.route import Route
from postduif.mta.sites import Destination, Host, Site
from postduif.reply import Reply
from postduif.sink import Sink
from tests.fakes import FakeClock

MEMORY = 3600.0


def route(tls: Literal["opportunistic", "required"] = "opportunistic") -> Route:
    """A road with that policy."""
    config = Config.model_validate({"server": {"hostname": "mta.example"}, "delivery": {"tls": tls}})
    return Route(Destination(Site("mx", limits_of(config)), (Exchange(0, "mx", 25),)), Permits())


def opener(clock: FakeClock) -> Opener:
    """With the default waits."""
    return Opener("me.example", Timeouts.of(Delivery()), opportunistic_context(), clock, broken_tls_memory=MEMORY)


async def opened(one: Opener, to: Route, *hosts: Host) -> Connection | Reply:
    """What it gives; a connection is closed again."""
    connection = await one.open(to, hosts)
    if isinstance(connection, Connection):
        connection.abort(Reply(421, "4.3.2", "closed here"))
    return connection


def test_broken_tls_is_remembered_for_a_time() -> None:
    """A host whose TLS failed is spoken to in the clear at once, until its time is over; then TLS is tried again."""

    async def story() -> None:
        clock, rules = FakeClock(), '[[rule]]\ntls = {action = "garbage"}'
        async with Sink(tls=True, rules=rules) as sink:
            one, to, host = opener(clock), route(), Host("mx", ("127.0.0.1",), sink.port)
            for seconds, connections in ((0.0, 2), (MEMORY - 1, 3), (2.0, 5)):
                clock.advance(seconds)
                assert isinstance(await opened(one, to, host), Connection)
                assert sink.figures.connections == connections

    asyncio.run(story())


def test_the_memory_of_broken_tls_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host unused for longest is forgotten first."""

    async def story() -> None:
        monkeypatch.setattr(opening, "MAX_BROKEN_TLS", 2)
        rules = '[[rule]]\ntls = {action = "garbage"}'
        async with Sink(host="0.0.0.0", tls=True, rules=rules) as sink:
            one, to = opener(FakeClock()), route()
            tries = []
            for last in (1, 2, 3, 3, 1):
                before = sink.figures.connections
                await opened(one, to, Host("mx", (f"127.0.0.{last}",), sink.port))
                tries.append(sink.figures.connections - before)
            assert tries == [2, 2, 2, 1, 2]

    asyncio.run(story())


@pytest.mark.parametrize("tls", ["opportunistic", "required"])
def test_421_to_starttls_is_no_word_about_tls(tls: Literal["opportunistic", "required"]) -> None:
    """A host that closes then is left for the next; nothing is sent in the clear, and its TLS counts as sound."""

    async def story() -> None:
        rules = '[[rule]]\nstarttls = {reply = "421 4.3.2 going down"}'
        async with Sink(tls=True, rules=rules) as sink:
            one, to, host = opener(FakeClock()), route(tls), Host("mx", ("127.0.0.1",), sink.port)
            for connections in (1, 2):
                reply = await opened(one, to, host)
                assert isinstance(reply, Reply)
                assert (reply.code, reply.enhanced) == (421, "4.3.2")
                assert sink.figures.connections == connections

    asyncio.run(story())
