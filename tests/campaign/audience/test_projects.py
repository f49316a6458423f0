"""Projects and who is in them."""

from __future__ import annotations

import pytest

from postduif.campaign.audience import projects
from postduif.campaign.audience.projects import ProjectFault
from tests.campaign.audience.people import NOW, an_audience, person


def test_members() -> None:
    """Somebody is in a project once, with the last role they were given; who is unknown is not."""
    connection = an_audience()
    ids = [person(connection, f"{name}@example.com") for name in ("ann", "bob")]
    fair = projects.create(connection, "Fair 2026", NOW, "in Utrecht")
    projects.add(connection, fair, [*ids, 99], "guest")
    projects.add(connection, fair, ids[:1], "speaker")
    assert projects.members(connection, fair, 0, 1) == [(1, "ann@example.com", "speaker")]
    assert projects.members(connection, fair, 1, 9) == [(2, "bob@example.com", "guest")]
    assert projects.remove(connection, fair, [2, 99]) == 1
    assert [(one.name, one.members) for one in projects.listed(connection)] == [("Fair 2026", 1)]
    projects.delete(connection, fair)
    assert projects.listed(connection) == []


def test_faults() -> None:
    """A name is needed, and one that is free; an unknown one gets the nearest."""
    connection = an_audience()
    projects.create(connection, "Fair", NOW)
    for act, said in (
        (lambda: projects.create(connection, "fair", NOW), "already"),
        (lambda: projects.create(connection, "", NOW), "1 to 200"),
        (lambda: projects.named(connection, "fairs"), 'did you mean "Fair"?'),
    ):
        with pytest.raises(ProjectFault, match=said):
            act()
