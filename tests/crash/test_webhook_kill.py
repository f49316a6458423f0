"""kill -9 while webhooks are told: every failure, of mailings too, is told at least once, again by the same id."""

from __future__ import annotations

import asyncio
import itertools
import random
import smtplib
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from postduif.campaign.database import path_of
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.telling.places import SCHEMA as TELLING
from postduif.campaign.telling.places import telling
from postduif.queue.inspect import looking
from postduif.queue.mailing import directory_of
from postduif.sink import Sink
from tests.program import Program
from tests.queue.mail import sql
from tests.receiver import Receiver, Reply
from tests.stories.mailings import CONTENT, handed_over
from tests.stories.roads import free_port, to

KILLS = 2
PLAIN = replace(CONTENT, headers=())
MAILINGS = range(100, 100 + KILLS)
MAILS = 30  # between two kills
PATIENCE = 120.0  # real seconds
_numbers = itertools.count()


def test_none_is_left_out(tmp_path: Path) -> None:
    """What the journal has as failed, the receiver was told, whenever the daemon died."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    asyncio.run(_story(tmp_path, random.Random(seed)))


async def _story(directory: Path, dice: random.Random) -> None:
    hook = f"""
    [[webhook]]
    name = "app"
    url = "{{}}"
    secret = "whsec_{"QUJD" * 8}"
    allowed_networks = ["127.0.0.0/8"]
    batch = 7
    retry = "100ms"
    """
    port = free_port()
    async with Sink(rules='[[rule]]\nrcpt = {reply = "550 5.1.1 no such user"}') as sink:
        with (
            Receiver() as receiver,
            Program(directory, to(sink) + hook.format(receiver.url), listener=f"127.0.0.1:{port}") as program,
        ):
            with mailings(directory / "queue"):  # with which there is a process of the campaign
                program.start()
            await asyncio.to_thread(program.wait_told, "READY=1")
            await asyncio.to_thread(_until_begun, directory)
            program.kill()
            for mailing in MAILINGS:
                people = [f"m{next(_numbers)}@remote.example" for _ in range(MAILS)]
                handed_over(directory / "queue", mailing, people, time.time(), content=PLAIN)
                receiver.answers = [Reply(dice.choice((200, 200, 503))) for _ in range(5)] + [Reply()]
                program.start()
                await asyncio.to_thread(program.wait_told, "READY=1")
                wanted = len(receiver.requests) + dice.randint(1, 4)
                await asyncio.to_thread(_submit, port)
                await asyncio.to_thread(_until_asked, receiver, wanted)
                program.kill()
            program.start()
            await asyncio.to_thread(program.wait_told, "READY=1")
            await asyncio.to_thread(_until_told, directory, receiver)
    rows = _failed(directory)
    ids: dict[str, set[str]] = defaultdict(set)
    for event in receiver.taken:
        ids[event["id"].rpartition("-")[0]].add(event["id"])
    assert len(rows) >= 2 * KILLS * MAILS
    assert ids.keys() == rows
    assert all(len(one) == 1 for one in ids.values())
    print(f"{len(rows)} events, {len(receiver.taken) - len(rows)} told again")


def _failed(directory: Path) -> set[str]:
    """What was refused, by the row of the journal, as ids of events begin with it."""
    places = {"": directory / "queue"} | {f"mailing-{one}-": directory_of(directory / "queue", one) for one in MAILINGS}
    found = set()
    for name, place in places.items():
        with looking(place) as connection:
            rows = connection.execute("SELECT id FROM journal WHERE kind = 'failed'").fetchall()
        found |= {f"{name}{id}" for (id,) in rows}
    return found


def _submit(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
        for _ in range(MAILS):
            client.sendmail("", [f"b{next(_numbers)}@remote.example"], "From: a@sender.example\nSubject: x\n\nHello.\n")


def _until_asked(receiver: Receiver, count: int) -> None:
    """Return when so many requests have come; the last of them is being answered then."""
    end = time.monotonic() + PATIENCE
    while len(receiver.requests) < count:
        assert time.monotonic() < end
        time.sleep(0.001)


def _until_begun(directory: Path) -> None:
    """Return once the campaign's process knows where the webhook begins."""
    end = time.monotonic() + PATIENCE
    while not path_of(directory / "queue", TELLING).exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    with telling(directory / "queue") as connection:
        while not connection.execute("SELECT 1 FROM place").fetchone():
            assert time.monotonic() < end
            time.sleep(0.05)


def _until_told(directory: Path, receiver: Receiver) -> None:
    """Return once nothing waits and everything was told."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ((waiting,),) = sql(directory, "SELECT count(*) FROM recipient")
        failed = _failed(directory)
        done = not waiting and len(failed) >= 2 * KILLS * MAILS
        if done and len(failed) == len({event["id"] for event in receiver.taken}):
            return
        time.sleep(0.1)
    raise AssertionError("not everything was told in time")
