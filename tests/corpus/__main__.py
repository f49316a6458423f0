"""Makes the corpus of bounces anew: `python -m tests.corpus [NAME...]`, as root. See tests/data/bounces/README.md.

Each relay is installed and run in namespaces of its own, one after the other. The exit status is 1 when a report that
should have come did not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.corpus.known import RELAYS

CORPUS = Path(__file__).parents[1] / "data" / "bounces"


def main(*names: str) -> int:
    """How many relays failed."""
    if os.geteuid() != 0:
        sys.exit("the corpus is made by root only: relays and namespaces ask for it")
    unknown = set(names) - RELAYS.keys()
    if unknown:
        sys.exit(f"no such relay: {', '.join(sorted(unknown))}; there are {', '.join(RELAYS)}")
    subprocess.run(["apt-get", "update", "--quiet=2"], check=True)
    apart = ["unshare", "--mount", "--uts", "--propagation", "private"]
    failed = 0
    for name in names or RELAYS:
        sandbox = [sys.executable, "-m", "tests.corpus.sandbox", name, str(CORPUS)]
        failed += subprocess.run([*apart, *sandbox], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) > 0)
