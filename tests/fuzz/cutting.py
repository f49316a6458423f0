"""Inputs of the fuzz checks: the first octets say how the rest is cut, so that a fuzzer can try every way."""

from __future__ import annotations

from collections.abc import Iterator

SIZES = (1, 2, 3, 5, 8, 13, 100, 1000)


def cut(octets: bytes) -> tuple[bytes, list[bytes]]:
    """What the input stands for, and the same in pieces."""
    how, rest = octets[:2], octets[2:]
    return rest, list(_pieces(rest, how))


def _pieces(octets: bytes, how: bytes) -> Iterator[bytes]:
    sizes = [SIZES[place >> shift & 7] for place in how for shift in (0, 3)] or [len(octets) or 1]
    at = turn = 0
    while at < len(octets):
        size = sizes[turn % len(sizes)]
        yield octets[at : at + size]
        at, turn = at + size, turn + 1
