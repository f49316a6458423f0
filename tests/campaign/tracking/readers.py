"""An installation with one mailing that was delivered, its links, and the people who read it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from postduif import recipient_token
from postduif.bounce import keyring
from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import save
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.database import transaction
from postduif.campaign.tracking.connection import tracking
from postduif.campaign.tracking.links import TrackedLink, write
from postduif.campaign.tracking.visit import Visit
from postduif.config.schema import Config
from postduif.queue import directory
from postduif.queue.connection import FILE_NAME as QUEUE
from postduif.queue.connection import connect_writer
from postduif.queue.mailing import Terms, directory_of
from tests.campaign.results.made import happens
from tests.stories.mailings import handed_over

NUMBER = 7
NOW = 1_800_000_000.0
PEOPLE = ("ann@one.example", "bob@one.example", "cleo@one.example", "dirk@one.example")
LINKS = (
    TrackedLink(1, ("https://shop.example/",), "https://shop.example/", "shop", "", "html", 1),
    TrackedLink(2, ("https://shop.example/for/", "?x=1"), "https://shop.example/for/{{ name }}?x=1", "", "", "html", 2),
    TrackedLink(3, ("http://news.example/a%20b",), "http://news.example/a%20b", "", "", "text", 3),
)
NEWS = SubscriptionType("news", "the weekly news", "Every Friday.", everybody=True, confirm=False)
OFFERS = SubscriptionType("offers", "offers", "", everybody=False, confirm=True)


def config_of(directory_: Path) -> Config:
    """With pages for readers."""
    server = {"hostname": "mta.sender.example", "data_dir": f"{directory_}/data", "run_dir": f"{directory_}/run"}
    web = {"public_url": "https://news.sender.example", "public_address": "127.0.0.1:0"}
    return Config.model_validate({"server": server, "web": web})


def people_and_types(data_dir: Path) -> None:
    """Contacts 1 and on, two types of mail."""
    with audience(data_dir) as connection, transaction(connection):
        for one in (NEWS, OFFERS):
            subscriptions.save_type(connection, one)
        for email in PEOPLE:
            save(connection, email, {"name": email.partition("@")[0].title()}, NOW - 1e6, "hand", "test")


def mailing(data_dir: Path, *, delivered: bool = True, links: Sequence[TrackedLink] = LINKS) -> None:
    """Number 7 of type news, sent to all of them; recipient N is contact N + 1."""
    directory.prepare(data_dir)
    people_and_types(data_dir)
    handed_over(data_dir, NUMBER, PEOPLE, NOW - 3600, terms=Terms(mail_type="news"))
    write(directory_of(data_dir, NUMBER), tuple(links))
    if delivered:
        with contextlib.closing(connect_writer(directory_of(data_dir, NUMBER) / QUEUE)) as connection:
            for number in range(len(PEOPLE)):
                happens(connection, number, "delivered", NOW)


def token(data_dir: Path, number: int, mailing_: int = NUMBER) -> str:
    """Of that recipient."""
    keys = keyring.load(data_dir / recipient_token.KEY_FILE, create=True)
    return recipient_token.make(keys[0], mailing_, number)


def visit(number: int, after: float, kind: str = "click", link: int = 0, machine: str = "") -> Visit:
    """So many seconds after the delivery."""
    return Visit(NOW + after, NUMBER, number, kind, link, "firefox", machine)


def note(data_dir: Path, visits: Sequence[Visit]) -> None:
    """As the pages write them."""
    with tracking(data_dir) as connection, transaction(connection):
        connection.executemany("INSERT INTO visit VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", visits)


@contextlib.contextmanager
def on_file(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """Visits and wishes."""
    with tracking(data_dir) as connection:
        yield connection
