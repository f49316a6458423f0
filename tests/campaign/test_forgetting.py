"""Somebody is erased, and it is broken off anywhere: the same again does the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from postduif.campaign import forgetting
from postduif.campaign.audience import contacts, erasing
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.forms.connection import forms
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft
from postduif.campaign.tracking import requests
from postduif.campaign.web.api.calls import calls
from postduif.errors import StoreError
from tests.campaign.tracking.readers import NOW, PEOPLE, config_of, mailing, on_file

BY = By("anna", NOW, "asked")
STEPS = ((forgetting.answers, "forget"), (forgetting, "forget"), (forgetting.calls, "forget"))
LATE = ((forgetting.erasing, "erase"), (forgetting.requests, "done"))
_ANSWER = (
    "INSERT INTO answer (form, version, at, language, email, subject, types, content, origin, mailing, number, contact)"
    "VALUES ('survey', 1, 1, 'nl', '', '', '[]', '{}', '', 7, 2, 3)"
)


class Killed(BaseException):
    """Nothing of ours catches it."""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Contact 3 answered, is named by a mailing and a call, and asks to be erased; so does contact 2."""
    tmp_path.chmod(0o700)
    found = config_of(tmp_path).server.data_dir
    mailing(found)
    with forms(found) as connection:
        connection.execute(_ANSWER)
    with mailings(found) as connection:
        editing.create(connection, Draft("Autumn", target=Spec(persons=("#3", "#2"))), (), BY)
    with on_file(found) as connection:
        for number in (2, 1):
            values = (number, "192.0.2.9")
            connection.execute("INSERT INTO wish VALUES (NULL, 1, 7, ?, 'erase', '', '', '', ?, NULL)", values)
    with calls(found) as connection:
        columns = {row[1]: row[2] for row in connection.execute("PRAGMA table_info(call)")}
        given: dict[str, Any] = {name: b"" if kind == "BLOB" else 0 for name, kind in columns.items()}
        given |= {"status": 200, "fields": "[]", "body": PEOPLE[2].encode()}
        marks = ", ".join("?" for _ in given)
        connection.execute(f"INSERT INTO call ({', '.join(given)}) VALUES ({marks})", tuple(given.values()))
    return found


def erase(data_dir: Path, who: str = "#3") -> bool:
    """Whether somebody was known."""
    with audience(data_dir) as connection:
        return forgetting.erase(connection, data_dir, lambda *_, **__: None, who, BY)


def left(data_dir: Path) -> list[object]:
    """Answers, persons of the mailing, calls that are kept, contacts, numbers of those whose request waits."""
    with (
        forms(data_dir) as answered,
        mailings(data_dir) as named,
        calls(data_dir) as kept,
        audience(data_dir) as people,
    ):
        return [
            answered.execute("SELECT count(*) FROM answer").fetchone()[0],
            find(named, 1).draft.target.persons,
            kept.execute("SELECT count(*) FROM call WHERE status").fetchone()[0],
            contacts.find(people, "#3"),
            [one.number for one in requests.to_see_to(data_dir)],
        ]


GONE = [0, ("#2",), 0, None, [1]]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("where", "name"), [*STEPS, *LATE])
def test_killed(data_dir: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: bool) -> None:
    """Before each step and after it; until the audience is told, the contact is there. A request waits to the last."""
    there = getattr(where, name)

    def killed(*given: Any) -> None:
        if after:
            there(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(where, name, killed)
        with pytest.raises(Killed):
            erase(data_dir)
    *_, contact, waiting = left(data_dir)
    if (where, name) in STEPS or not (after or name == "done"):
        assert contact == 3
    assert waiting == ([1] if after and name == "done" else [2, 1])
    erase(data_dir)
    assert left(data_dir) == GONE
    assert not erase(data_dir)
    with pytest.raises(contacts.ContactFault, match="nobody is known as #99"):
        erase(data_dir, "#99")


def test_the_log_is_read(data_dir: Path) -> None:
    """While somebody reads the audience nothing of it goes, so that who erases by number can do it again."""
    with audience(data_dir) as reader, audience(data_dir) as connection:
        connection.execute("PRAGMA busy_timeout = 1")
        contacts.save(connection, "eve@one.example", {}, NOW, "hand", "test")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM contact").fetchone()
        contacts.save(connection, "fay@one.example", {}, NOW, "hand", "test")
        with pytest.raises(StoreError, match="erase again"):
            erasing.erase(connection, 3, [PEOPLE[2]])
        assert contacts.find(connection, "#3") == 3
        reader.execute("ROLLBACK")
        assert erasing.erase(connection, 3, [PEOPLE[2]])
