"""The process that writes the queue file: `python -m postduif.queue.writing_worker FD PATH RESERVED`.

In the daemon itself every SQL statement would fight the event loop for the interpreter's lock. Batches come over the
socket FD and are answered in order; when the daemon hangs up, or dies, what has come whole is committed and this ends.
What is sent are pickles behind their lengths: both ends are ours, and nobody else has the socket.
"""

from __future__ import annotations

import contextlib
import pickle
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from postduif.allocator import keep_memory
from postduif.queue.committer import Committer, Operation
from postduif.worker_channel import channel

LENGTH = struct.Struct(">Q")


def main() -> None:
    """Commit until the daemon hangs up."""
    keep_memory()
    daemon = channel()
    committer = Committer(Path(sys.argv[2]), int(sys.argv[3]))
    try:
        while (batch := _receive(daemon)) is not None:
            answer = pickle.dumps(committer.commit(batch), pickle.HIGHEST_PROTOCOL)
            with contextlib.suppress(ConnectionError):  # nobody waits for it any more; there may be more to commit
                daemon.sendall(LENGTH.pack(len(answer)) + answer)
    except ConnectionError:
        pass
    finally:
        committer.close()


def frames(batch: Sequence[Operation]) -> list[bytes | memoryview]:
    """A batch as it is sent: how many parts, their lengths, the pickle, large contents beside it (PEP 574)."""
    beside: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL, buffer_callback=beside.append)
    parts = [memoryview(pickled), *(one.raw() for one in beside)]
    lengths = b"".join([LENGTH.pack(one) for one in (len(parts), *map(len, parts))])
    return [lengths, *parts]


def _receive(daemon: socket.socket) -> list[Operation] | None:
    """The next batch; None when the daemon is gone, in whatever it was saying."""
    if not (head := _exactly(daemon, LENGTH.size)):
        return None
    (count,) = LENGTH.unpack(head)
    lengths = _exactly(daemon, count * LENGTH.size)
    parts = [_exactly(daemon, length) for (length,) in LENGTH.iter_unpack(lengths)]
    if not parts or not all(parts):
        return None
    batch: list[Operation] = pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301
    return batch


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
