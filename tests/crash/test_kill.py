"""kill -9 at random moments under load: everything acknowledged is delivered, bounced or still queued.

`POSTDUIF_CRASH_CYCLES` sets how many kills; a release is judged by 200.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import uvloop

from postduif.sink import Sink
from postduif.sink.received import Received
from tests.crash.injector import Injector, whole
from tests.program import Program
from tests.queue.mail import sql
from tests.stories.roads import free_port, to

CYCLES = int(os.environ.get("POSTDUIF_CRASH_CYCLES", "25"))
CLIENTS = 50
CONNECTIONS = 10  # of the daemon to the sink
MAX_AGAIN = 5 * CONNECTIONS  # transactions a kill repeats: those under way, and those done during the last commit
_DELIVERED_TWICE = """
SELECT message, recipient FROM journal WHERE kind = 'delivered' GROUP BY message, recipient HAVING count(*) > 1
"""  # what the journal had as delivered was never sent again
LONGEST_RUN = 0.5  # seconds from being ready to the kill
LONGEST_START = 15.0  # seconds until it is ready, on a machine that does much else
LONGEST_DRAIN = 60.0  # seconds until all is accounted for, after the last start
_RETRIES = f'retry = "1s"\nconnections = {CONNECTIONS}\nmax_recipients = 10'
_ABOUT = re.compile(rb"\r\nIn-Reply-To: (<\S+>)\r\n")
_FAILED = re.compile(rb"\r\nFinal-Recipient: rfc822; (\S+)\r\nAction: failed\r\n")


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """After every kill the daemon starts by itself; at the end each acknowledged recipient was served or reported."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_story(tmp_path, seed))


async def _story(directory: Path, seed: int) -> None:
    port, dice = free_port(), random.Random(seed)
    injector = Injector(port, seed)
    async with Sink(rules='[[rule]]\ndot = {delay = ["0ms", "5ms"]}', keep=10_000_000, seed=seed) as sink:
        with Program(directory, to(sink, _RETRIES), listener=f"127.0.0.1:{port}") as program:
            injector.start(CLIENTS)
            for _ in range(CYCLES):
                await _run(program)
                await asyncio.sleep(dice.uniform(0, LONGEST_RUN))
                program.kill()
            await injector.stop()
            await _run(program)
            await _until_accounted(injector, sink)
            program.send(signal.SIGTERM)
            assert await asyncio.to_thread(program.ended) == 0
    again = sum(mail.duplicates > 0 for mail in sink.messages)
    print(f"{len(injector.acknowledged)} acknowledged, {again} transactions again, in {CYCLES} kills")
    assert all(whole(mail.content) for mail in sink.messages if mail.sender)
    assert len(injector.acknowledged) > CYCLES * 10
    assert again <= CYCLES * MAX_AGAIN
    assert sql(directory, _DELIVERED_TWICE) == []


async def _run(program: Program) -> None:
    began = time.monotonic()
    program.start()
    await asyncio.to_thread(program.wait_told, "READY=1")
    assert time.monotonic() - began < LONGEST_START


async def _until_accounted(injector: Injector, sink: Sink) -> None:
    """Return once every acknowledged recipient got the mail, or its sender was told that it did not."""
    missing = {(identity, one) for identity, recipients in injector.acknowledged.items() for one in recipients}
    seen = 0
    try:
        async with asyncio.timeout(LONGEST_DRAIN):
            while missing:
                await sink.wait_for(seen + 1, LONGEST_DRAIN)
                for received in list(sink.messages)[seen:]:
                    seen += 1
                    missing -= set(_served(received))
    except TimeoutError:
        raise AssertionError(f"{len(missing)} lost: {sorted(missing)[:5]}") from None


def _served(received: Received) -> Iterator[tuple[str, str]]:
    """(Message-ID, recipient) that a mail, or a notification to the sender, accounts for."""
    if received.sender:
        yield from ((received.message_id, one) for one in received.recipients)
    elif about := _ABOUT.search(received.content):
        yield from ((about[1].decode(), one.decode()) for one in _FAILED.findall(received.content))
