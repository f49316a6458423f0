"""TTL cache: kept for a time, and no more than so many."""

from __future__ import annotations

from postduif.mta.ttl_cache import TtlCache
from tests.fakes import FakeClock


def test_a_value_is_kept_until_its_time() -> None:
    """Then it is gone, and its place free."""
    clock = FakeClock()
    cache: TtlCache[str, int] = TtlCache(10, clock)
    cache.put("a", 1, clock.monotonic() + 5)
    clock.advance(4.9)
    assert cache.get("a") == 1
    clock.advance(0.1)
    assert cache.get("a") is None
    assert len(cache) == 0


def test_the_one_unused_for_longest_goes_first() -> None:
    """Asking for a value, or putting it again, keeps it."""
    cache: TtlCache[str, int] = TtlCache(3, FakeClock())
    for number, key in enumerate("abc"):
        cache.put(key, number, float("inf"))
    cache.get("a")
    cache.put("b", 7, float("inf"))
    cache.put("d", 3, float("inf"))
    assert {key: cache.get(key) for key in "abcd"} == {"a": 0, "b": 7, "c": None, "d": 3}
    assert len(cache) == 3


def test_size_nought_keeps_nothing() -> None:
    """Everything is asked again."""
    cache: TtlCache[str, int] = TtlCache(0, FakeClock())
    cache.put("a", 1, float("inf"))
    assert cache.get("a") is None
