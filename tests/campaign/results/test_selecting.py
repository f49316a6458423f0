"""From a result to a selection of the audience."""

from __future__ import annotations

import pytest

from postduif.campaign.audience import selections
from postduif.campaign.audience.selections import SelectionFault, SelectionKind
from postduif.campaign.database import transaction
from postduif.campaign.results.people import Which
from postduif.campaign.results.selecting import select, select_excluded
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.queue.mailing_file import Excluded
from tests.campaign.audience.people import NOW, an_audience
from tests.campaign.audience.people import person as somebody
from tests.campaign.results.made import happens, in_memory, person


def test_again_and_again() -> None:
    """Who failed is put in, who fails later comes too, nobody twice; who was erased is passed over."""
    audience = an_audience()
    ids = [somebody(audience, f"p{n}@one.example") for n in range(4)]
    people = [person(id_, f"p{n}@one.example") for n, id_ in enumerate([*ids, 999])]
    connection = in_memory(people, [Excluded(ids[3], 0, "p3@one.example", "double")])
    happens(connection, 1, "failed", category="spam")
    happens(connection, 4, "failed", category="spam")
    tally = Tally(connection)

    def put(which: Which) -> int:
        return select(audience, " Not   reached ", tally, which, NOW)[1]

    assert (put(Which(State.FAILED)), put(Which(State.FAILED))) == (1, 0)
    happens(connection, 2, "failed", category="recipient_unknown")
    assert (put(Which(State.FAILED, cause="spam")), put(Which(State.FAILED)), put(Which(State.FAILED))) == (0, 1, 0)
    selection, count = select_excluded(audience, "Not reached", tally, "double", NOW)
    assert (selection.name, selection.kind, count) == ("Not reached", SelectionKind.STATIC, 1)
    assert select_excluded(audience, "not reached", tally, "unsubscribed", NOW)[1] == 0
    members = audience.execute("SELECT contact FROM selection_member ORDER BY contact").fetchall()
    assert members == [(ids[1],), (ids[2],), (ids[3],)]


def test_only_static_ones() -> None:
    """A selection of another kind is left as it is."""
    audience = an_audience()
    tally = Tally(in_memory([person(1, "a@one.example")]))
    with transaction(audience):
        selections.create(audience, "Adults", SelectionKind.DYNAMIC, NOW, "age >= 18")
    for name in ("Adults", " "):
        with pytest.raises(SelectionFault):
            select(audience, name, tally, Which(), NOW)


def test_others_can_write_meanwhile() -> None:
    """While the result is read the audience is not locked; only the people found are written in a transaction."""
    audience = an_audience()
    id_ = somebody(audience, "a@one.example")
    tally = Tally(in_memory([person(id_, "a@one.example")]))
    locked = []
    tally.connection.set_trace_callback(lambda _: locked.append(audience.in_transaction))
    assert select(audience, "All", tally, Which(), NOW)[1] == 1
    assert locked
    assert not any(locked)
