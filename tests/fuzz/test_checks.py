"""The fuzz checks hold for their seeds, for what fuzzing once found, and for a handful of changes to them."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
NAMES = sorted(path.stem for path in HERE.glob("fuzz_*.py"))
CHANGES = 40


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest) -> ModuleType:
    """A module with a check."""
    return importlib.import_module(f"tests.fuzz.{request.param}")


def test_seeds_and_what_was_found(target: ModuleType) -> None:
    """Each seed passes, and so does each input that once did not (`tests/fuzz/found/NAME/`)."""
    kept = sorted((HERE / "found" / target.__name__.rpartition("fuzz_")[2]).glob("*"))
    for octets in [*target.SEEDS, *(path.read_bytes() for path in kept)]:
        target.check(octets)


def test_seeds_with_changes(target: ModuleType) -> None:
    """Seeds that are cut, doubled, mixed and changed in some octets pass as well."""
    chance = random.Random(1)
    for _ in range(CHANGES):
        octets = bytearray(chance.choice(target.SEEDS))
        for _ in range(chance.randint(1, 4)):
            start, end = sorted(chance.choices(range(len(octets) + 1), k=2))
            other = chance.choice(target.SEEDS)
            octets[start:end] = chance.choice(
                (b"", bytes(octets[start:end]) * 2, other[start:end], chance.randbytes(2))
            )
        target.check(bytes(octets))
