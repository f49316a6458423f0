"""A target read and judged in a process of its own, a chunk ahead of who takes it: reading is half of the work.

That process costs a third of a second to begin with, so it pays from some ten thousand people on.
"""

from __future__ import annotations

import contextlib
import fcntl
import marshal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from postduif.campaign.audience.gathering import Spec, gathered_ids
from postduif.campaign.audience.target import Recipient, Stream, recipient
from postduif.campaign.audience.target_worker import LENGTH, Asked
from postduif.errors import StoreError

_PIPE = 1024 * 1024  # octets: a chunk of 2,000 people, so that the next is begun when one is written


@contextlib.contextmanager
def ahead(connection: sqlite3.Connection, data_dir: Path, spec: Spec, now: float) -> Iterator[Stream]:
    """The `recipients` of the target that was gathered in this connection; may be called once.

    The process begins here and is gone afterwards. Raises OSError when it cannot begin; the stream raises StoreError.
    """
    command = [sys.executable, "-P", "-m", "postduif.campaign.audience.target_worker"]
    with subprocess.Popen(  # noqa: S603  our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout
        with contextlib.suppress(OSError):  # the system may allow less
            fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, _PIPE)

        def recipients(columns: Sequence[str]) -> Iterator[Recipient]:
            _ask(child, Asked(str(data_dir), tuple(spec), now, gathered_ids(connection), tuple(columns)))
            return _answered(child)

        try:
            yield recipients
        finally:
            child.kill()


def _ask(child: subprocess.Popen[bytes], asked: Asked) -> None:
    assert child.stdin
    with contextlib.suppress(BrokenPipeError), child.stdin:  # why it ended it says itself
        plain: tuple[Any, ...] = tuple(asked)
        child.stdin.write(marshal.dumps(plain))


def _answered(child: subprocess.Popen[bytes]) -> Iterator[Recipient]:
    assert child.stdout
    while chunk := _chunk(child.stdout):
        yield from map(recipient, marshal.loads(chunk))  # noqa: S302  from a process of ours
    if status := child.wait():
        assert child.stderr
        said = child.stderr.read().decode("utf-8", "replace").strip() or f"the process ended with {status}"
        raise StoreError(f"the people could not be read: {said.splitlines()[-1]}")


def _chunk(out: IO[bytes]) -> bytes:
    """Empty: there is nothing more, or the process was ended in the middle of it, which its status says."""
    length = int.from_bytes(out.read(LENGTH), "big")
    chunk = out.read(length)
    return chunk if len(chunk) == length else b""
