"""The process that writes the queue file: `python -m postduif.queue.writing_worker FD PATH RESERVED`.

In the daemon itself every SQL statement would fight the event loop for the interpreter's lock. Batches come over the
socket FD and are answered in order; when the daemon hangs up, or dies, what has come whole is committed and this ends.
Frames are pickles behind their length: both ends are ours, and nobody else has the socket.
"""

from __future__ import annotations

import contextlib
import pickle
import socket
import struct
import sys
from pathlib import Path

from postduif.queue.committer import Committer
from postduif.worker_channel import channel

LENGTH = struct.Struct(">Q")


def main() -> None:
    """Commit until the daemon hangs up."""
    daemon = channel()
    committer = Committer(Path(sys.argv[2]), int(sys.argv[3]))
    try:
        while frame := _receive(daemon):
            answer = pickle.dumps(committer.commit(pickle.loads(frame)), pickle.HIGHEST_PROTOCOL)  # noqa: S301
            with contextlib.suppress(ConnectionError):  # nobody waits for it any more; there may be more to commit
                daemon.sendall(LENGTH.pack(len(answer)) + answer)
    except ConnectionError:
        pass
    finally:
        committer.close()


def _receive(daemon: socket.socket) -> bytearray:
    """The next frame; empty when the daemon is gone."""
    head = _exactly(daemon, LENGTH.size)
    return _exactly(daemon, LENGTH.unpack(head)[0]) if head else head


def _exactly(daemon: socket.socket, octets: int) -> bytearray:
    frame = bytearray(octets)
    rest = memoryview(frame)
    while rest:
        received = daemon.recv_into(rest)
        if not received:
            return bytearray()
        rest = rest[received:]
    return frame


if __name__ == "__main__":
    main()
