"""What was answered reaches the audience once it is confirmed, with proof; answers to a mailing are in its results."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from postduif.campaign import forgetting
from postduif.campaign.audience import contacts
from postduif.campaign.audience.connection import audience
from postduif.campaign.forms import answers
from postduif.campaign.forms.answers import DAY, MAILS, New
from postduif.campaign.forms.carrying import FormCarrier
from postduif.campaign.forms.confirmation import LASTS
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.counting import Figures, figures
from postduif.campaign.forms.form import FormFault
from postduif.campaign.forms.responses import count, told
from postduif.campaign.mailings.changing import By
from postduif.campaign.operating.alarms import of_forms
from postduif.campaign.results.people import Which, recipients
from postduif.campaign.results.reading import reading
from postduif.campaign.results.selecting import select
from postduif.campaign.results.states import Did
from postduif.campaign.results.tally import Source, tally_of
from postduif.campaign.results.timeline import timeline
from postduif.errors import StoreError
from postduif.mta.control import NotRunning, ask
from postduif.sink import Sink
from tests.campaign.forms.made import NEWSLETTER, SURVEY, answered, put
from tests.campaign.tracking.readers import NOW, NUMBER, PEOPLE, config_of, mailing
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to

NEW = New("newsletter", 1, NOW + 1, "nl", "new@one.example", "new@one.example", ("offers",), {"age": "33"}, "192.0.2.1")


class Mta:
    """Knows who left what, and can be away."""

    def __init__(self) -> None:
        self.away = False
        self.said: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, do: str, **request: Any) -> Any:
        """As the control socket."""
        if self.away:
            raise NotRunning("away")
        self.said.append((do, request))
        return [{"entries": [{"type": "offers", "cause": "unsubscribe"}]}]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """With a mailing that was delivered, and two forms."""
    tmp_path.chmod(0o700)
    mailing(config_of(tmp_path).server.data_dir)
    put(tmp_path / "data", NEWSLETTER, SURVEY)
    return tmp_path


def step(place: Path, tell: Mta, clock: FakeClock | None = None, carrier: FormCarrier | None = None) -> None:
    """One look of the campaign's process."""
    with forms(place / "data") as connection:
        (carrier or FormCarrier(config_of(place), tell, clock or FakeClock(NOW + 60))).step(connection)


def signed_up(place: Path, new: New = NEW, *, confirmed: bool = True) -> None:
    """As the pages keep it."""
    with forms(place / "data") as connection:
        answers.sign_up(connection, new)
        connection.execute("UPDATE answer SET mailed = 1")
        if confirmed:
            answers.confirm(connection, answers.listed(connection, new.form)[0], NOW + 9, "192.0.2.2")


def counted(place: Path, form: str) -> Figures:
    """Its counters."""
    with forms(place / "data") as connection:
        return figures(connection)[form]


def known(place: Path, who: str) -> dict[str, Any]:
    """All of a person."""
    with audience(place / "data") as connection:
        return contacts.profile(connection, contacts.found(connection, who))


def test_the_proof(place: Path) -> None:
    """Asking and confirming are proven in the words of that version, with both addresses, once; who left comes back."""
    signed_up(place)
    tell = Mta()
    for _ in range(2):
        step(place, tell)
        with forms(place / "data") as connection:
            connection.execute("UPDATE answer SET done = NULL")  # as if killed before it was noted
    person = known(place, "new@one.example")
    words = ("version 1: Ik wil het weeknieuws.",)
    assert [(one["event"], one["at"], one["origin"], one["wording"]) for one in person["consent"]] == [
        ("asked", NOW + 1, "192.0.2.1", *words),
        ("confirmed", NOW + 9, "192.0.2.2", *words),
    ]
    assert (person["language"], person["attributes"]["age"]) == ("nl", 33)
    release = ("suppress.release", "offers")
    assert {(do, one.get("type")) for do, one in tell.said} == {("suppress.show", None), release}


