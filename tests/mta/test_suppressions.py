"""What the end of a mail does to its recipient."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from postduif.address import parse
from postduif.config.schema import Config, Queue
from postduif.envelope import Entry, Envelope, Recipient
from postduif.mta.queue_tables import EXTENSIONS
from postduif.mta.suppressions import Suppressions
from postduif.mta.verdict import Circumstances, expired
from postduif.queue.store import Store
from postduif.reply import Reply
from tests.fakes import FakeClock

HOST = "mx.one.example"


@pytest.mark.parametrize(
    ("last", "counts"),
    [
        (Reply(450, "4.1.1", "unverified address", HOST), True),
        (Reply(452, "4.2.2", "mailbox full", HOST), True),
        (Reply(450, "4.2.1", "this mailbox is disabled for now", HOST), True),
        (Reply(451, "4.0.0", "please dance first", HOST), False),
        (Reply(450, "4.1.8", "sender address rejected: domain not found", HOST), False),
        (Reply(451, "4.3.0", "try again later", HOST), False),
        (Reply(421, "4.4.1", "no answer"), False),
        (None, False),
    ],
    ids=lambda one: str(one),
)
def test_what_outlived_its_lifetime(tmp_path: Path, last: Reply | None, counts: bool) -> None:
    """It is a soft error only if the last reply was about the address: else it may have answered MAIL."""
    assert asyncio.run(_counts(tmp_path, last)) is counts


async def _counts(tmp_path: Path, last: Reply | None) -> bool:
    clock = FakeClock()
    store = Store.open(tmp_path / "queue", Queue(disk_reserve=0), clock, EXTENSIONS)
    try:
        config = Config.model_validate({"server": {"hostname": "mta.example.com", "data_dir": tmp_path}})
        suppressions = await Suppressions.load(store, config, clock)
        recipient = Recipient(parse("a@one.example"), id=1, last_reply=last)
        entry = Entry(Envelope(parse("app@shop.example"), [recipient], id=7), recipient)
        outcome = expired(entry, Circumstances("mx.one.example", clock.time(), 0.5))
        return suppressions.task([outcome]) is not None
    finally:
        await store.close()
