"""Who filled in a form gets the mailing of its template, once, with links of their own; nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postduif.campaign.audience.connection import audience
from postduif.campaign.forms import answers, responding, store
from postduif.campaign.forms.answers import DAY, New
from postduif.campaign.forms.carrying import FormCarrier
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.form import FormFault
from postduif.campaign.forms.responding import APART, FAR_APART, KEPT, MANY
from postduif.campaign.forms.responses import count
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import Filter, find, listed
from postduif.campaign.mailings.record import Draft, State
from postduif.campaign.tracking.links import links_of
from postduif.config.schema import Web
from postduif.sink import Sink
from tests.campaign.forms.made import NEWSLETTER, SURVEY, answered, put
from tests.campaign.forms.test_carrying import NEW, Mta, respond, signed_up, step
from tests.campaign.installation import CONTENT, FEW_RULES, NOW, WHO, Installation
from tests.campaign.tracking.readers import NOW as DELIVERED
from tests.campaign.tracking.readers import NUMBER, config_of, mailing
from tests.dns_server import DnsServer
from tests.fakes import FakeClock
from tests.stories.daemon import Daemon
from tests.stories.roads import to
from tests.stories.test_campaign import Scene
from tests.stories.test_returned import SETTINGS
from tests.stories.test_tracked import PUBLIC, WEB

TEMPLATE = 1


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """With a mailing that was delivered, and a template that both forms answer with."""
    tmp_path.chmod(0o700)
    data_dir = config_of(tmp_path).server.data_dir
    mailing(data_dir)
    with mailings(data_dir) as connection:
        draft = Draft("Thanks", content='{"subject": "Thanks"}', tags=("2026",))
        editing.create(connection, draft, ("default",), By(WHO, NOW), template=True)
    put(data_dir, *(replace(one, response=TEMPLATE) for one in (NEWSLETTER, SURVEY)))
    return tmp_path


def made(place: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Name and people of the mailings that were made, the oldest first."""
    with mailings(place / "data") as connection:
        numbers = [one.number for one in listed(connection, Filter(states=(State.PLANNED,)))]
        found = [find(connection, number) for number in reversed(numbers)]
    assert all(one.next is not None and one.draft.tags[0] == "2026" for one in found)
    return [(one.draft.tags[1], one.draft.target.persons) for one in found]


def test_once(place: Path) -> None:
    """All who wait are in one mailing, whatever was killed; those who come soon after are in the next, later."""
    signed_up(place)
    signed_up(place, NEW._replace(email="b@one.example", subject="b@one.example", at=DELIVERED + 2))
    respond(place, 2, age="30")
    respond(place, 0, seed=True)
    signed_up(place, NEW._replace(email="c@one.example", subject="c@one.example", at=DELIVERED + 3), confirmed=False)
    clock = FakeClock(DELIVERED + 60)
    step(place, Mta(), clock)
    first = [("form newsletter", ("#5", "#6")), ("form survey", ("#3",))]
    assert made(place) == first
    for forgotten in ("UPDATE response SET mailing = NULL", "UPDATE answer SET done = NULL"):
        with forms(place / "data") as connection:
            connection.execute(forgotten)  # as if killed before it was noted
        step(place, Mta(), clock)
        assert made(place) == first
    signed_up(place, NEW._replace(email="d@one.example", subject="d@one.example", at=DELIVERED + 70))
    step(place, Mta(), clock)
    assert made(place) == first
    clock.advance(APART)
    step(place, Mta(), clock)
    *before, (form, people) = made(place)
    assert (before, form, len(people)) == (first, "form newsletter", 1)


def test_who_answers_again(place: Path) -> None:
    """Within a day they get no second mail for it; nobody does who was taken over while forms could not respond."""
    clock = FakeClock(DELIVERED + 200)
    respond(place, 2, age="30")
    step(place, Mta(), clock)
    clock.advance(APART)
    respond(place, 2, age="31")
    step(place, Mta(), clock)
    assert made(place) == [("form survey", ("#3",))]
    with forms(place / "data") as connection:
        connection.execute("UPDATE answer SET response = 0")
    step(place, Mta(), clock)
    strict = config_of(place).model_copy(update={"web": Web(public_url=PUBLIC, approval=True)})
    respond(place, 1, age="7")
    step(place, Mta(), clock, FormCarrier(strict, Mta(), clock))
    again = New("survey", 1, DELIVERED + 100 + DAY, "en", "", "", (), {"age": "32"}, "")
    with forms(place / "data") as connection:
        answers.respond(connection, again, 7, 2, seed=False)
    step(place, Mta(), clock)
    assert made(place) == [("form survey", ("#3",))] * 2


