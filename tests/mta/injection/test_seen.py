"""Which addresses of a list were there before."""

from __future__ import annotations

import random
from contextlib import closing

from postduif.address import Address, parse
from postduif.mta.injection.seen import YOUNG, Seen

MEGABYTE = 1 << 20


def test_the_same_address() -> None:
    """Case makes no difference, quotes that are not needed neither; another mailbox is another."""
    with closing(Seen()) as seen:
        first = ["jo@example.net", "Jo@EXAMPLE.net", '"jo"@example.net', "j.o@example.net", "jo@example.org"]
        assert seen.add([parse(one) for one in first]) == [False, True, True, False, False]
        assert seen.add([parse("JO@example.org"), parse("an@example.org")]) == [True, False]


def test_long_list() -> None:
    """Of far more addresses than memory holds none is forgotten and none is taken for another."""
    chance = random.Random(1)
    expected: set[Address] = set()
    with closing(Seen()) as seen:
        for _ in range(60):
            some = [Address(f"p{chance.randrange(5 * YOUNG)}", "example.net") for _ in range(1000)]
            found = seen.add(some)
            for address, again in zip(some, found, strict=True):
                assert again == (address in expected)
                expected.add(address)
            assert seen.held < 4 * MEGABYTE
        assert len(expected) > 3 * YOUNG
