"""What every test finds: the log as it is when nobody has configured it, and how hard hypothesis is to try."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from postduif import log

os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)  # processes of ours can be given what tests define

# Some hundred processes of ours begin here. What is compiled is kept, or each would compile hundreds of files anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def _unconfigured_log() -> None:
    """A daemon that an earlier test started has set the level for the whole process."""
    log.configure("text", "info")
