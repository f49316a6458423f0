"""A process of ours beside the event loop."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
import uvloop

from postduif.worker import Worker
from postduif.worker_channel import channel


def echo() -> None:
    """In the process: give everything back."""
    daemon = channel()
    while received := daemon.recv(100_000):
        daemon.sendall(received)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_what_is_sent_arrives_whole_and_in_order(run: object) -> None:
    """Many frames of many sizes, far more than the socket holds, on either loop."""
    sent = [bytes([number % 256]) * (number * 997 % 200_000) for number in range(300)]

    async def story() -> None:
        come, whole, octets = bytearray(), asyncio.Event(), sum(map(len, sent))

        def received(piece: bytes) -> None:
            come.extend(piece)
            if len(come) == octets:
                whole.set()

        worker = Worker("tests.test_worker", received=received, lost=lambda: None)
        worker.send(sent[0], sent[1])  # before any loop watches it
        worker.attach(asyncio.get_running_loop())
        for one in sent[2:]:
            worker.send(one)
        await asyncio.wait_for(whole.wait(), 60)
        assert bytes(come) == b"".join(sent)
        await asyncio.to_thread(worker.close)

    assert callable(run)
    run(story())


def test_its_end_is_told_once_and_what_is_sent_afterwards_is_nobodys() -> None:
    """A killed process is noticed; sending goes nowhere, without an error."""

    async def story() -> None:
        lost: list[int] = []
        gone = asyncio.Event()

        def end() -> None:
            lost.append(1)
            gone.set()

        worker = Worker("tests.test_worker", received=lambda _: None, lost=end)
        worker.attach(asyncio.get_running_loop())
        os.kill(worker.pid, signal.SIGKILL)
        await asyncio.wait_for(gone.wait(), 60)
        worker.send(b"x" * 1000)
        await asyncio.sleep(0)
        worker.close()
        assert lost == [1]

    asyncio.run(story())


if __name__ == "__main__":
    echo()
