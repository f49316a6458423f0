"""What came by is counted once, machines apart, and the same whenever it is counted."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from postduif.campaign.tracking import counting
from postduif.campaign.tracking.counting import MOST_VISITS, catch_up, contributions
from postduif.campaign.tracking.figures import Counts, count_all, figures, visits_of, who
from postduif.campaign.tracking.visit import Visit
from tests.campaign.tracking.readers import NUMBER, mailing, note, on_file, visit


def test_figures(tmp_path: Path) -> None:
    """Total, different people, and both without machines; by link, by hour, and who it was."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    note(
        data_dir,
        [
            visit(0, 1, "open"),  # at once
            visit(0, 60, "open"),
            visit(0, 70, link=1),
            visit(0, 4000, link=1),
            visit(1, 60, "open", machine="proxy"),
            visit(1, 90, link=3),
            visit(2, 100, link=1),
            visit(2, 100, link=2),
            visit(2, 101, link=3),
            visit(3, 100, "web"),
        ],
    )
    found = figures(data_dir, NUMBER)
    assert found.all == Counts(opens=3, openers=3, clicks=6, clickers=3, views=1, viewers=1)
    assert found.human == Counts(opens=1, openers=2, clicks=3, clickers=2, views=1, viewers=1)
    assert found.machines == {"at_once": 1, "proxy": 1, "all_links": 3}
    assert [tuple(one) for one in found.links] == [(1, 3, 2, 2, 1), (2, 1, 1, 0, 0), (3, 2, 2, 1, 1)]
    assert [(one.opens, one.human_opens, one.clicks, one.human_clicks) for one in found.hours] == [
        (3, 1, 5, 2),
        (0, 0, 1, 1),
    ]
    assert who(data_dir, NUMBER, "opened") == (0, 1)
    assert who(data_dir, NUMBER, "clicked") == (0, 1)
    assert who(data_dir, NUMBER, "clicked", after=0, limit=1) == (1,)
    assert who(data_dir, NUMBER, "clicked", link=3) == (1,)
    assert [one.machine for one in visits_of(data_dir, NUMBER, 2)] == ["all_links"] * 3
    assert figures(data_dir, 8).all.opens == 0


def test_counted_in_pieces(tmp_path: Path) -> None:
    """However the visits are cut into counts, the figures are those of all of them together."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    chance = random.Random(5)
    visits = [
        visit(chance.randrange(4), second, chance.choice(["open", "click", "click"]), chance.randrange(4))
        for second in range(120)
    ]
    visits = [one._replace(link=one.link if one.kind == "click" else 0) for one in visits]
    with on_file(data_dir) as connection:
        while visits:
            cut = chance.randrange(1, 20)
            note(data_dir, visits[:cut])
            visits = visits[cut:]
            count_all(connection, data_dir)
        rows = connection.execute("SELECT name, link, hour, value FROM figure WHERE value <> 0").fetchall()
        whole: Counter[counting.Key] = Counter()
        judged_ = connection.execute("SELECT at, mailing, number, kind, link, agent, machine FROM visit").fetchall()
        for number in range(4):
            whole.update(contributions([Visit(*one) for one in judged_ if one[2] == number]))
    assert {(name, link, hour): value for name, link, hour, value in rows} == dict(whole)


def test_later_proof_takes_back(tmp_path: Path) -> None:
    """A click that was a person's when it was counted is a machine's when two more follow in that moment."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    note(data_dir, [visit(0, 100, link=1)])
    assert figures(data_dir, NUMBER).human.clickers == 1
    note(data_dir, [visit(0, 100.5, link=2), visit(0, 101, link=3)])
    found = figures(data_dir, NUMBER)
    assert (found.human.clickers, found.human.openers, found.all.clicks) == (0, 0, 3)
    assert who(data_dir, NUMBER, "clicked") == ()


def test_counted_before_a_click_was_an_open(tmp_path: Path) -> None:
    """A file of then is brought up to what is counted now, with what comes later, and its old figures go."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    note(data_dir, [visit(0, 60, "open"), visit(0, 70, link=1), visit(1, 80, link=1), visit(2, 90, "open")])
    note(data_dir, [visit(3, 90, link=1, machine="proxy")])
    was = figures(data_dir, NUMBER)
    assert (was.all.openers, was.human.openers) == (4, 3)
    with on_file(data_dir) as connection:
        connection.execute("UPDATE figure SET value = 2 WHERE name IN ('openers', 'human_openers')")
        connection.execute("INSERT INTO figure VALUES (?, 'human_readers', 0, 0, 3)", (NUMBER,))
        connection.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0003%'")
        note(data_dir, [visit(2, 95, link=1)])
    assert figures(data_dir, NUMBER) == was._replace(
        all=was.all._replace(clicks=4, clickers=4),
        human=was.human._replace(clicks=3, clickers=3),
        links=(was.links[0]._replace(clicks=4, clickers=4, human_clicks=3, human_clickers=3),),
        hours=(was.hours[0]._replace(clicks=4, human_clicks=3),),
    )
    with on_file(data_dir) as connection:
        assert not connection.execute("SELECT 1 FROM figure WHERE name LIKE '%readers'").fetchall()


def test_bounded_for_each_reader(tmp_path: Path) -> None:
    """Whoever comes by without end is kept MOST_VISITS times, and everybody else as ever."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    note(data_dir, [visit(0, 100 + second, "open") for second in range(MOST_VISITS + 700)] + [visit(1, 99, "open")])
    assert figures(data_dir, NUMBER).all == Counts(MOST_VISITS + 1, 2, 0, 0, 0, 0)
    note(data_dir, [visit(0, 9000, "open")] * 3)
    assert figures(data_dir, NUMBER).all.opens == MOST_VISITS + 1
    assert len(visits_of(data_dir, NUMBER, 0)) == MOST_VISITS


def test_without_its_file(tmp_path: Path) -> None:
    """Visits of a mailing whose file is gone are counted too, by what they say of themselves."""
    data_dir = tmp_path / "data"
    mailing(data_dir)
    note(data_dir, [visit(0, 1, link=1)._replace(mailing=99)])
    with on_file(data_dir) as connection:
        assert catch_up(connection, data_dir, lambda mailing: 0)
        assert not catch_up(connection, data_dir, lambda mailing: 0)
    assert figures(data_dir, 99).human.clicks == 1
