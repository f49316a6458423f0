"""Opens and clicks in the figures, per link and domain, in the timeline, in lists, in exports, and as selections."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.audience import projects, selections
from postduif.campaign.audience.connection import audience
from postduif.campaign.database import transaction
from postduif.campaign.results.exporting import csv_text, json_text, rows, write_csv
from postduif.campaign.results.figures import figures_of, lines
from postduif.campaign.results.people import Which, everybody
from postduif.campaign.results.reading import DEFINITIONS, by_domain, is_tracked, link_results, reading
from postduif.campaign.results.selecting import enrol, select
from postduif.campaign.results.states import Did, State
from postduif.campaign.results.tally import Source, Tally, tally_of
from postduif.campaign.results.timeline import timeline
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import directory_of
from tests.campaign.results.made import happens
from tests.campaign.tracking.readers import NOW, NUMBER, mailing, note, on_file, visit


@pytest.fixture
def tally(tmp_path: Path) -> Iterator[Tally]:
    """Four people: 0 opens and follows links 1 and 2, 1 opens, 2 is opened for by a proxy, 3 follows link 1 without
    images, and complains."""
    mailing(tmp_path)
    note(
        tmp_path,
        [
            visit(0, 60, "open"), visit(0, 100, link=1), visit(0, 200, link=2), visit(0, 300, link=2),
            visit(1, 4000, "open"), visit(2, 70, "open", machine="proxy"), visit(2, 80, "web"), visit(3, 400, link=1),
        ],
    )  # fmt: skip
    with contextlib.closing(connect_writer(directory_of(tmp_path, NUMBER) / FILE_NAME)) as connection:
        happens(connection, 3, "complained", NOW + 500, text="abuse", category="complaint")
        happens(connection, 1, "bounced", NOW + 900, code=552, text="full", category="mailbox_full")
    with tally_of(tmp_path, NUMBER) as found:
        yield found


def source(tally: Tally) -> Source:
    """Which it is."""
    assert tally.source is not None
    return tally.source


def test_figures(tally: Tally) -> None:
    """People and visits, with and without machines, each with its denominator; every definition names a figure."""
    figures = figures_of(tally)
    read = reading(source(tally), figures.delivered)
    told = {line.name: (line.value, line.of, line.total) for line in lines(read, DEFINITIONS)}
    assert told == {
        "opened": (3, "delivered", 3),
        "clicked": (2, "delivered", 3),
        "clicked_of_opened": (2, "opened", 3),
        "viewed": (1, "delivered", 3),
        "responded": (0, "delivered", 3),
        "opened_with_machines": (4, "delivered", 3),
        "clicked_with_machines": (2, "delivered", 3),
        "opens": (2, "", 0),
        "clicks": (4, "", 0),
        "opens_with_machines": (3, "", 0),
        "clicks_with_machines": (4, "", 0),
    }
    assert read.machines == {"proxy": 1}
    assert [one.human_opens for one in read.hours] == [1, 1]
    page = (Path(__file__).parents[3] / "docs" / "results.md").read_text()
    assert "\n".join(f"| {n.replace('_', ' ')} | {of or '-'} | {words} |" for n, of, words in DEFINITIONS) in page


def test_links_and_domains(tally: Tally) -> None:
    """Each link with its place, also one that nobody followed; the domains where somebody read."""
    read = reading(source(tally), 4)
    found = [(one.link, one.label, one.clickers, one.clicks) for one in link_results(source(tally), read)]
    assert found == [(1, "", 2, 2), (2, "", 1, 2), (3, "", 0, 0)]
    assert by_domain(tally)["one.example"][1:] == (3, 2)
    assert by_domain(Tally(tally.connection)) == {}
    assert is_tracked(tally.connection, source(tally))
    assert not is_tracked(tally.connection, Source(source(tally).data_dir, 99))


@pytest.mark.parametrize(
    ("which", "numbers"),
    [
        (Which(did=Did.OPENED), [0, 1, 3]),
        (Which(State.BOUNCED, did=Did.OPENED), [1]),
        (Which(did=Did.NOT_OPENED), [2]),
        (Which(did=Did.CLICKED), [0, 3]),
        (Which(did=Did.CLICKED, link=3), []),
        (Which(did=Did.NOT_CLICKED, link=3), [0, 2, 3]),
        (Which(did=Did.COMPLAINED), [3]),
        (Which(domain="two.example", did=Did.OPENED), []),
    ],
)
def test_who(tally: Tally, which: Which, numbers: list[int]) -> None:
    """Those who did it, people only; those who did not are of the delivered, so who bounced is none of them."""
    assert [one.number for one in everybody(tally, which)] == numbers


def test_unsubscribed(tally: Tally) -> None:
    """Who left that type of mail or all, in whatever way; not who took it back, as long as that is the last word."""
    with contextlib.closing(connect_writer(directory_of(source(tally).data_dir, NUMBER) / FILE_NAME)) as connection:
        for number in range(4):
            happens(connection, number, "unsubscribed", NOW + 600, text="by mail")
    asked = [
        (0, "unsubscribe", "news"), (0, "resubscribe", "news"),
        (1, "unsubscribe", ""), (1, "resubscribe", "offers"),
        (2, "resubscribe", ""), (2, "unsubscribe", "news"), (2, "no_tracking", ""),
    ]  # fmt: skip
    with on_file(source(tally).data_dir) as connection, transaction(connection):
        query = "INSERT INTO wish VALUES (NULL, ?, 7, ?, ?, ?, '', '', '', 0)"
        connection.executemany(query, [(NOW + 700, *one) for one in asked])
    assert figures_of(tally).unsubscribed == 3
    assert [one.number for one in everybody(tally, Which(did=Did.UNSUBSCRIBED))] == [1, 2, 3]
    exported = json.loads("".join(json_text(rows(tally))))
    assert [one["unsubscribed"] for one in exported] == [False, True, True, True]
    with contextlib.closing(connect_writer(directory_of(source(tally).data_dir, NUMBER) / FILE_NAME)) as connection:
        happens(connection, 0, "unsubscribed", NOW + 800, text="by mail")
    assert figures_of(tally).unsubscribed == 4


def test_timeline(tally: Tally) -> None:
    """Visits stand among the attempts by their time, with the link and why it was a machine; and what was asked for."""
    with on_file(source(tally).data_dir) as connection, transaction(connection):
        connection.execute(
            "INSERT INTO wish VALUES (NULL, ?, 7, 1, 'unsubscribe', 'news', 'one-click', '', '192.0.2.1', NULL)",
            (NOW + 950,),
        )
    found = timeline(tally, 1)
    assert found is not None
    assert [one.kind for one in found.events] == ["prepared", "started", "delivered", "bounced", "asked", "opened"]
    assert found.events[4].text == "unsubscribe of news, one-click; to be done"
    clicked = timeline(tally, 0)
    assert clicked is not None
    assert [(one.link, one.text) for one in clicked.events[4:6]] == [
        (1, "https://shop.example/"),
        (2, "https://shop.example/for/{{ name }}?x=1"),
    ]
    proxied = timeline(tally, 2)
    assert proxied is not None
    assert [one.machine for one in proxied.events if one.kind == "opened"] == ["proxy"]


def test_exported(tally: Tally) -> None:
    """Opens and clicks have columns; in pieces it is the same text."""
    file = io.StringIO(newline="")
    assert write_csv(file, tally) == 4
    lines = [line.split(",") for line in file.getvalue().splitlines()]
    assert [row[-2:] for row in lines] == [["opens", "clicks"], ["1", "3"], ["1", "0"], ["0", "0"], ["0", "1"]]
    assert "".join(csv_text(rows(tally))) == file.getvalue()
    openers = json.loads("".join(json_text(rows(tally, Which(did=Did.OPENED)))))
    assert [one["number"] for one in openers] == [0, 1, 3]
    assert json.loads("".join(json_text(rows(tally, Which(did=Did.ANSWERED))))) == []


def test_put_to_use(tally: Tally) -> None:
    """Who did something becomes a selection or a project, once each; the words are the audience's own people."""
    with audience(source(tally).data_dir) as people:
        _, new = select(people, "Readers", tally, Which(did=Did.OPENED), NOW)
        assert (new, selections.named(people, "Readers").kind.value) == (3, "static")
        project, new = enrol(people, "Fair", "guest", tally, Which(did=Did.NOT_OPENED), NOW)
        assert (project.members, new) == (1, 1)
        project, new = enrol(people, "fair", "guest", tally, Which(did=Did.OPENED), NOW)
        assert (project.members, new) == (4, 3)
        assert {role for _, _, role in projects.members(people, project, 0, 9)} == {"guest"}
