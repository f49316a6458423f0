"""Clients that are slow on purpose: each is left in time, and none makes others wait.

The listener `hasty` waits one second and wants 5,000 octets a second, so that a test takes few seconds and not minutes.
`POSTDUIF_SLOW_CLIENTS=2000` is the long form.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from tests.world import Dialogue, World

CLIENTS = int(os.environ.get("POSTDUIF_SLOW_CLIENTS", "150"))
LONGEST = 60.0  # seconds until such a client is gone, with a machine that does much else


def drip(client: Dialogue, octet: bytes) -> float:
    """Send an octet now and then, until the peer is gone; how many seconds that took."""
    began = time.monotonic()
    client.socket.settimeout(0.25)
    while time.monotonic() < began + LONGEST:
        try:
            client.socket.send(octet)
            if not client.socket.recv(65536):
                break
            time.sleep(0.25)
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - began


@pytest.mark.parametrize("phase", ["silent", "command", "idle", "data", "chunk", "chunks", "auth", "handshake"])
def test_dripping_client_is_cut_off(world: World, phase: str) -> None:
    """An octet now and then keeps no connection open, in no phase."""
    door = "implicit" if phase == "handshake" else "hasty"
    with world.call(door, greeted=phase != "handshake") as client:  # type: ignore[arg-type]
        if phase not in ("silent", "command", "handshake"):
            client.open("a@sender.example", "b@remote.example")
        if phase == "data":
            client.say("DATA")
        elif phase == "chunk":
            client.send("BDAT 1000000")
        octet = {"silent": b"", "idle": b"", "chunks": b"BDAT 1\r\nx"}.get(phase, b"x")
        assert 0.5 < drip(client, octet) < LONGEST


def test_client_that_never_reads_is_cut_off(world: World) -> None:
    """A client that asks and asks and reads nothing is aborted: not a thing of it stays, not in the kernel either."""
    with world.call("hasty") as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.open("a@sender.example")
        client.socket.settimeout(0.25)
        assert ask_without_reading(client) < LONGEST


def ask_without_reading(client: Dialogue) -> float:
    """Send commands and read no reply, until the peer is gone; how many seconds that took."""
    began = time.monotonic()
    while time.monotonic() < began + LONGEST:
        try:
            client.socket.send(b"RCPT TO:<a@remote.example> NOTIFY=NEVER\r\n" * 100)
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - began


class Crowd:
    """Slow clients in every phase, each of which sends an octet every second."""

    def __init__(self, world: World, number: int) -> None:
        self._over = threading.Event()
        self._sockets: list[socket.socket] = []
        with ExitStack() as stack:
            for index in range(number):
                client = Dialogue(world.place("normalize"), f"127.0.{20 + index % 50}.1")
                stack.callback(client.__exit__)
                client.hear()
                if index % 4 > 1:
                    client.open("a@sender.example", "b@remote.example")
                if index % 4 > 2:
                    client.say("DATA")
                self._sockets.append(client.socket)
            self._stack = stack.pop_all()
        self._thread = threading.Thread(target=self._drip, daemon=True)
        self._thread.start()

    def _drip(self) -> None:
        while not self._over.wait(1.0):
            for one in self._sockets:
                one.send(b"x")

    def end(self) -> None:
        """All hang up."""
        self._over.set()
        self._thread.join()
        self._stack.close()


def test_slow_crowd_disturbs_nobody(world: World) -> None:
    """While many clients drip, an honest one has its mails taken, most in much less than a second."""
    crowd = Crowd(world, CLIENTS)
    try:
        took = []
        for _ in range(20):
            began = time.monotonic()
            world.deliver()
            took.append(time.monotonic() - began)
    finally:
        crowd.end()
    took.sort()
    print(
        f"{CLIENTS} slow clients; an honest mail took {took[10] * 1000:.0f} ms (median), {took[-1] * 1000:.0f} (worst)"
    )
    assert took[10] < 5.0
