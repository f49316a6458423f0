"""The limit of open files."""

from __future__ import annotations

import resource
import subprocess
import sys

_SCRIPT = """
import resource
from postduif.open_files import allowed, raise_limit
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
before = allowed()
raise_limit()
print(before, allowed() == most)
"""


def test_the_limit_is_raised_as_far_as_it_goes() -> None:
    """A process that began with few may have as many as the system allows it."""
    done = subprocess.run([sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["256", "True"]
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256  # ours is as it was
