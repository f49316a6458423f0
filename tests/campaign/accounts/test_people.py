"""People: added, changed, removed, and known by their password."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import threading
import time

import pytest

from postduif.campaign.accounts import audit, password, people, sessions
from postduif.campaign.accounts.fault import AccountFault
from postduif.campaign.accounts.roles import GRANTS, Permission, Role
from postduif.campaign.mailings.changing import By

BY = By("anna", 1_800_000_000.0)


def test_edit_is_not_send() -> None:
    """Each role may all that the one before it may; an editor cannot send, and only the last two can approve."""
    grants = [GRANTS[role] for role in Role]
    assert all(less < more for less, more in itertools.pairwise(grants))
    assert [role for role in Role if Permission.SEND in GRANTS[role]] == [Role.SENDER, Role.ADMINISTRATOR]
    assert Permission.EDIT in GRANTS[Role.EDITOR]
    assert [role for role in Role if Permission.APPROVE in GRANTS[role]] == [Role.SENDER, Role.ADMINISTRATOR]


def test_a_password(connection: sqlite3.Connection) -> None:
    """It is stored as argon2 makes it; the right one is known, in any case of the name, and no other is."""
    assert people.right_password(connection, "anna", "") is None
    people.set_password(connection, "anna", "correct horse battery", BY)
    assert connection.execute("SELECT hashed FROM person").fetchone()[0].startswith("$argon2id$")
    right = people.right_password(connection, "ANNA", "correct horse battery")
    assert right is not None
    assert right.has_password
    assert people.right_password(connection, "anna", "correct horse batterz") is None
    assert people.right_password(connection, "nobody", "correct horse battery") is None


def test_many_passwords_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few wait for their turn; who comes then is told so at once, and holds up nobody."""
    monkeypatch.setattr(password, "_TURNS", threading.BoundedSemaphore(1))
    turns: list[object] = []

    def try_one() -> None:
        with contextlib.suppress(AccountFault):
            turns.append(password.right("", "a guess"))

    with password._TURNS:
        waiting = [threading.Thread(target=try_one) for _ in range(password.WAITING)]
        for one in waiting:
            one.start()
        while password._PLACES.acquire(blocking=False):
            password._PLACES.release()
        begun = time.monotonic()
        with pytest.raises(AccountFault, match="at once"):
            password.right("", "a guess")
        assert time.monotonic() - begun < password.PATIENCE / 2
    for one in waiting:
        one.join()
    assert turns == [False] * password.WAITING


@pytest.mark.parametrize("bad", ["short", "anna anna", "x" * 1025, "with \0 in it"])
def test_a_bad_password(connection: sqlite3.Connection, bad: str) -> None:
    """Too short, the name itself, too long and NUL are refused."""
    with pytest.raises(AccountFault):
        people.set_password(connection, "anna", bad, BY)


def test_who_is_disabled_is_out(connection: sqlite3.Connection) -> None:
    """At once: no session, link or password of that person is good."""
    piet = people.add(connection, "piet", "", Role.SENDER, BY)
    people.set_password(connection, "piet", "correct horse battery", BY)
    begun = sessions.begin(connection, piet, BY)
    link = sessions.make_link(connection, "piet", BY)
    people.change(connection, piet._replace(disabled=True), BY)
    assert sessions.found(connection, begun.cookie, BY.now, 60) is None
    assert people.right_password(connection, "piet", "correct horse battery") is None
    with pytest.raises(AccountFault):
        sessions.use_link(connection, link, BY.now)


def test_the_last_administrator_stays(connection: sqlite3.Connection) -> None:
    """Neither removed, nor disabled, nor given another role, until there is another one who can come in."""
    anna = people.find(connection, "anna")
    for change in (anna._replace(disabled=True), anna._replace(role=Role.SENDER)):
        with pytest.raises(AccountFault, match="only administrator"):
            people.change(connection, change, BY)
    with pytest.raises(AccountFault, match="only administrator"):
        people.remove(connection, "anna", BY)
    people.add(connection, "piet", "", Role.ADMINISTRATOR, BY)
    people.remove(connection, "anna", BY)
    assert [one.name for one in people.everybody(connection)] == ["piet"]


@pytest.mark.parametrize("name", ["", "a b", "-x", "é", "a" * 65, "a/b", "anna"])
def test_names(connection: sqlite3.Connection, name: str) -> None:
    """A name is plain, and nobody else's."""
    with pytest.raises(AccountFault):
        people.add(connection, name, "", Role.VIEWER, BY)


def test_what_is_done_is_written_down(connection: sqlite3.Connection) -> None:
    """Each change stands in the audit trail with who did it, and the file lets nobody change or remove a row."""
    piet = people.add(connection, "piet", "", Role.EDITOR, BY)
    people.change(connection, piet._replace(role=Role.SENDER), BY._replace(words="he sends\r\nnow"))
    newest, before, *_ = audit.listed(connection, about="person piet")
    assert (newest.who, newest.what, newest.words) == ("anna", "person.changed", "editor became sender: he sends now")
    assert before.what == "person.added"
    assert audit.listed(connection, before=newest.id, who="anna")[0] == before
    for sql in ("DELETE FROM audit", "UPDATE audit SET who = 'piet'"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            connection.execute(sql)