def test_not_confirmed(place: Path) -> None:
    """Nothing of it reaches the audience, and it goes when its link is over; one address gets few mails a day."""
    for number in range(MAILS + 2):
        signed_up(place, NEW._replace(at=NOW + number), confirmed=False)
    clock = FakeClock(NOW + 60)
    step(place, Mta(), clock)
    assert len(answered(place / "data")) == MAILS
    with pytest.raises(contacts.ContactFault):
        known(place, "new@one.example")
    with forms(place / "data") as connection, pytest.raises(FormFault, match="3 mails in a day"):
        answers.ask_again(connection, 1, NOW + 99)
    signed_up(place, NEW._replace(at=NOW + DAY + 9), confirmed=False)
    assert len(answered(place / "data")) == MAILS + 1
    with forms(place / "data") as connection:
        answers.ask_again(connection, 1, NOW + DAY + 9)
        answers.mailed(connection, answered(place / "data")[0], NOW + DAY + 9)
        answers.ask_again(connection, 1, NOW + DAY + 9)
    signed_up(place, NEW._replace(at=NOW + DAY + 10), confirmed=False)
    assert len(answered(place / "data")) == MAILS + 1, "two that were sent again, and one before them"
    with forms(place / "data") as connection, pytest.raises(FormFault, match="does not wait"):
        answers.ask_again(connection, 1, NOW + LASTS + 9)
    clock.advance(LASTS + DAY)
    step(place, Mta(), clock)
    assert len(answered(place / "data")) == 1
    assert counted(place, "newsletter")[1:4] == (MAILS + 1, 0, 0)


def test_what_was_sent_before_a_day(place: Path) -> None:
    """Does not count, however often the link was sent again: a mailbox gets its mails of a day, and each has a key."""
    signed_up(place, confirmed=False)
    keys = set()
    with forms(place / "data") as connection:

        def again(day: float) -> None:
            answers.ask_again(connection, 1, NOW + day * DAY)
            (one,) = answers.to_mail(connection)
            answers.mailed(connection, one, NOW + day * DAY)
            keys.add(one.again)

        rare = (0.6, 1.2, 1.8, 2.4)
        often = (4.0, 4.1, 4.2)
        for day in (*rare, *often):
            again(day)
        with pytest.raises(FormFault, match="3 mails in a day"):
            again(4.9)
        again(5.05)  # one of them is over
        assert len(keys) == len(rare) + len(often) + 1
        assert not answers.sign_up(connection, NEW._replace(at=NOW + 5.06 * DAY))
        assert answers.sign_up(connection, NEW._replace(at=NOW + 5.15 * DAY))
        answers.forget(connection, None, [NEW.subject])
        assert answers.sign_up(connection, NEW._replace(at=NOW + 5.16 * DAY)), "nothing is kept of who was erased"