def test_a_template_that_is_gone(place: Path) -> None:
    """They wait, and get it as soon as the form has another; a form without one sends nothing more."""
    with mailings(place / "data") as connection:
        connection.execute("DELETE FROM mailing WHERE template")
    with pytest.raises(FormFault, match="no mailing 1"):
        responding.see_template(place / "data", TEMPLATE)
    clock = FakeClock(DELIVERED + 60)
    carrier = FormCarrier(config_of(place), Mta(), clock)
    signed_up(place)
    respond(place, 2, age="30")
    step(place, Mta(), clock, carrier)
    assert made(place) == []
    with mailings(place / "data") as connection:
        editing.create(connection, Draft("Other", tags=("2026",)), ("default",), By(WHO, NOW), template=True)
    with forms(place / "data") as connection:
        store.change(connection, replace(NEWSLETTER, response=2), 1, "anna", NOW)
        store.change(connection, SURVEY, 1, "anna", NOW)
    clock.advance(100)
    step(place, Mta(), clock, carrier)
    assert made(place) == [("form newsletter", ("#5",))]


def test_answers_again_while_it_waits(place: Path) -> None:
    """They are in that mailing, once, with the others; who was erased before they were taken over is in none."""
    with mailings(place / "data") as connection:
        connection.execute("UPDATE mailing SET template = 0, number = 9")
    clock = FakeClock(DELIVERED + 200)
    respond(place, 1, age="7")
    respond(place, 2, age="30")
    step(place, Mta(), clock)
    respond(place, 2, age="31")
    respond(place, 3, age="60")
    with audience(place / "data") as people:
        people.execute("DELETE FROM contact WHERE id = 4")
    with mailings(place / "data") as connection:
        connection.execute("UPDATE mailing SET template = 1, number = 1")
    with forms(place / "data") as connection:
        for one in responding.gather(connection, clock.time()):
            responding.respond(connection, place / "data", one, clock.time())
    clock.advance(APART)
    step(place, Mta(), clock)
    assert made(place) == [("form survey", ("#2", "#3"))]
    assert [(one.contact, one.values) for one in answered(place / "data", "survey")] == [
        (2, {"age": "7"}),
        (3, {"age": "31"}),
        (0, {}),
    ]
    assert count(place / "data", NUMBER) == 3


def test_a_busy_form(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After many in a day they come an hour apart, unless there are people for a whole one; old notes of them go."""
    now = DELIVERED + 200
    signed_up(place)
    with forms(place / "data") as connection:
        connection.execute("UPDATE answer SET response = -1, done = 1, contact = 5")
        old = [("newsletter", now - KEPT - 1, 1)] * 2
        today = [("newsletter", now - number, 1) for number in range(MANY)]
        connection.executemany("INSERT INTO response (form, at, mailing) VALUES (?, ?, ?)", old + today)
        responding.tidy(connection, now)
        assert connection.execute("SELECT min(id) FROM response").fetchone() == (3,)
        assert responding.gather(connection, now + APART) == []
        with monkeypatch.context() as few:
            few.setattr(responding, "TOGETHER", 1)
            (full,) = responding.gather(connection, now + APART)
        connection.execute("DELETE FROM response WHERE id = ?", (full.id,))
        connection.execute("UPDATE answer SET response = -1")
        assert len(responding.gather(connection, now + FAR_APART)) == 1


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """Knows nobody."""
    with DnsServer() as server:
        yield server


def test_it_comes(tmp_path: Path, dns: DnsServer) -> None:
    """A real daemon delivers it: tracked, with its way to unsubscribe, to that person alone."""
    asyncio.run(_it_comes(tmp_path, dns))


async def _it_comes(tmp_path: Path, dns: DnsServer) -> None:
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS + WEB, FakeClock(NOW)) as daemon:
        place = Installation(tmp_path, dns, [])
        place.config = place.config.model_copy(update={"web": Web(public_url=PUBLIC)})
        content = replace(CONTENT, body='<a href="https://shop.example/a">{{ name }}</a>')
        template = place.mailing(content, typology=FEW_RULES).number
        with mailings(place.data_dir) as connection:
            connection.execute("UPDATE mailing SET template = 1")
        put(place.data_dir, replace(NEWSLETTER, types=(), response=template))
        with forms(place.data_dir) as connection:
            answers.sign_up(connection, NEW._replace(types=(), at=NOW))
            connection.execute("UPDATE answer SET mailed = 1, confirmed = ?", (NOW,))
            await asyncio.to_thread(FormCarrier(place.config, Mta(), daemon.clock).step, connection)
        scene = Scene(place, daemon, sink)
        await scene.until(template + 1, State.FINISHED)
        (mail,) = sink.messages
        assert mail.recipients == ("new@one.example",)
        assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in mail.content
        assert f"{PUBLIC}/c/".encode() in mail.content
        assert [one.url for one in links_of(place.data_dir, template + 1)] == ["https://shop.example/a"]
