"""All tests here share one daemon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Running; it is ended after the last test."""
    with World() as one:
        yield one
