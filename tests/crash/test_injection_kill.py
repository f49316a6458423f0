"""kill -9 in the middle of a list that comes by HTTP: with the same key it goes on, and everybody gets one mail."""

from __future__ import annotations

import json
import time
from pathlib import Path

from postduif.queue.inspect import looking
from tests.capture import Capture
from tests.http_world import TEMPLATE, HttpWorld

COUNT = 2500
LINES = "application/jsonl"
PATIENCE = 120.0  # real seconds


def parts(directory: Path) -> int:
    """How many messages of the list are on disk."""
    with looking(directory / "queue") as connection:
        return int(connection.execute("SELECT count(*) FROM injection_part").fetchone()[0])


def body() -> list[bytes]:
    """The list, by items."""
    people = [{"address": f"p{number}@remote.example", "values": {"name": f"P {number}"}} for number in range(COUNT)]
    return [json.dumps(item).encode() + b"\n" for item in (TEMPLATE, *people)]


def wait_for(directory: Path, count: int) -> None:
    """Return once so many messages are on disk."""
    deadline = time.monotonic() + PATIENCE
    while parts(directory) < count:
        assert time.monotonic() < deadline, f"{parts(directory)} messages are on disk, not {count}"
        time.sleep(0.02)


def taken(host: Capture) -> list[str]:
    """Every recipient of every mail, once there are enough and nothing more has come for a while."""
    deadline, before = time.monotonic() + PATIENCE, -1
    while len(host.taken) < COUNT or len(host.taken) != before:
        assert time.monotonic() < deadline, f"{len(host.taken)} mails came, not {COUNT}"
        before = len(host.taken)
        time.sleep(0.2)
    assert not any(b"NOTIFY" in line for mail in host.taken for line in mail.rcpts)  # late bounces are wanted
    return [one for mail in host.taken for one in mail.recipients]


def test_nobody_is_doubled_and_nobody_missing(tmp_path: Path) -> None:
    """Killed after the first message and again after the second, the third try with the same key does the rest."""
    items = body()
    host = Capture()  # takes connections, and says nothing yet: nothing is delivered before the last kill
    hop = f'[[next_hop]]\ndomain = "*"\nhosts = ["127.0.0.1:{host.port}"]\n[delivery]\nconnections = 50\n'
    with HttpWorld(tmp_path, hop) as world:
        head = ("Idempotency-Key: news-1", f"Content-Length: {sum(map(len, items))}")
        for count, sent in ((1, 1700), (2, 2300)):
            with world.talk() as talk:
                talk.send(world.head(*head, kind=LINES) + b"".join(items[:sent]))
                wait_for(tmp_path, count)
                world.program.kill()
                assert talk.hear() is None
            world.start()
        answer = world.post(b"".join(items), head[0], kind=LINES)
        assert (answer.status, answer.body["accepted"], answer.body["refused"]) == (202, COUNT, 0)
        assert [one["recipients"] for one in answer.body["messages"]] == [1000, 1000, 500]
        assert world.post(b"".join(items), head[0], kind=LINES).body == answer.body
        with host:
            assert sorted(taken(host)) == sorted(f"p{number}@remote.example" for number in range(COUNT))
