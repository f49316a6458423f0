"""Making, editing, cloning and deleting."""

from __future__ import annotations

import sqlite3

import pytest

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.fault import MailingFault, NotNow, Overtaken
from postduif.campaign.mailings.listing import Filter, content_of, find, labels, listed, log
from postduif.campaign.mailings.record import MAX_JSON, Draft, Policy, State
from postduif.campaign.mailings.waves import Canary, Waves
from tests.campaign.mailings.records import COUNTS, DRAFT, NEWEST, NOW, ONCE, STREAMS, a_draft, a_file, a_mailing, by

FULL = Draft(
    "Herfst é",
    "news",
    Spec(
        ("Everybody",),
        ("Club/chair",),
        ("#3",),
        'country = "NL"',
        "orders",
        "total > 1",
        "news",
        ("Staff",),
        attributes=("age",),
    ),
    '{"subject": "Ü"}',
    '{"pressure": "error"}',
    Policy.NEWEST,
    3600.0,
    600,
    Waves((0.1, 0.4), (), 3600.0, Canary(500, 900.0, 0.03, 0.01, 0.2)),
    70,
    "2026",
    ("autumn", "é"),
)


@pytest.mark.parametrize(
    "draft", [FULL, DRAFT, FULL._replace(waves=Waves((), (5, 10), 60.0), target=Spec(attributes=()))]
)
def test_comes_back_as_it_was(draft: Draft) -> None:
    """What is put on file comes back, field by field."""
    connection = a_file()
    made = editing.create(connection, draft, STREAMS, by())
    assert made == find(connection, made.number)
    assert made.draft == draft
    assert (made.state, made.revision, made.created, made.created_by) == (State.DRAFT, 1, NOW, "anna")


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (DRAFT._replace(name="  "), "1 to 200 printable characters"),
        (DRAFT._replace(name="x" * 201), "1 to 200 printable characters"),
        (DRAFT._replace(name="a\nb"), "1 to 200 printable characters"),
        (DRAFT._replace(stream="nws"), r'no stream is named "nws"; add \[\[stream\]\]'),
        (DRAFT._replace(content="[]"), "the content is no JSON object"),
        (DRAFT._replace(content="{"), "the content is no JSON: "),
        (DRAFT._replace(content='{"a": "\ud800"}'), "the content is no JSON: "),
        (DRAFT._replace(content="[" * 100_000), "the content is no JSON: "),
        (DRAFT._replace(content=" " * (MAX_JSON + 1)), "larger than 20,000,000"),
        (DRAFT._replace(typology="null"), "the typology is no JSON object"),
        (DRAFT._replace(validity=float("nan")), "1 minute to 60 days"),
        (DRAFT._replace(validity=float("inf")), "1 minute to 60 days"),
        (DRAFT._replace(rate=-1), r"0 \(no limit\)"),
        (DRAFT._replace(priority=101), "0 to 100"),
        (DRAFT._replace(tags=("",)), "at most 50 tags"),
        (DRAFT._replace(tags=("a",) * 51), "at most 50 tags"),
        (DRAFT._replace(folder="x" * 201), "at most 200 characters"),
        (DRAFT._replace(waves=Waves((0.5,), (1,), 60.0)), "not both"),
        (DRAFT._replace(waves=Waves((0.5, 0.6), (), 60.0)), "together at most 1"),
        (DRAFT._replace(waves=Waves((float("nan"),), (), 60.0)), "together at most 1"),
        (DRAFT._replace(waves=Waves((), (0,), 60.0)), "at least 1 recipient"),
        (DRAFT._replace(waves=Waves((), (1,) * 101, 60.0)), "at most 100 waves"),
        (DRAFT._replace(waves=Waves((0.5,))), "days apart"),
        (DRAFT._replace(waves=Waves(period=60.0)), "days apart"),
        (DRAFT._replace(waves=Waves(canary=Canary(0, 60.0))), "at least 1 recipient"),
        (DRAFT._replace(waves=Waves(canary=Canary(10, 60.0, 5.0))), "5% is 0.05"),
    ],
)
def test_refused(draft: Draft, why: str) -> None:
    """What cannot be meant is refused with the remedy, and nothing is made."""
    connection = a_file()
    with pytest.raises(MailingFault, match=why):
        editing.create(connection, draft, STREAMS, by())
    assert listed(connection, Filter()) == []


