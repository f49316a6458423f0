"""Sessions and the addresses that begin one."""

from __future__ import annotations

import sqlite3

import pytest

from postduif.campaign.accounts import people, sessions
from postduif.campaign.accounts.fault import NoSuchAccount
from postduif.campaign.mailings.changing import By

NOW = 1_800_000_000.0
BY = By("anna", NOW)
LIFE = 3600.0


def test_a_session_ends_by_time(connection: sqlite3.Connection) -> None:
    """Unused for its lifetime, or in use for LONGEST; a page that keeps itself up to date is no use."""
    cookie = sessions.begin(connection, people.find(connection, "anna"), BY, "Firefox on Linux").cookie
    there = sessions.found(connection, cookie, NOW + LIFE, LIFE)
    assert there is not None
    assert there[1].agent == "Firefox on Linux"
    assert sessions.found(connection, cookie, NOW + 2 * LIFE, LIFE, active=False) is not None
    assert sessions.found(connection, cookie, NOW + 2 * LIFE + 1, LIFE) is None
    cookie = sessions.begin(connection, people.find(connection, "anna"), BY).cookie
    assert sessions.found(connection, cookie, NOW + sessions.LONGEST + 1, 2 * sessions.LONGEST) is None


def test_the_file_holds_no_secret(connection: sqlite3.Connection) -> None:
    """What the cookie or the address holds is in no row, and no other text is a session."""
    begun = sessions.begin(connection, people.find(connection, "anna"), BY)
    link = sessions.make_link(connection, "anna", BY)
    rows = repr([connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("session", "link", "audit")])
    assert begun.cookie not in rows
    assert link not in rows
    assert sessions.found(connection, "", NOW, LIFE) is None
    assert sessions.found(connection, begun.cookie[:-1], NOW, LIFE) is None


def test_a_link_works_once(connection: sqlite3.Connection) -> None:
    """And not after LINK_LIFE."""
    link = sessions.make_link(connection, "anna", BY)
    assert sessions.use_link(connection, link, NOW + sessions.LINK_LIFE).name == "anna"
    late = sessions.make_link(connection, "anna", BY)
    for text, at in ((link, NOW), (late, NOW + sessions.LINK_LIFE + 1), ("", NOW)):
        with pytest.raises(NoSuchAccount):
            sessions.use_link(connection, text, at)


def test_sessions_are_bounded(connection: sqlite3.Connection) -> None:
    """One person has MOST; a new password ends all of them; the others can be ended from one."""
    anna = people.find(connection, "anna")
    begun = [sessions.begin(connection, anna, By("anna", NOW + n)) for n in range(sessions.MOST + 3)]
    assert len(sessions.sessions_of(connection, "anna")) == sessions.MOST
    here = sessions.found(connection, begun[-1].cookie, NOW + 30, LIFE)
    assert here is not None
    assert sessions.end_others(connection, "anna", here[1].hashed) == sessions.MOST - 1
    people.set_password(connection, "anna", "correct horse battery", BY)
    assert sessions.sessions_of(connection, "anna") == []
