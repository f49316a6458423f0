"""A target is the same whether this process reads it or another."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.bounce.address_state import Event, What
from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.selections import SelectionKind, create
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.target import CHUNK, target
from postduif.campaign.audience.target_ahead import ahead
from postduif.campaign.audience.upsert import Person, put_people
from postduif.campaign.database import transaction
from postduif.errors import StoreError
from tests.campaign.audience.people import NOW, a_suppression_list

SPEC = Spec(condition="id > 1", exclude_selections=("few",), exclude_domains=("two.example",), mail_type="NEWS")
COUNT = CHUNK + 10


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """With more people than one chunk; to some of them there is something against."""
    a_suppression_list(tmp_path, [Event("p9@one.example", What.UNSUBSCRIBE, NOW, type="news")])
    addresses = [f"p{number}@{'two' if number % 7 == 0 else 'one'}.example" for number in range(COUNT)]
    with audience(tmp_path) as connection:
        put_people(connection, ("name",), [Person(one, one, "", ("Zoë",)) for one in addresses], NOW)
        with transaction(connection):
            subscriptions.save_type(connection, SubscriptionType("news", "News", "", everybody=True, confirm=False))
            create(connection, "few", SelectionKind.DYNAMIC, NOW, "email starts with 'p5'")
    return tmp_path


def test_the_same_people(data_dir: Path) -> None:
    """With the same values and causes, in the same order, chunk after chunk."""
    with audience(data_dir) as connection, suppression_link(data_dir) as link:
        found = target(connection, data_dir, link, SPEC, NOW)
        with ahead(connection, data_dir, SPEC, NOW) as recipients:
            there = list(recipients(("name", "email")))
        assert there == list(found.recipients(("name", "email")))
    causes = {one.cause for one in there}
    assert (len(there), causes) == (COUNT - 1, {"", "excluded_selection", "excluded_domain", "unsubscribed"})


def test_it_says_what_is_wrong(data_dir: Path) -> None:
    """In words of ours; and when it is killed that is said, and nobody takes what came for everything."""
    with audience(data_dir) as connection, suppression_link(data_dir) as link:
        target(connection, data_dir, link, SPEC, NOW)
        with ahead(connection, data_dir, SPEC, NOW) as recipients, pytest.raises(StoreError, match="no attribute 'x'"):
            next(recipients(("x",)))
        with ahead(connection, data_dir, SPEC, NOW) as recipients:
            stream = recipients(("name",))
            next(stream)
            (pid,) = children()
            subprocess.run(["kill", "-9", str(pid)], check=True)
            with pytest.raises(StoreError, match="ended with -9"):
                list(stream)


def test_it_is_gone_afterwards(data_dir: Path) -> None:
    """Whoever does not want the rest leaves no process behind."""
    with audience(data_dir) as connection, suppression_link(data_dir) as link:
        target(connection, data_dir, link, SPEC, NOW)
        with ahead(connection, data_dir, SPEC, NOW) as recipients:
            next(recipients(()))
            assert len(children()) == 1
        assert children() == []


def children() -> list[int]:
    """Processes that read a target for this one; other tests may have begun others."""
    own = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    return [int(pid) for pid in own if b"target_worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]
