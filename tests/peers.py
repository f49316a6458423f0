"""Debian's programs that tests meet. Absent, a test skips and says so; with CI=true that is a failure."""

from __future__ import annotations

import os
import shutil

import pytest

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/lib/postfix/sbin", "/sbin"])


def need(*programs: str) -> list[str]:
    """Paths of the programs, or a skip that names the missing ones and the remedy."""
    found = [shutil.which(program, path=_PATH) for program in programs]
    missing = [program for program, path in zip(programs, found, strict=True) if path is None]
    if missing:
        reason = f"not installed: {', '.join(missing)} (run `make peers`)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return [path for path in found if path]
