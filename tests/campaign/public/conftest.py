"""The pages, served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.public.served import Served, served


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Served]:
    """An installation of its own, with its pages."""
    with served(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests of a module in which nobody asks for anything that is given."""
    with served(tmp_path_factory.mktemp("shared")) as made:
        yield made
