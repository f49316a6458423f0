"""The cache of contents stays within its bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postduif.envelope import Message
from postduif.queue.bodies import Bodies

steps = st.lists(st.tuples(st.sampled_from(["enter", "leave", "keep"]), st.integers(1, 5), st.integers(1, 60)))


@given(steps)
def test_it_never_has_more_than_it_may(steps: list[tuple[str, int, int]]) -> None:
    """Whatever comes and goes, its size is right and within the bound, and it keeps nothing that has no user."""
    bodies = Bodies(100)
    users: dict[int, int] = {}
    for step, id_, size in steps:
        if step == "enter":
            bodies.enter(id_)
            users[id_] = users.get(id_, 0) + 1
        elif step == "leave":
            bodies.leave(id_)
            users[id_] = max(users.get(id_, 0) - 1, 0)
        else:
            bodies.keep(id_, Message(b"x" * size))
        kept = {id_: message for id_ in range(1, 6) if (message := bodies.get(id_))}
        assert bodies.octets == sum(len(message.content) for message in kept.values()) <= 100
        assert all(users.get(id_) for id_ in kept)


def test_the_oldest_goes_for_the_newest() -> None:
    """When there is no room the content kept first is dropped."""
    bodies = Bodies(100)
    for id_ in (1, 2, 3):
        bodies.enter(id_)
        bodies.keep(id_, Message(b"x" * 40))
    assert [bodies.get(id_) is not None for id_ in (1, 2, 3)] == [False, True, True]