def test_too_many_wait(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than may wait the oldest go that had their mail for a day; when all are younger nobody signs up."""
    monkeypatch.setattr(answers, "MOST_UNCONFIRMED", 4)
    for number, at in enumerate((NOW, NOW + 1, NOW + DAY, NOW + DAY)):
        email = f"p{number}@one.example"
        signed_up(place, NEW._replace(email=email, subject=email, at=at), confirmed=False)
    for number, days in ((5, 2.0), (6, 2.0), (7, 1.5)):
        email = f"p{number}@one.example"
        with contextlib.nullcontext() if days > 1.5 else pytest.raises(StoreError, match="4 answers"):
            signed_up(place, NEW._replace(email=email, subject=email, at=NOW + days * DAY - 9), confirmed=False)
    assert [one.email[:2] for one in answered(place / "data")] == ["p2", "p3", "p5", "p6"]
    (alarm,) = of_forms(place / "data")
    assert alarm.text.startswith("4 who signed up by the form newsletter have not confirmed")


def test_the_mta_is_away(place: Path) -> None:
    """The answer waits, and is carried when it is back."""
    signed_up(place)
    tell, clock = Mta(), FakeClock(NOW + 60)
    tell.away = True
    carrier = FormCarrier(config_of(place), tell, clock)
    step(place, tell, carrier=carrier)
    assert answered(place / "data")[0].state == "confirmed"
    tell.away = False
    clock.advance(5)
    step(place, tell, carrier=carrier)
    assert answered(place / "data")[0].state == "taken over"


def test_an_attribute_that_is_gone(place: Path) -> None:
    """What is not known any more is left out, and the rest is taken over."""
    signed_up(place, NEW._replace(values={"gone": "x", "age": "7"}, types=("gone", "offers")))
    step(place, Mta())
    assert known(place, "new@one.example")["attributes"]["age"] == 7


def respond(place: Path, number: int, *, seed: bool = False, **values: str) -> None:
    """Of a reader."""
    new = New("survey", 1, NOW + 100, "en", "", "", ("offers",), values, "")
    with forms(place / "data") as connection:
        answers.respond(connection, new, NUMBER, number, seed=seed)


def test_answers_to_a_mailing(place: Path) -> None:
    """They set what is known of the person, count once for each, stand in lists and timeline, and make a selection."""
    respond(place, 2, age="30")
    respond(place, 2, age="41", member="yes")
    respond(place, 1)
    respond(place, 0, seed=True)
    step(place, Mta())
    assert (counted(place, "survey").filled, counted(place, "survey").responses) == (2, 2)
    person = known(place, PEOPLE[2])
    assert (person["attributes"]["age"], person["attributes"]["member"]) == (41, True)
    assert [(one["event"], one["source"]) for one in person["consent"]] == [("confirmed", "form survey, mailing 7")]
    data_dir = place / "data"
    assert reading(Source(data_dir, NUMBER), 4).responded == 2
    assert count(data_dir, NUMBER) == 2
    with tally_of(data_dir, NUMBER) as tally, audience(data_dir) as connection:
        which = Which(did=Did.RESPONDED)
        assert [one.number for one in recipients(tally, which)] == [1, 2]
        selection, new = select(connection, "Respondents", tally, which, NOW)
        assert (selection.name, new) == ("Respondents", 2)
        events = timeline(tally, 2)
        assert events is not None
        assert [one.text for one in events.events if one.kind == "responded"] == [
            "survey: age: 41, member: yes, offers"
        ]


def test_erased(place: Path) -> None:
    """Who is erased is in no answer any more, confirmed or not, nor in the file."""
    signed_up(place)
    respond(place, 2, age="30")
    step(place, Mta())
    signed_up(place, NEW._replace(at=NOW + 5), confirmed=False)
    assert [one["form"] for one in told(place / "data", known(place, "new@one.example")["id"], [])] == ["newsletter"]
    with audience(place / "data") as connection:
        for who in ("new@one.example", PEOPLE[2]):
            forgetting.erase(connection, place / "data", Mta(), who, By("anna", NOW, "asked"))
    assert answered(place / "data") == answered(place / "data", "survey") == []
    assert counted(place, "newsletter")[1:] == (2, 1, 0, None)
    for file in (place / "data" / "campaign").glob("forms.sqlite*"):
        assert b"new@one.example" not in file.read_bytes()


def test_an_address_that_complained(tmp_path: Path) -> None:
    """A real MTA sends it no mail, and the answer says why; another gets its mail once, however often it is told."""

    async def story() -> None:
        async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
            put(tmp_path / "data", NEWSLETTER)
            tell = partial(ask, tmp_path / "run")
            row = {"address": "new@one.example", "cause": "complaint", "type": "", "source": "test"}
            await asyncio.to_thread(tell, "suppress.enter", rows=[row])
            carrier = FormCarrier(config_of(tmp_path), tell, daemon.clock)
            with forms(tmp_path / "data") as connection:
                for email in ("new@one.example", "other@one.example"):
                    answers.sign_up(connection, NEW._replace(email=email, subject=email, at=daemon.clock.time()))
                for _ in range(2):
                    await asyncio.to_thread(carrier.step, connection)
                    connection.execute("UPDATE answer SET mailed = NULL")  # as if killed before it was noted
            await daemon.quiet(sink)
            assert [[*one.recipients] for one in sink.messages] == [["other@one.example"]]
            assert [one.state for one in answered(tmp_path / "data")] == ["no mail sent", "waits for the link"]
            with forms(tmp_path / "data") as connection:
                connection.execute("UPDATE answer SET mailed = 1")
                for _ in range(MAILS):  # while it is about to go, it is one mail
                    answers.ask_again(connection, 2, daemon.clock.time())
                await asyncio.to_thread(carrier.step, connection)
            await daemon.quiet(sink)
            assert [[*one.recipients] for one in sink.messages] == [["other@one.example"]] * 2

    asyncio.run(story())