def test_edit_of_what_is_prepared() -> None:
    """It is a draft again, of the next revision, without what was counted; the history names what was edited."""
    connection = a_file()
    mailing = a_mailing(connection, State.PREPARED)
    mailing = editing.edit(connection, mailing, DRAFT._replace(name="Winter", rate=5), STREAMS, by())
    assert (mailing.state, mailing.revision, mailing.draft.name) == (State.DRAFT, 2, "Winter")
    assert (mailing.run.prepared, mailing.run.counts.targeted, mailing.run.preparation) == (None, 0, 1)
    assert log(connection, 1)[-1].words == "name, rate"


def test_files() -> None:
    """Files are an edit, each content is kept once, and goes with the last mailing that has it."""
    connection = a_file()
    one = editing.attach(connection, a_draft(connection), "a.png", b"picture", by())
    one = editing.attach(connection, one, "b.png", b"picture", by())
    two = editing.clone(connection, one, "Second", by())
    assert connection.execute("SELECT count(*) FROM file").fetchone() == (1,)
    assert [(file.name, file.size) for file in two.files] == [("a.png", 7), ("b.png", 7)]
    one = editing.attach(connection, one, "a.png", b"another", by())
    assert [content_of(connection, file) for file in one.files] == [b"another", b"picture"]
    one = editing.detach(connection, one, "b.png", by())
    assert (one.revision, [file.name for file in one.files]) == (5, ["a.png"])
    editing.delete(connection, two, by())
    assert connection.execute("SELECT count(*) FROM file").fetchone() == (1,)
    with pytest.raises(MailingFault, match="read the mailing again"):
        content_of(connection, two.files[0])
    editing.attach(connection, one, "a.png", b"third", by())
    assert connection.execute("SELECT content FROM file").fetchall() == [(b"third",)]


@pytest.mark.parametrize("name", ["", "a/b", "x\n", "x" * 201])
def test_file_names(name: str) -> None:
    """A file has the name of a file."""
    connection = a_file()
    with pytest.raises(MailingFault, match="give it another"):
        editing.attach(connection, a_draft(connection), name, b"", by())


def test_too_much() -> None:
    """Files together stay below the limit of a message; one in the place of another counts once."""
    connection = a_file()
    mailing = editing.attach(connection, a_draft(connection), "a", bytes(30_000_000), by())
    with pytest.raises(MailingFault, match="50 MB together"):
        editing.attach(connection, mailing, "b", bytes(30_000_000), by())
    assert editing.attach(connection, mailing, "a", b"", by()).files[0].size == 0
    with pytest.raises(MailingFault, match="has no file 'c'"):
        editing.detach(connection, mailing, "c", by())


@pytest.mark.parametrize("state", [State.DRAFT, State.SENDING, State.STOPPED, State.FAILED])
def test_clone(state: State) -> None:
    """Of a mailing in any state a clone is a draft of the same content, and says where it came from."""
    connection = a_file()
    source = a_mailing(connection, state)
    made = editing.clone(connection, source, "Again", by("bert"))
    assert made.draft == source.draft._replace(name="Again")
    assert (made.state, made.run.preparation, made.schedule, made.created_by) == (State.DRAFT, 0, None, "bert")
    assert log(connection, made.number)[0].words == "from mailing 1"


def test_template() -> None:
    """A template makes mailings and is none itself; a mailing can become one."""
    connection = a_file()
    template = editing.clone(connection, a_mailing(connection, State.FINISHED), "House style", by(), template=True)
    with pytest.raises(NotNow, match="it is a template; create a mailing from it"):
        running.prepare(connection, template, by())
    made = editing.clone(connection, template, "Winter", by())
    assert (made.template, log(connection, made.number)[0].words) == (False, "from template 2")
    assert [one.name for one in listed(connection, Filter(template=True))] == ["House style"]


