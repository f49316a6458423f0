"""Approval by a second person."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import pytest

from postduif.campaign.accounts import approval, people
from postduif.campaign.accounts.approval import Subject, Verdict
from postduif.campaign.accounts.fault import AccountFault, NotAllowed
from postduif.campaign.accounts.roles import Role
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.stored import schedule_text

NOW = 1_800_000_000.0
TUESDAYS = "FREQ=WEEKLY;BYDAY=TU"
LETTER = Subject("mailing 7", "3.1", "send")


def by(name: str, words: str = "") -> By:
    """That person, now."""
    return By(name, NOW, words)


def test_a_second_person_says_yes(connection: sqlite3.Connection) -> None:
    """Until then it may not be sent; then it may, in this version, and in no other, and nothing else with it."""
    anna = people.find(connection, "anna")
    with pytest.raises(NotAllowed, match="ask for approval"):
        approval.see_approved(connection, LETTER)
    asked = approval.ask(connection, LETTER, by("maria", "checked twice"))
    assert approval.waiting(connection) == [asked]
    with pytest.raises(NotAllowed, match="nobody has decided"):
        approval.see_approved(connection, LETTER)
    approval.decide(connection, asked.id, anna, Verdict.YES, by("anna"))
    approval.see_approved(connection, LETTER)
    assert approval.waiting(connection) == []
    for other in (
        LETTER._replace(version="4.1"),
        LETTER._replace(action="schedule"),
        LETTER._replace(about="mailing 8"),
    ):
        with pytest.raises(NotAllowed):
            approval.see_approved(connection, other)


def test_nobody_approves_his_own(connection: sqlite3.Connection) -> None:
    """Nor who has no right to, nor twice."""
    anna = people.find(connection, "anna")
    own = approval.ask(connection, LETTER, by("anna"))
    with pytest.raises(NotAllowed, match="yourself"):
        approval.decide(connection, own.id, anna, Verdict.YES, by("anna"))
    editor = people.add(connection, "maria", "", Role.EDITOR, by("anna"))
    with pytest.raises(NotAllowed, match="sender or administrator"):
        approval.decide(connection, own.id, editor, Verdict.YES, by("maria"))
    piet = people.add(connection, "piet", "", Role.SENDER, by("anna"))
    approval.decide(connection, own.id, piet, Verdict.NO, by("piet", "the date is wrong"))
    with pytest.raises(NotAllowed, match="the date is wrong"):
        approval.see_approved(connection, LETTER)
    with pytest.raises(AccountFault, match="piet said no already"):
        approval.decide(connection, own.id, piet, Verdict.YES, by("piet"))


def test_a_newer_question_replaces_one_that_waits(connection: sqlite3.Connection) -> None:
    """Who asks again after an edit, or for another date, leaves one question; to send and to schedule are two."""
    approval.ask(connection, LETTER, by("maria"))
    newer = approval.ask(connection, LETTER._replace(version="4.1"), by("maria"))
    assert approval.waiting(connection) == [newer]
    dates = [Schedule(datetime(2390, 12, day, 9), "UTC", TUESDAYS) for day in (1, 2)]  # noqa: DTZ001
    approval.ask(connection, newer.subject._replace(action=f"schedule {schedule_text(dates[0])}"), by("maria"))
    other = newer.subject._replace(action=f"schedule {schedule_text(dates[1])}")
    later = approval.ask(connection, other, by("maria"))
    assert approval.waiting(connection) == [newer, later]
    assert later.subject.when == dates[1]
    assert later.subject.words == f"schedule {TUESDAYS} from 2390-12-02 09:00 UTC"
    with pytest.raises(AccountFault):
        approval.find(connection, later.id + 1)
