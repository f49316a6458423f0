"""`postduif mailing` with a daemon: a proof, sending, pausing, stopping, and what became of everybody."""

from __future__ import annotations

import asyncio
import csv
import io
from email import message_from_bytes, policy
from pathlib import Path

from postduif.campaign.sending.engine import Engine
from postduif.clock import SystemClock
from postduif.config.load import load
from postduif.sink import Sink
from tests.cli.installation import asked, asked_json, cells, installed
from tests.cli.mailings import created, done, people
from tests.dns_server import DnsServer
from tests.stories.daemon import Daemon

SETTINGS = """
[bounce]
domain = "bounces.sender.example"
[delivery]
retry = "1h"
[dns]
nameservers = ["{}"]
"""
PEOPLE = [f"p{number}@{domain}.example" for number in range(6) for domain in ("one", "two")]
RULES = '[[rule]]\nlocalpart = "p0"\ndomain = "two.example"\nrcpt = {reply = "550 5.1.1 no such user"}\n'


async def prepared(daemon: Daemon, *words: str) -> None:
    """A mailing to all of them, ready to be sent."""
    await asyncio.to_thread(people, daemon.path, PEOPLE)
    await asyncio.to_thread(created, daemon.path, *words)
    done(await asked(daemon, "mailing", "prepare", "1"))


async def engine(daemon: Daemon) -> None:
    """One look of the campaign's own process."""
    await asyncio.to_thread(Engine(load(daemon.path), SystemClock()).step)


def test_from_proof_to_results(tmp_path: Path) -> None:
    """A proof is the mailing with a number, noted; sent, everybody gets theirs, and the results say so."""
    asyncio.run(from_proof_to_results(tmp_path))