def test_delete() -> None:
    """A deleted draft is gone, its history is not, and its number is not used again."""
    connection = a_file()
    seen = a_draft(connection)
    editing.delete(connection, seen, by())
    assert [one.action for one in log(connection, 1)] == ["create", "delete"]
    with pytest.raises(MailingFault, match="there is no mailing 1"):
        find(connection, 1)
    with pytest.raises(Overtaken, match="was deleted meanwhile"):
        running.prepare(connection, seen, by())
    assert a_draft(connection).number == 2
    with pytest.raises(NotNow, match="rules out: delete; possible now: pause, stop"):
        editing.delete(connection, a_mailing(connection, State.SENDING), by())


def test_listed() -> None:
    """By state, by text in name, folder or tag, by number, a page at a time; the latest first."""
    connection = a_file()
    a_draft(connection)
    editing.create(connection, FULL, STREAMS, by())
    a_mailing(connection, State.SENDING, DRAFT._replace(folder="Spring"))
    assert numbers(connection, Filter()) == [3, 2, 1]
    assert numbers(connection, Filter(states=[State.SENDING, State.PAUSED])) == [3]
    assert numbers(connection, Filter(text="AUTUMN")) == [3, 2, 1]
    assert numbers(connection, Filter(text="spring")) == [3]
    assert numbers(connection, Filter(text="%")) == []
    assert numbers(connection, Filter(text="2")) == [2]
    assert numbers(connection, Filter(before=3, limit=1)) == [2]
    entry = listed(connection, Filter(limit=1))[0]
    assert (entry.state, entry.counts, entry.started, entry.folder) == (State.SENDING, COUNTS, NOW, "Spring")


def numbers(connection: sqlite3.Connection, wanted: Filter) -> list[int]:
    """Of the mailings that are listed."""
    return [one.number for one in listed(connection, wanted)]


def test_listed_by_source() -> None:
    """A mailing is found by the selections and projects it goes to, whatever role of the project it names."""
    connection = a_file()
    made = a_draft(connection, DRAFT._replace(target=Spec(selections=("Club",), projects=("Fair/guest",))))
    a_draft(connection)
    for kind, name in (("selections", "club"), ("projects", "Fair")):
        assert [one.number for one in listed(connection, Filter(linked=(kind, name)))] == [made.number]
    assert listed(connection, Filter(linked=("projects", "Fai"))) == []


def test_archived() -> None:
    """What is put away leaves the list that asks for the others, and comes back unchanged; what is sent stays."""
    connection = a_file()
    draft, sent = a_draft(connection), a_mailing(connection, State.SENDING)
    away = editing.archive(connection, draft.number, by())
    assert away == draft._replace(archived=True)
    assert [one.number for one in listed(connection, Filter(archived=False))] == [sent.number]
    assert [one.number for one in listed(connection, Filter(archived=True))] == [draft.number]
    assert editing.archive(connection, draft.number, by(), away=False) == draft
    assert [event.action for event in log(connection, draft.number)] == ["create", "archive", "bring back"]
    with pytest.raises(NotNow, match="at rest"):
        editing.archive(connection, sent.number, by())


def test_found_by_folder_tag_and_date() -> None:
    """Each filter by itself, without regard to case; and what there is to filter by."""
    connection = a_file()
    made = a_draft(connection, DRAFT._replace(folder="Winter", tags=("shop", "x")))
    planned = occasions.schedule(connection, a_draft(connection, NEWEST), ONCE, by())
    for wanted in (Filter(folder="winter"), Filter(tag="SHOP")):
        assert [one.number for one in listed(connection, wanted)] == [made.number]
    assert [(one.number, one.schedule) for one in listed(connection, Filter(dated=True))] == [(planned.number, ONCE)]
    assert labels(connection) == (("Winter",), ("shop", "x"))
