"""A set of numbers in little memory."""

from __future__ import annotations

import random
import sys

from hypothesis import given
from hypothesis import strategies as st

from postduif.bounce.fingerprints import Fingerprints

NUMBERS = st.integers(0, 2**64 - 1) | st.integers(2**54 - 2, 2**54 + 2)


@given(st.lists(st.tuples(st.booleans(), NUMBERS)), NUMBERS)
def test_is_a_set(steps: list[tuple[bool, int]], foreign: int) -> None:
    """It holds what was put in and not taken out, and nothing else."""
    found, model = Fingerprints(), set[int]()
    for puts, number in steps + steps[::-1]:
        (found.add if puts else found.discard)(number)
        (model.add if puts else model.discard)(number)
        assert (number in found) == puts
        assert len(found) == len(model)
    assert all(number in found for number in model)
    assert (foreign in found) == (foreign in model)


def test_memory() -> None:
    """50,000 numbers take 10 octets each at most, and the empty set a tenth of a megabyte."""
    chance = random.Random(1)
    found = Fingerprints()
    empty = sum(map(sys.getsizeof, found._arrays))
    for _ in range(50_000):
        found.add(chance.getrandbits(64))
    assert empty < 100_000
    assert (sum(map(sys.getsizeof, found._arrays)) - empty) / len(found) < 10