async def from_proof_to_results(tmp_path: Path) -> None:
    """As it says."""
    with DnsServer() as dns:
        async with Sink(rules=RULES) as sink, installed(tmp_path, sink.port, SETTINGS.format(dns.endpoint)) as daemon:
            daemon.path.write_text(daemon.path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{daemon.port}", 1))
            await prepared(daemon)
            for number in (1, 2):
                found = await asked_json(
                    daemon, "mailing", "proof", "1", "boss@sender.example", "--person", "p3@one.example"
                )
                assert (found["proof"], found["as"]) == (number, "p3@one.example")
            await sink.wait_for(2)
            first = message_from_bytes(sink.messages[0].content, policy=policy.default)
            assert (first["Subject"], first["To"]) == ("Proof 1: For p3", "boss@sender.example")
            assert first["List-Unsubscribe"] == "<mailto:news@sender.example?subject=unsubscribe>"
            sent = await asked(daemon, "mailing", "send", "1", "--yes")
            assert (done(sent), sent.stderr) == ('mailing 1 "Autumn" is sending, to 12 recipients\n', "")
            await sink.wait_for(2 + len(PEOPLE) - 1)
            await daemon.until(lambda: not any(store.stats.queued for store in daemon.app.stores))
            await engine(daemon)
            await judge_results(daemon)


async def judge_results(daemon: Daemon) -> None:
    """All but one are delivered, in every command that says so."""
    found = await asked_json(daemon, "mailing", "results", "1")
    figures = {line["name"]: line["value"] for line in found["figures"]}
    assert (found["mailing"]["state"], figures["to_deliver"], figures["delivered"]) == ("finished", 12, 11)
    assert (figures["failed"], figures["pending"]) == (1, 0)
    assert {one["domain"]: one["delivered"] for one in found["domains"]} == {"one.example": 6, "two.example": 5}
    assert sum(one["delivered"] for one in found["over_time"]) == 11
    text = done(await asked(daemon, "mailing", "results", "1", "--watch"))
    assert "figure\tdelivered\t11\tto_deliver\t12\t0.9167\n" in text
    (refused,) = cells(await asked(daemon, "mailing", "recipients", "1", "--state", "failed"))
    assert (refused[1:4], refused[5]) == (["p0@two.example", "failed", "1"], "550 5.1.1 no such user")
    assert len(await asked_json(daemon, "mailing", "recipients", "1", "--domain", "one.example")) == 6
    events = (await asked_json(daemon, "mailing", "timeline", "1", "P0@two.example"))[0]["events"]
    assert [one["kind"] for one in events] == ["prepared", "started", "failed"]
    nobody = await asked(daemon, "mailing", "timeline", "1", "x@y.example")
    assert (nobody.exit_code, "it was never meant" in nobody.stderr) == (1, True)
    rows = list(csv.DictReader(io.StringIO(done(await asked(daemon, "mailing", "export", "1")))))
    assert sorted(one["address"] for one in rows) == sorted(PEOPLE)
    selected = await asked(daemon, "mailing", "select", "1", "Bounced", "--state", "failed")
    assert done(selected) == '1 contact more in the selection "Bounced"\n'
    for cause, new in (("spam", 0), ("recipient_unknown", 1)):
        chosen = await asked_json(daemon, "mailing", "select", "1", "Unknown", "--cause", cause)
        assert chosen == {"selection": "Unknown", "new": new}
    told = await asked(daemon, "mailing", "export", "1", "--cause", "recipient_unknown")
    assert [one["address"] for one in csv.DictReader(io.StringIO(done(told)))] == ["p0@two.example"]
    watched = await asked_json(daemon, "mailing", "results", "1", "--watch")
    assert watched["mailing"]["state"] == "finished"
    words = [one["words"] for one in await asked_json(daemon, "mailing", "log", "1") if one["action"] == "note"]
    assert words[1] == "proof 2 to 1 address, as #7"


def test_paused_and_stopped(tmp_path: Path) -> None:
    """Paused nothing leaves; stopped, what is left is withdrawn, and the command says how many."""
    asyncio.run(paused_and_stopped(tmp_path))


async def paused_and_stopped(tmp_path: Path) -> None:
    """As it says."""
    with DnsServer() as dns:
        async with Sink() as sink, installed(tmp_path, sink.port, SETTINGS.format(dns.endpoint)) as daemon:
            await prepared(daemon, "--rate", "1")
            done(await asked(daemon, "mailing", "send", "1", "--yes"))
            await sink.wait_for(1)
            assert done(await asked(daemon, "mailing", "pause", "1")) == 'mailing 1 "Autumn" is paused\n'
            assert (await asked(daemon, "mailing", "pause", "1")).exit_code == 1
            done(await asked(daemon, "mailing", "rate", "1", "2"))
            assert done(await asked(daemon, "mailing", "resume", "1")) == 'mailing 1 "Autumn" is sending\n'
            stopped = done(await asked(daemon, "mailing", "stop", "1", "--yes"))
            taken = len(sink.messages)
            assert stopped == f'mailing 1 "Autumn" is stopped: {len(PEOPLE) - taken} withdrawn\n'
            assert (await asked(daemon, "mailing", "resume", "1")).exit_code == 1
            figures = (await asked_json(daemon, "mailing", "results", "1"))["figures"]
            assert {one["name"]: one["value"] for one in figures}["withdrawn"] == len(PEOPLE) - taken


def test_waves(tmp_path: Path) -> None:
    """A wave that waits for its time goes when it is told to."""
    asyncio.run(waves(tmp_path))


async def waves(tmp_path: Path) -> None:
    """As it says."""
    with DnsServer() as dns:
        async with Sink() as sink, installed(tmp_path, sink.port, SETTINGS.format(dns.endpoint)) as daemon:
            await prepared(daemon, "--waves", "5 every 1d")
            done(await asked(daemon, "mailing", "send", "1", "--yes"))
            await sink.wait_for(5)
            told = await asked(daemon, "mailing", "wave", "1", "2")
            assert done(told) == 'mailing 1 "Autumn": wave 2 let go\n'
            await sink.wait_for(len(PEOPLE))
