"""Changes of state: made to what was seen, by one of many, and written down."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import MAX_WORDS, By
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.listing import find, log
from postduif.campaign.mailings.record import State
from tests.campaign.mailings.records import COUNTS, DRAFT, NOW, STREAMS, a_draft, a_file, a_mailing, by


def test_all_steps_are_known() -> None:
    """The names that a file may have are those of the steps."""
    rows = a_file().execute("SELECT name FROM _sqlite_migrations").fetchall()
    assert {name for (name,) in rows} == SCHEMA.ours


def test_two_people_send(tmp_path: Path) -> None:
    """Of six who send at once one sends; the others are told who it was."""
    tmp_path.chmod(0o700)
    with mailings(tmp_path) as connection:
        seen = a_mailing(connection, State.PREPARED)
    barrier = threading.Barrier(6)
    sent: list[str] = []
    refused: list[str] = []

    def work(name: str) -> None:
        with mailings(tmp_path) as own:
            barrier.wait()
            try:
                running.send(own, seen, by(name))
                sent.append(name)
            except Overtaken as late:
                refused.append(str(late))

    threads = [threading.Thread(target=work, args=(f"operator {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 1
    assert refused == [f"mailing 1 is handing over by {sent[0]} meanwhile, not prepared; read it again"] * 5


def test_old_revision() -> None:
    """An edit of what somebody else has edited is refused, and theirs stays."""
    connection = a_file()
    seen = a_draft(connection)
    editing.edit(connection, seen, DRAFT._replace(name="Bert's"), STREAMS, by("bert"))
    with pytest.raises(Overtaken, match=r"edited by bert meanwhile \(revision 2, not 1\); read it again"):
        editing.edit(connection, seen, DRAFT._replace(name="Anna's"), STREAMS, by("anna"))
    assert find(connection, 1).draft.name == "Bert's"


def test_sending_what_was_not_seen() -> None:
    """Who saw an older preparation does not send the newer one, though the state is the same."""
    connection = a_file()
    seen = a_mailing(connection, State.PREPARED)
    again = running.prepare(connection, seen, by("bert"))
    running.ready(connection, again, COUNTS, by("preparing"))
    with pytest.raises(Overtaken, match="by preparing meanwhile"):
        running.send(connection, seen, by("anna"))


def test_late_preparer() -> None:
    """Who prepares what was stopped and begun anew cannot call it ready."""
    connection = a_file()
    first = a_mailing(connection, State.PREPARING)
    second = running.prepare(connection, running.stop_preparing(connection, first, by()), by())
    with pytest.raises(Overtaken):
        running.ready(connection, first, COUNTS, by("preparing"))
    assert (first.run.preparation, second.run.preparation) == (1, 2)


def test_a_refusal_changes_nothing() -> None:
    """What was to be written with a refused change is not written."""
    connection = a_file()
    seen = a_mailing(connection, State.SENDING)
    before = list(connection.iterdump())
    with pytest.raises(NotNow):
        editing.attach(connection, seen, "a.png", b"x", by())
    with pytest.raises(NotNow):
        running.ready(connection, seen, COUNTS._replace(errors=9), by())
    assert list(connection.iterdump()) == before


def test_stopped_preparation_leaves_nothing() -> None:
    """Who stops preparing has a draft without counts."""
    connection = a_file()
    mailing = running.prepare(connection, a_mailing(connection, State.PREPARED), by())
    mailing = running.stop_preparing(connection, mailing, by())
    assert (mailing.state, mailing.run.prepared, mailing.run.counts.targeted) == (State.DRAFT, None, 0)


def test_history() -> None:
    """Each change is a row with who, when, from where, to where and in which words, on one line."""
    connection = a_file()
    mailing = a_mailing(connection, State.PREPARING)
    running.fail(connection, mailing, By("preparing", NOW + 5, "no\n space \ud800 left " + "x" * 2000))
    rows = [(one.who, one.at, one.action, one.before, one.after) for one in log(connection, 1)]
    assert rows == [
        ("anna", NOW, "create", State.ABSENT, State.DRAFT),
        ("anna", NOW, "prepare", State.DRAFT, State.PREPARING),
        ("preparing", NOW + 5, "fail", State.PREPARING, State.FAILED),
    ]
    words = log(connection, 1)[-1].words
    assert words.startswith("no space ? left x")
    assert len(words) == MAX_WORDS
    assert find(connection, 1).reason == words


@pytest.mark.parametrize("statement", ["UPDATE history SET who = 'nobody'", "DELETE FROM history"])
def test_history_is_never_changed(statement: str) -> None:
    """The file itself refuses to change or forget what was done."""
    connection = a_file()
    a_draft(connection)
    with pytest.raises(sqlite3.IntegrityError, match="what was done is never"):
        connection.execute(statement)


def test_remark() -> None:
    """What changes no state is in the history too."""
    connection = a_file()
    mailing = a_draft(connection)
    editing.remark(connection, 1, by(words="proof 1 to anna@example.com"))
    event = log(connection, 1, after=1)[0]
    assert (event.action, event.before, event.after, event.words) == (
        "note",
        State.DRAFT,
        State.DRAFT,
        "proof 1 to anna@example.com",
    )
    assert find(connection, 1) == mailing
