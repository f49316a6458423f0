"""Where the mails of the corpus go: the sinks and the DNS of a small world of names ending in .example.

All addresses are those of RFC 5737. They lead to the loopback interface of a network namespace of our own, in which
nothing else listens; see `sandbox`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager

from postduif.sink import Sink
from postduif.sink.received import Received
from postduif.sink.rules import Rule, Rules
from tests.corpus.fates import RELAY, SENDER_DOMAIN, Fate, Target
from tests.dns_server import DnsServer

MAIN, SMALL, PLAIN, HOME, REFUSING = (f"192.0.2.{number}" for number in (10, 20, 30, 40, 90))
UNREACHABLE = "198.51.100.7"
"""No route leads there."""
OWN = 100
"""The first of the addresses 192.0.2.x of sinks that act before RCPT."""
SMALL_SIZE = 2000
"""The largest message, in octets, of the sink at SMALL."""
ADDRESS_OF = {"": MAIN, "small": SMALL, "plain": PLAIN, "refusing": REFUSING, "unreachable": UNREACHABLE}
_BEFORE_RCPT = {"connect", "ehlo", "mail"}


class World:
    """Sinks and DNS while the context of `running` lasts."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = sinks

    def returned(self) -> list[Received]:
        """The mail that came to the sender's domain so far, wherever the relay brought it."""
        mails = [mail for sink in self._sinks for mail in list(sink.messages)]
        return [mail for mail in mails if mail.recipients[0].endswith(f"@{SENDER_DOMAIN}")]


@contextmanager
def running(fates: Sequence[Fate]) -> Iterator[World]:
    """The world in which these fates happen."""
    sinks = _sinks(fates)
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(sinks, ready, stop)), name="sinks")
    with DnsServer(zone(fates), port=53):
        thread.start()
        try:
            assert ready.wait(10.0), "the sinks did not start"
            yield World(sinks)
        finally:
            stop.set()
            thread.join()


async def _serve(sinks: Sequence[Sink], ready: threading.Event, stop: threading.Event) -> None:
    async with AsyncExitStack() as stack:
        for sink in sinks:
            await stack.enter_async_context(sink)
        ready.set()
        await asyncio.to_thread(stop.wait)


def _sinks(fates: Sequence[Fate]) -> list[Sink]:
    rules = Rules(builtin=False, rule=tuple(_rules(fates)))
    return [
        Sink(host=HOME, port=25, hostname=f"mx.{SENDER_DOMAIN}", rules=Rules(builtin=False)),
        Sink(host=MAIN, port=25, hostname="mx.remote.example", rules=rules),
        Sink(host=SMALL, port=25, hostname="mx.small.example", max_size=SMALL_SIZE),
        Sink(host=PLAIN, port=25, hostname="mx.plain.example", without=["DSN", "SMTPUTF8"]),
    ]


def _rules(fates: Sequence[Fate]) -> Iterator[Rule]:
    own = own_addresses(fates)
    for target in _targets(fates):
        if target.meets:
            place = {"listen": f"{own[target.domain]}:25"} if target.domain in own else {}
            local = {} if place else {"localpart": target.fails.rpartition("@")[0]}
            yield Rule.model_validate({"domain": target.domain, **local, **place, **target.meets})


def own_addresses(fates: Sequence[Fate]) -> dict[str, str]:
    """The domains that need a sink of their own, since they refuse before it is known who the mail is for."""
    domains = dict.fromkeys(target.domain for target in _targets(fates) if _BEFORE_RCPT & set(target.meets))
    return {domain: f"192.0.2.{OWN + number}" for number, domain in enumerate(domains)}


def zone(fates: Sequence[Fate]) -> str:
    """The DNS of the world, in the form of `DnsServer`."""
    own = own_addresses(fates)
    lines = [
        f"{SENDER_DOMAIN} MX 10 mx.{SENDER_DOMAIN}",
        f"mx.{SENDER_DOMAIN} A {HOME}",
        f"{RELAY} A 127.0.0.1",
        "localhost A 127.0.0.1",
        f"1.0.0.127.in-addr.arpa PTR {RELAY}",
    ]
    for target in _targets(fates):
        domain = target.domain
        if target.at in ADDRESS_OF:
            lines += [f"{domain} MX 10 mx.{domain}", f"mx.{domain} A {own.get(domain, ADDRESS_OF[target.at])}"]
        elif target.at == "self":
            lines += [f"{domain} MX 10 {RELAY}"]
        elif target.at == "nodata":
            lines += [f"{domain} TXT nothing"]
        elif target.at == "nullmx":
            lines += [f"{domain} MX 0 ."]
        elif target.at == "servfail":
            lines += [f"{domain} FAULT * SERVFAIL"]
        else:
            assert target.at in ("nxdomain", "local"), target
    return "\n".join(dict.fromkeys(lines))


def _targets(fates: Sequence[Fate]) -> Iterator[Target]:
    return (target for fate in fates for target in fate.targets)
