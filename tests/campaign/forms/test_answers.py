"""Looking for answers reads few of them, however many there are."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from postduif.campaign.forms import answers, responses
from postduif.campaign.forms.carrying import FormCarrier
from postduif.campaign.forms.connection import forms
from tests.campaign.forms.made import NEWSLETTER, SURVEY, put
from tests.campaign.forms.test_carrying import NEW, Mta
from tests.campaign.tracking.readers import NOW, NUMBER, config_of, mailing
from tests.fakes import FakeClock

READER = NEW._replace(form="survey", email="", subject="", types=(), values={"age": "30"})
SMALL = {"answer_to_mail", "answer_to_do", "response_to_make"}
"""Indexes that have only what is still to be done."""


def test_by_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement of signing up, answering, carrying, results and erasing reads all answers, or all of a form."""
    tmp_path.chmod(0o700)
    data_dir = config_of(tmp_path).server.data_dir
    mailing(data_dir)
    put(data_dir, NEWSLETTER, SURVEY)
    asked: set[str] = set()
    with forms(data_dir) as connection:
        carrier = FormCarrier(config_of(tmp_path), Mta(), FakeClock(NOW + 60))
        carrier.step(connection)  # tidies, once an hour
        monkeypatch.setattr(responses, "forms", lambda _: contextlib.nullcontext(connection))
        connection.set_trace_callback(asked.add)
        assert answers.sign_up(connection, NEW)
        answers.respond(connection, READER, NUMBER, 2, seed=False)
        connection.execute("UPDATE answer SET mailed = 1 WHERE id = 1")
        assert answers.ask_again(connection, 1, NOW + 2).email == NEW.email
        connection.execute("UPDATE answer SET response = -1, done = 1 WHERE id = 2")
        carrier.step(connection)
        assert responses.count(data_dir, NUMBER) == len(responses.who(data_dir, NUMBER)) == 1
        assert responses.of_reader(data_dir, NUMBER, 2)
        answers.forget(connection, 3, ["new@one.example"])
        connection.set_trace_callback(None)
        plans = {
            (row[3], query)
            for query in asked
            if query.startswith(("SELECT", "UPDATE", "DELETE"))
            for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")
        }
    used = {word for plan, _ in plans for word in plan.split()}
    assert used >= {"answer_mailbox", "answer_response", "answer_reader"}
    all_read = ("SCAN answer", "SCAN sent_again", "SCAN response", "INDEX answer_form ")
    assert not [one for one in plans if any(read in one[0] for read in all_read) and one[0].split()[-1] not in SMALL]
