"""`python -m postduif.campaign.audience.target_worker`: the child that reads and judges the people of a target.

What is asked stands on standard input; chunks of `Judged` go to standard output, each behind its length, and nothing
behind the last. Ends with status 1 and a reason on standard error. It ends with who reads it: then it has nowhere to
write.
"""

from __future__ import annotations

import marshal
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec, adopt
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.target import judged
from postduif.errors import PostduifError

LENGTH = 8
"""Octets of the length before a chunk, big-endian."""


class Asked(NamedTuple):
    """All of it is of types that `marshal` takes: both ends are this program."""

    data_dir: str
    spec: tuple[Any, ...]
    """A `Spec`."""
    now: float
    ids: tuple[str, ...]
    """As `gathered_ids` gives them."""
    columns: tuple[str, ...]


def _write_judged(asked: Asked, out: BinaryIO) -> None:
    """Read and judge everybody. Raises PostduifError."""
    data_dir = Path(asked.data_dir)
    with audience(data_dir) as connection, suppression_link(data_dir) as link:
        adopt(connection, asked.ids)
        for chunk in judged(connection, link, Spec(*asked.spec), asked.columns, asked.now):
            written = marshal.dumps(chunk)
            out.write(len(written).to_bytes(LENGTH, "big") + written)
            out.flush()


def main() -> None:
    """Do what standard input asks. Signals are for who started us, and ends us."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    asked = sys.stdin.buffer.read()
    if not asked:  # nobody wants it any more
        return
    try:
        _write_judged(Asked(*marshal.loads(asked)), sys.stdout.buffer)  # noqa: S302  from who started us
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except PostduifError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
