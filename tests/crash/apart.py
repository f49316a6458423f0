"""A proof in a process with mounts and process numbers of its own: when it ends, nothing of it is left on the machine.

`python -m tests.crash.apart PROOF ARGUMENTS`, arguments in JSON, prints its row in JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.crash.full import fills, no_inodes, read_only
from tests.crash.images import Refused
from tests.crash.power import cuts
from tests.crash.report import Row
from tests.crash.scene import play

PROOFS: dict[str, Callable[..., Coroutine[Any, Any, Row]]] = {
    "power": cuts,
    "full": fills,
    "inodes": no_inodes,
    "read-only": read_only,
}
OWN = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")
LONGEST = 3600.0  # seconds


def apart(proof: str, *arguments: object) -> Row:
    """Its row; one that says why it was skipped where the machine does not let us mount."""
    done = subprocess.run(
        [*OWN, sys.executable, "-m", "tests.crash.apart", proof, *map(json.dumps, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    if done.returncode == 0:
        return Row(**json.loads(done.stdout))
    if os.geteuid() != 0 or done.stderr.startswith("unshare:"):
        return Row(proof, skipped=f"no mounts here: {done.stderr.strip()[-200:]}")
    raise AssertionError(done.stderr)


def tried(row: Row) -> Row:
    """The row of a proof that could be made; else the test is skipped: no package makes a container let us mount."""
    if row.skipped:
        pytest.skip(row.skipped)
    return row


def main() -> None:
    """In the process of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        try:
            row = play(PROOFS[sys.argv[1]](Path(directory), *map(json.loads, sys.argv[2:])))
        except Refused as reason:
            row = Row(sys.argv[1], skipped=str(reason))
    print(json.dumps(asdict(row)))


if __name__ == "__main__":
    main()
