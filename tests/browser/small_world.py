"""A small installation with fixed people, mailings, results and a clock that stands still: for pictures of the pages.

Mailings are prepared as the campaign prepares them. What the MTA did, who read what and what it says of the last hour
are written here, with chance from a fixed seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from postduif.campaign.accounts import people as persons
from postduif.campaign.accounts.roles import Role
from postduif.campaign.audience import attributes, contacts, selections, subscriptions
from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.content import draft as content
from postduif.campaign.database import transaction
from postduif.campaign.mailings import editing, occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.preparing.doing import do_prepare
from postduif.campaign.preparing.places import Places
from postduif.campaign.tracking.visit import Visit
from postduif.clock import SystemClock
from postduif.demo import mailing as demo
from postduif.demo.letters import DOMAIN
from postduif.demo.people import people
from postduif.demo.workshop import BOUNCES, DKIM, KEYS, make_keys
from postduif.demo.zone import records, serving
from postduif.mta.control import Control
from postduif.mta.merge.content import Mailbox
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import directory_of
from postduif.queue.mailing_file import hand_over
from tests.campaign.results.made import happens
from tests.campaign.tracking.readers import note
from tests.web_world import Pages

NOW = 1_792_054_800.0  # 2026-10-15 09:00 UTC, a Thursday
DAY, HOUR = 86400.0, 3600.0
PEOPLE = 1200
HOST = {
    "host": "mx1.example.net[192.0.2.25]:25",
    "remote_mta": "mx1.example.net",
    "tls": "TLSv1.3 TLS_AES_256_GCM_SHA384",
}
TYPOLOGY = '{"levels": {"pages_silent": "off"}}'  # nothing listens at the address of the readers' pages
TAKEN = {"code": 250, "enhanced": "2.0.0", "text": "Ok, queued", **HOST}
GONE = {"code": 550, "enhanced": "5.1.1", "text": "no such user here", "category": "recipient_unknown", **HOST}
LATER = {"code": 451, "enhanced": "4.7.1", "text": "greylisted, try again later", "category": "greylisted", **HOST}
CLOSED = {"code": 550, "enhanced": "5.2.1", "text": "account is closed", "category": "recipient_disabled"}


class Event(NamedTuple):
    """What the MTA wrote down."""

    at: float
    recipient: int
    kind: str
    said: dict[str, Any]


class StillClock(SystemClock):
    """It is always the same moment; only waiting takes time."""

    def time(self) -> float:
        """Seconds since the epoch."""
        return NOW


@contextlib.contextmanager
def small_world(directory: Path) -> Iterator[Pages]:
    """Pages with all of it."""
    keys = make_keys(directory)
    zone = records(DOMAIN, "mta.sender.example", BOUNCES, keys) | {(f"news.{DOMAIN}", "A"): "192.0.2.10"}
    settings = "".join(DKIM.format(domain=DOMAIN, selector=one, directory=directory) for one in KEYS)
    settings += f'[bounce]\ndomain = "{BOUNCES}"\n'
    with _beside(directory / "run", zone) as names:
        settings += f'[dns]\nnameservers = ["127.0.0.1:{names}"]\n'
        web = f'public_url = "https://news.{DOMAIN}"'
        with Pages(directory, settings, StillClock(), web=web) as pages:
            _people(pages)
            _mailings(pages)
            yield pages


@contextlib.contextmanager
def _beside(run_dir: Path, zone: dict[tuple[str, str], str]) -> Iterator[int]:
    """A name server, whose port is returned, and an MTA that says what was written here."""
    ready, over, port = threading.Event(), threading.Event(), [0]

    async def serve() -> None:
        async with serving(zone) as port[0]:
            control = Control(run_dir, {name: _answer(said) for name, said in _said().items()})
            await control.start()
            ready.set()
            await asyncio.to_thread(over.wait)
            await control.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(60)
    try:
        yield port[0]
    finally:
        over.set()
        thread.join()


def _answer(said: object) -> Any:
    async def answer(_: dict[str, Any]) -> object:
        return said

    return answer


def _said() -> dict[str, object]:
    minutes, random = [], Random(1)
    for back in range(60, 0, -1):
        busy = 1 / (1 + math.exp((back - 19) / 2))  # a mailing began twenty minutes ago
        delivered = int((1500 * busy + 240) * (0.9 + random.random() / 5))
        minutes.append(
            {
                "at": NOW - 60 * back,
                "received": int(delivered * 0.97) + random.randrange(90),
                "delivered": delivered,
                "deferred": random.randrange(30, 110),
                "failed": random.randrange(4, 12),
            }
        )
    lately = {name: minutes[-1][name] for name in ("received", "delivered", "deferred", "failed")}
    hour: dict[str, object] = {
        "since": NOW - 9 * DAY,
        "hour": {name: sum(one[name] for one in minutes) for name in lately},
        "minutes": minutes,
        "lately": lately,
        "seconds": 60.0,
        "queued": 1_284,
        "under_way": 96,
        "disk_free": 61_000_000_000,
        "full": False,
        "trouble": "",
    }
    sums = {"total": 1_284, "held": 0, "due": 212, "under_way": 96}
    nothing = ("queue.holds", "site.list", "site.suspended", "webhook.list")
    erasing = {"addresses": 0, "since": None, "failed": {}}
    return {"live.hour": hour, "queue.sums": sums, "suppress.erasing": erasing, **{name: [] for name in nothing}}


def _people(pages: Pages) -> None:
    by = By("anna", NOW - 30 * DAY)
    with pages.desk.accounts() as connection:
        for name, title, role in (("pieter", "Pieter Bos", Role.SENDER), ("maria", "Maria Vos", Role.EDITOR)):
            persons.add(connection, name, title, role, by)
    with audience(pages.desk.data_dir) as connection, transaction(connection):
        attributes.declare(connection, "city", Kind.TEXT, "City")
        type_ = SubscriptionType("newsletter", "Pigeon news", "Once a month.", everybody=True, confirm=True)
        subscriptions.save_type(connection, type_)
        ids = [
            contacts.save(connection, one.email, {"name": one.name, "city": one.city}, NOW - 20 * DAY, "import", "fair")
            for one in people(PEOPLE + 60)
            if "@" in one.email
        ]
        readers = selections.create(connection, "Readers", SelectionKind.STATIC, NOW - 20 * DAY)
        selections.add_members(connection, readers, ids[:PEOPLE], NOW - 20 * DAY)
        for city in ("Utrecht", "Zwolle"):
            selections.create(connection, f"In {city}", SelectionKind.DYNAMIC, NOW - 9 * DAY, f'city = "{city}"')


def _mailings(pages: Pages) -> None:
    source = Path(demo.__file__).with_name("templates").joinpath("news.mjml").read_text(encoding="utf-8")
    written = content.Draft(
        "{{ name }}, the pigeons are back",
        Mailbox(f"news@{DOMAIN}", "Pigeon news"),
        source,
        "mjml",
        preheader="Where they have been",
        list_id=f"news.{DOMAIN}",
    )
    target = Spec(selections=("Readers",), mail_type="newsletter")
    draft = Draft(
        "Autumn news",
        target=target,
        content=content.written(written).decode(),
        typology=TYPOLOGY,
        folder="News",
        tags=("2026",),
    )
    utrecht = target._replace(selections=("In Utrecht",))
    with mailings(pages.desk.data_dir) as connection:
        for name, whom, before, who in (
            ("September news", target, 32 * DAY, "anna"),
            ("Autumn news", target, 26 * HOUR, "anna"),
            ("Open lofts in Utrecht", utrecht, 2 * HOUR, "pieter"),
            ("Winter news", target, 3 * HOUR, "maria"),
            ("Members' evening", utrecht, 5 * HOUR, "pieter"),
            ("For newcomers", utrecht, 6 * HOUR, "maria"),
        ):
            editing.create(
                connection, draft._replace(name=name, target=whom), ["default"], By(who, NOW - before - HOUR)
            )
        _spoil(connection, 6)
        for number, ago in ((1, 31 * DAY), (2, 24 * HOUR), (3, 300.0), (5, 0.0), (6, 0.0)):
            running.prepare(connection, find(connection, number), By("anna", NOW - ago - 600))
            do_prepare(pages.desk.config, number, "anna", pages.desk.clock)
            if ago:
                _sent(pages, connection, number, NOW - ago)
        when = Schedule(datetime.datetime(2026, 10, 19, 9, 30), "Europe/Amsterdam")  # noqa: DTZ001  a local time has no zone
        occasions.schedule(connection, find(connection, 5), when, By("pieter", NOW - HOUR))


def _spoil(connection: Any, number: int) -> None:
    """Mistakes in it, for the checks to find."""
    seen = find(connection, number)
    wrong = seen.draft.content.replace(f"news@{DOMAIN}", "news@elsewhere.example").replace("Dear {{ name }}", "Dear")
    wrong = wrong.replace("{{ unsubscribe_url }}", "https://www.postduif.example/").replace("the pigeons", "FREE FREE")
    editing.edit(connection, seen, seen.draft._replace(content=wrong), ["default"], By("maria", NOW - 4 * HOUR))


def _sent(pages: Pages, connection: Any, number: int, at: float) -> None:
    """Begun then; all that has happened until now."""
    data_dir, by = pages.desk.data_dir, By("pieter", at)
    seen = running.started(connection, running.send(connection, find(connection, number), by), by)
    hand_over(Places(data_dir).prepared(number), data_dir, at=at, expires_at=at + 5 * DAY, waves=())
    random, lasts = Random(number), 0.7 * HOUR if at < NOW - HOUR else 500.0
    events, visits = list[Event](), list[Visit]()
    with contextlib.closing(connect_writer(directory_of(data_dir, number) / FILE_NAME)) as writer:
        writer.execute("PRAGMA synchronous = OFF")
        for (one,) in writer.execute("SELECT id FROM recipient ORDER BY id").fetchall():
            recipient = one - (number << 24)
            found = list(_events(random, recipient, at + 20 + random.random() ** 1.4 * lasts))
            events += found
            if taken := next((event.at for event in found if event.kind == "delivered"), 0.0):
                visits += _visits(random, number, recipient, taken)
        happened = sorted((one for one in events if one.at < NOW), key=lambda one: one.at)
        for event in happened:
            happens(writer, event.recipient, event.kind, event.at, to=number, **event.said)
    note(data_dir, [one for one in sorted(visits) if one.at < NOW])
    if at < NOW - HOUR:
        ended = max(one.at for one in happened if one.kind in ("delivered", "failed"))
        running.finish(connection, seen, By("campaign", ended))


def _events(random: Random, recipient: int, at: float) -> Iterator[Event]:
    if random.random() < 0.06:
        yield Event(at, recipient, "deferred", LATER)
        at += 900
    if random.random() < 0.017:
        yield Event(at, recipient, "failed", GONE)
        return
    yield Event(at, recipient, "delivered", TAKEN)
    chance, later = random.random(), at + random.expovariate(1 / 9000)
    if chance < 0.016:
        kind = "bounced" if chance < 0.004 else "complained" if chance < 0.005 else "unsubscribed"
        yield Event(later, recipient, kind, CLOSED if kind == "bounced" else {})


def _visits(random: Random, number: int, recipient: int, taken: float) -> Iterator[Visit]:
    if random.random() < 0.14:
        yield Visit(taken + 1, number, recipient, "open", 0, "apple-privacy", "proxy")
    if random.random() < 0.05:
        for link in (1, 2, 3):
            yield Visit(taken + link / 9, number, recipient, "click", link, "mail-scanner", "scanner")
    if random.random() > 0.43:
        return
    agent = random.choice(("gmail", "apple-mail", "outlook", "thunderbird", "chrome", "safari"))
    opened = taken + 40 + random.expovariate(1 / 14_000)
    yield Visit(opened, number, recipient, "open", 0, agent, "")
    if random.random() < 0.31:
        link = random.choices((1, 2, 3), (6, 3, 2))[0]
        yield Visit(opened + 5 + random.random() * 90, number, recipient, "click", link, agent, "")
