"""What every test finds: the log as it is when nobody has configured it."""

from __future__ import annotations

import pytest

from postduif import log


@pytest.fixture(autouse=True)
def _unconfigured_log() -> None:
    """A daemon that an earlier test started has set the level for the whole process."""
    log.configure("text", "info")
