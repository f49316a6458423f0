"""People looked for by a piece of their address or name."""

from __future__ import annotations

from pathlib import Path

from postduif.campaign.audience.searching import count_found, search
from postduif.campaign.audience.selections import compiled_condition
from tests.campaign.audience.people import NOW, an_audience, person


def test_people_are_found_by_address_name_and_number(tmp_path: Path) -> None:
    """A piece of either will do, in any case; the newest come first, and a cursor goes on behind the last."""
    connection = an_audience()
    ids = [person(connection, f"bob{number}@example.com", name=f"Bob {number}", age=str(number)) for number in range(5)]
    found = search(connection, tmp_path, "BOB")
    assert [one.id for one in found] == ids[::-1]
    assert [one.id for one in search(connection, tmp_path, "bob", before=ids[3], limit=2)] == [ids[2], ids[1]]
    assert [one.email for one in search(connection, tmp_path, f"#{ids[0]}")] == ["bob0@example.com"]
    old = compiled_condition(connection, "age >= 3 and not bounced", NOW)
    assert [one.name for one in search(connection, tmp_path, "bob", old)] == ["Bob 4", "Bob 3"]
    assert (count_found(connection, tmp_path, "bob", old), count_found(connection, tmp_path)) == (2, 5)
    assert not search(connection, tmp_path, "%")
