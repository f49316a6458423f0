"""kill -9 of everything while a mailing is prepared, handed over, sent, paused, stopped: nobody skipped or doubled."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.upsert import Person, put_people
from postduif.campaign.content.draft import Draft as Content
from postduif.campaign.content.draft import written
from postduif.campaign.database import transaction
from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft, Mailing, State
from postduif.mta.control import ControlError, ask
from postduif.mta.merge.content import Mailbox
from postduif.queue.inspect import looking
from postduif.queue.mailing import directory_of
from postduif.sink import Sink
from tests.crash.report import Row
from tests.crash.scene import family
from tests.program import Program

PATIENCE = 300.0  # real seconds for all that is to happen after the last kill
CONNECTIONS = 10
UNDER_WAY = 3 * CONNECTIONS
"""Messages that may be between the remote's 250 and the commit of our journal, at a kill."""
RULES = '{"only": ["subject_empty", "content_fault"]}'
_END = (State.FINISHED, State.STOPPED, State.FAILED, State.DRAFT)


async def killed(directory: Path, people: int, kills: int, longest: float, *, stops: bool) -> Row:
    """Kill everything so often, each time up to `longest` seconds after a start. `stops`: it is stopped half way."""
    row = Row("kill -9, mailing stopped" if stops else "kill -9, mailing", cycles=kills)
    dice = random.Random(seed := random.randrange(1 << 32))
    async with Sink(keep=10 * people) as sink:
        program = Program(directory, _settings(sink))
        with program:
            data_dir = directory / "queue"
            await asyncio.to_thread(_people, data_dir, people)
            rate = int(60 * people / (kills * longest))  # so that it lasts as long as the kills
            await asyncio.to_thread(_begin, data_dir, rate)
            for cycle in range(kills):
                program.start()
                await asyncio.to_thread(program.wait_told, "READY=1")
                until = time.monotonic() + dice.uniform(0.2, longest)
                while time.monotonic() < until:
                    await asyncio.to_thread(_meddle, data_dir, dice, stop=stops and cycle > kills // 2)
                    await asyncio.sleep(dice.uniform(0.0, 0.3))
                for pid in family(program.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                program.kill()
            program.start()
            await asyncio.to_thread(program.wait_told, "READY=1")
            seen = await _ended(program, data_dir, stop=stops)
            books = Counter(address for one in sink.messages for address in one.recipients)
            _judge(row, data_dir, people, books, seen)
            row.bound = kills * UNDER_WAY
            row.check(row.again <= row.bound, f"{row.again} second copies, {row.bound} at most")
            row.notes.append(f"seed {seed}")
            program.send(signal.SIGTERM)
            row.check(await asyncio.to_thread(program.ended) == 0, "the last stop failed")
    return row


def _settings(sink: Sink) -> str:
    return f"""
    [[next_hop]]
    domain = "*"
    hosts = ["127.0.0.1:{sink.port}"]
    [delivery]
    connections = {CONNECTIONS}
    retry = "1s"
    retry_jitter = 0
    """


def _people(data_dir: Path, people: int) -> None:
    with audience(data_dir) as connection, transaction(connection):
        addresses = [f"p{number}@d{number % 20}.example" for number in range(people)]
        put_people(connection, (), [Person(one, one, "", ()) for one in addresses], time.time())


def _begin(data_dir: Path, rate: int) -> None:
    content = Content("Hello", Mailbox("news@sender.example"), text="Dear {{ email }},\n\nHello.\n", precedence="")
    draft = Draft("m", target=Spec(condition="id > 0"), content=written(content).decode(), typology=RULES, rate=rate)
    with mailings(data_dir) as connection:
        running.prepare(connection, editing.create(connection, draft, (), _by()), _by())


def _by() -> By:
    return By("anna", time.time())


def _meddle(data_dir: Path, dice: random.Random, *, stop: bool) -> None:
    """What people do meanwhile: send what is prepared, pause, resume, and stop in the end."""
    with mailings(data_dir) as connection, contextlib.suppress(NotNow, Overtaken):
        seen = find(connection, 1)
        if seen.state is State.PREPARED:
            running.send(connection, seen, _by())
        elif seen.state is State.SENDING and stop:
            running.stop(connection, seen, _by())
        elif seen.state is State.SENDING and dice.random() < 0.2:
            running.pause(connection, seen, _by())
        elif seen.state is State.PAUSED:
            running.resume(connection, seen, _by())


async def _ended(program: Program, data_dir: Path, *, stop: bool) -> Mailing:
    """Let it go to its end; as fast as it goes, unless it is to be stopped before: it need not last any more."""
    end = time.monotonic() + PATIENCE
    while True:
        if not stop:
            with contextlib.suppress(ControlError):  # it may not be open yet
                await asyncio.to_thread(ask, program.run_dir, "mailing.rate", number=1, rate=0)
        await asyncio.to_thread(_meddle, data_dir, random.Random(1), stop=stop)
        with mailings(data_dir) as connection:
            seen = find(connection, 1)
        if seen.state in _END:
            return seen
        assert time.monotonic() < end, f"it is {seen.state}: {seen.reason}"
        await asyncio.sleep(0.2)


def _judge(row: Row, data_dir: Path, people: int, books: Counter[str], seen: Mailing) -> None:
    with looking(directory_of(data_dir, 1)) as connection:
        ends = _ends(connection)
        (waiting,) = connection.execute("SELECT count(*) FROM recipient").fetchone()
    delivered = {address for address, kind in ends if kind == "delivered"}
    withdrawn = {address for address, kind in ends if kind == "withdrawn"}
    row.acknowledged = people
    row.lost = people - len(delivered | withdrawn)
    row.again = sum(books.values()) - len(books)
    row.check(waiting == 0, f"{waiting} still wait")
    row.check(len(ends) == people, f"{len(ends)} ends for {people} people")
    row.check(not delivered & withdrawn, "somebody was delivered to and withdrawn")
    row.check(row.lost == 0, f"{row.lost} are nowhere")
    row.check(delivered <= books.keys(), "somebody has it by the journal only")
    row.check(len(books.keys() & withdrawn) <= row.cycles * UNDER_WAY, "withdrawn, and sent all the same")
    row.notes.append(f"{len(delivered)} delivered, {len(withdrawn)} withdrawn, {seen.state}: {seen.reason}")


def _ends(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT recipient, kind FROM journal WHERE kind NOT IN ('deferred', 'ambiguous')"
    ).fetchall()
