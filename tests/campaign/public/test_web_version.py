"""The mail as a page: for who is still known, and never a danger."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.erasing import erase
from postduif.campaign.database import transaction
from postduif.campaign.preparing.doing import do_prepare
from postduif.campaign.preparing.places import Places
from postduif.campaign.results.opening import opened
from postduif.campaign.results.people import everybody
from postduif.campaign.results.tally import Tally
from postduif.config.schema import Config
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import directory_of
from postduif.queue.mailing_file import hand_over
from tests.campaign.installation import FEW_RULES, NOW, Content, Installation, Mailbox
from tests.campaign.public.served import Served, serving
from tests.campaign.tracking.readers import token
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

HTML = "<html><body><p>Dear {{ name }},</p><script>alert(1)</script><p>Hello.</p></body></html>"


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[Served, int]]:
    """A mailing that was really prepared and handed over, to Ann and Bob."""
    with DnsServer() as dns:
        made = Installation(tmp_path, dns, ["ann@one.example", "bob@one.example"])
        content = Content("For {{ name }}", Mailbox("news@sender.example", "The News"), body=HTML)
        mailing = made.begun(made.mailing(content, typology=FEW_RULES))
        do_prepare(made.config, mailing.number, "anna", FakeClock(NOW))
        places = Places(made.data_dir)
        hand_over(places.prepared(mailing.number), made.data_dir, at=NOW, expires_at=NOW + 9e4, waves=())
        config = Config.model_validate(
            made.config.model_dump(exclude_unset=True) | {"web": {"public_url": "https://news.sender.example"}}
        )
        with serving(config, FakeClock(NOW + 600)) as pages:
            yield pages, mailing.number


def test_as_it_is_now(shown: tuple[Served, int]) -> None:
    """It is merged with what is known of the reader now, also when all is delivered; whatever is in it runs nothing."""
    pages, mailing = shown
    with opened(pages.data_dir, mailing) as connection:
        numbers = {one.address: one.number for one in everybody(Tally(connection))}
    path = f"/w/{token(pages.data_dir, numbers['ann@one.example'], mailing)}"
    with contextlib.closing(connect_writer(directory_of(pages.data_dir, mailing) / FILE_NAME)) as writer:
        writer.execute("DELETE FROM recipient")  # all are delivered: message and body leave the queue with the last
        assert writer.execute("SELECT count(*) FROM body").fetchone() == (0,)
    assert "Dear Ann," in pages.ask(path).text
    with audience(pages.data_dir) as connection, transaction(connection):
        connection.execute("UPDATE contact SET name = 'Anna <b>' WHERE email = 'ann@one.example'")
    found = pages.ask(path)
    assert "Dear Anna &lt;b&gt;," in found.text
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert pages.visits(2)[0][1] == "web"


def test_nobody_any_more(shown: tuple[Served, int]) -> None:
    """Of a person who was erased, or a mailing without a record, there is 410."""
    pages, mailing = shown
    path = f"/w/{token(pages.data_dir, 0, mailing)}"
    assert pages.ask(path).status == 200
    with audience(pages.data_dir) as connection:
        for contact, address in enumerate(("ann@one.example", "bob@one.example"), 1):
            erase(connection, contact, [address])
    assert pages.ask(path).status == 410
    assert pages.ask(f"/w/{token(pages.data_dir, 0, mailing + 1)}").status == 410
