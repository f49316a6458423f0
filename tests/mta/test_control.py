"""The control socket, where it cannot be made."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.errors import ConfigError
from postduif.mta.control import Control


def test_a_path_that_is_too_long_is_named(tmp_path: Path) -> None:
    """The error says which setting it is and what to do; nothing is made."""
    directory = tmp_path / ("x" * 100)
    with pytest.raises(ConfigError, match=r"server\.run_dir: .* too long for a socket; choose a directory"):
        asyncio.run(Control(directory, {}).start())
    assert not directory.exists()
