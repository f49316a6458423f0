"""What several visits show together, and when they come."""

from __future__ import annotations

from postduif.campaign.tracking.sequence import AT_ONCE, MOMENT, judged
from postduif.campaign.tracking.visit import Machine
from tests.campaign.tracking.readers import NOW, visit


def test_seconds_after_delivery() -> None:
    """Whoever comes before it, or within AT_ONCE, is a machine; a moment later nobody is."""
    visits = [visit(0, -1), visit(0, 0, "open"), visit(0, AT_ONCE - 0.1), visit(0, AT_ONCE)]
    assert judged(visits, NOW, 0) == ["at_once", "at_once", "at_once", ""]
    assert judged(visits, None, 0) == ["", "", "", ""]


def test_all_links_at_once() -> None:
    """Three links in a moment were followed by a machine, also the first of them; the one long before was not."""
    visits = [visit(0, 50, link=1), visit(0, 100, link=1), visit(0, 101, link=2), visit(0, 102, link=3)]
    assert judged(visits, NOW, 20) == ["", "all_links", "all_links", "all_links"]


def test_one_after_the_other() -> None:
    """Three links, each some seconds after the other, and one link again and again, are a person's."""
    slow = [visit(0, 100 + number * MOMENT, link=number) for number in (1, 2, 3)]
    again = [visit(0, 100 + number / 10, link=1) for number in range(9)]
    assert judged(slow, NOW, 3) == [""] * 3
    assert judged(again, NOW, 3) == [""] * 9


def test_few_links() -> None:
    """Two of two in a moment are all of them; of a mail with one link nobody can follow several."""
    two = [visit(0, 100, link=1), visit(0, 101, link=2)]
    assert judged(two, NOW, 2) == ["all_links"] * 2
    assert judged(two, NOW, 3) == ["", ""]
    assert judged(two[:1], NOW, 1) == [""]


def test_what_was_known_stays() -> None:
    """Why a request alone showed a machine is kept; opens between clicks are not clicks."""
    visits = [visit(0, 1, machine=Machine.SCANNER), visit(0, 100, link=1), visit(0, 100, "open"), visit(0, 101, link=2)]
    assert judged(visits, NOW, 3) == ["scanner", "", "", ""]
