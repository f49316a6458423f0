"""kill -9 while webhooks are told: every failure is told at least once, and a second time under the same id."""

from __future__ import annotations

import asyncio
import itertools
import random
import smtplib
import time
from collections import defaultdict
from pathlib import Path

from postduif.sink import Sink
from tests.program import Program
from tests.queue.mail import sql
from tests.receiver import Receiver, Reply
from tests.stories.roads import free_port, to

KILLS = 4
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
            for _ in range(KILLS):
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
    rows = {str(id) for (id,) in sql(directory, "SELECT id FROM journal WHERE kind = 'failed'")}
    ids: dict[str, set[str]] = defaultdict(set)
    for event in receiver.taken:
        ids[event["id"].partition("-")[0]].add(event["id"])
    assert len(rows) >= KILLS * MAILS
    assert ids.keys() == rows
    assert all(len(one) == 1 for one in ids.values())
    print(f"{len(rows)} events, {len(receiver.taken) - len(rows)} told again")


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


def _until_told(directory: Path, receiver: Receiver) -> None:
    """Return once nothing waits and everything was told."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ((waiting,),) = sql(directory, "SELECT count(*) FROM recipient")
        ((failed,),) = sql(directory, "SELECT count(*) FROM journal WHERE kind = 'failed'")
        if not waiting and failed == len({event["id"] for event in receiver.taken}):
            return
        time.sleep(0.1)
    raise AssertionError("not everything was told in time")
