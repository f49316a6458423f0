"""Be an ordinary user for a while, also when the tests run as root: some answers are for those who may not do all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

NOBODY = 65534


@contextlib.contextmanager
def ordinary_user(*paths: Path) -> Iterator[None]:
    """Drop root's rights, after `paths` were made reachable and given away; without root nothing changes."""
    if os.geteuid() != 0:
        yield
        return
    for path in paths:
        os.chown(path, NOBODY, NOBODY)
        for parent in path.parents:
            if parent.stat().st_uid == 0 and parent != parent.parent:
                parent.chmod(parent.stat().st_mode | 0o011)
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
