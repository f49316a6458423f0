"""How many connections there may be, all sites together."""

from __future__ import annotations

from postduif.mta.crowd import FIRST, IN_TIME, LATE, LEAST, Crowd

NOT_LATE, TOO_LATE = IN_TIME / 2, LATE * 2


def _fill(crowd: Crowd) -> None:
    while crowd.open < crowd.window:
        crowd.enter("full")


def test_never_more_than_most() -> None:
    """Whatever the window, no more are open than the settings say."""
    crowd = Crowd(120)
    assert sum(crowd.enter("a") for _ in range(500)) == 120
    for _ in range(200):
        crowd.beat(NOT_LATE)
    assert not crowd.enter("a")
    crowd.most = 121
    crowd.beat(NOT_LATE)
    assert crowd.enter("a")


def test_the_window_grows_while_it_is_full_and_the_loop_in_time() -> None:
    """Hosts that keep us waiting fill the window; others get room beside them within seconds."""
    crowd = Crowd(10_000)
    _fill(crowd)
    assert crowd.open == FIRST
    for _ in range(100):  # five seconds
        assert not crowd.enter("other") or crowd.open < 10_000
        crowd.beat(NOT_LATE)
    assert crowd.window > 10 * FIRST


def test_nobody_waits_nothing_grows() -> None:
    """A window that nobody finds full stays as it is."""
    crowd = Crowd(10_000)
    crowd.enter("one")
    for _ in range(100):
        crowd.beat(NOT_LATE)
    assert crowd.window == FIRST


def test_the_window_shrinks_while_the_loop_is_late() -> None:
    """Too late a loop takes fewer, down to the least; what is open stays open, nobody enters."""
    crowd = Crowd(10_000)
    _fill(crowd)
    for _ in range(100):
        crowd.beat(TOO_LATE)
    assert crowd.window == LEAST
    assert crowd.open == FIRST
    assert not crowd.enter("other")
    assert crowd.pressing


def test_between_in_time_and_late_it_stays() -> None:
    """A loop that is neither has the window it can bear."""
    crowd = Crowd(10_000)
    _fill(crowd)
    crowd.enter("other")
    crowd.beat((IN_TIME + LATE) / 2)
    assert crowd.window == FIRST


def test_who_waits_is_admitted_in_turn() -> None:
    """As many as there is room for are named, in the order in which they found none, each once."""
    crowd = Crowd(100)
    _fill(crowd)
    for name in ("a", "b", "a", "c"):
        assert not crowd.enter(name)
    assert crowd.pressing
    assert crowd.admitted() == []
    crowd.leave()
    crowd.leave()
    assert crowd.admitted() == ["a", "b"]
    assert crowd.enter("a")
    assert crowd.admitted() == ["c"]
    assert not crowd.pressing


def test_the_longest_idle_makes_room() -> None:
    """Who finds no room ends one idle connection, the one that was idle first; it need not wait for the others."""
    ended: list[str] = []

    class Connection:
        def __init__(self, name: str) -> None:
            self.name = name

        def finish(self) -> None:
            ended.append(self.name)

    crowd = Crowd(2)
    for name in ("first", "second"):
        crowd.enter(name)
        crowd.idle[Connection(name)] = None
    assert not crowd.enter("other")
    assert ended == ["first"]
    crowd.leave()
    assert crowd.admitted() == ["other"]
