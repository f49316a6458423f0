"""The mail as a page: for who is still known, and never a danger."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.audience.attributes import Kind, declare_collection
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.erasing import erase
from postduif.campaign.audience.upsert import Child, put_children
from postduif.campaign.database import transaction
from postduif.campaign.preparing.doing import do_prepare
from postduif.campaign.preparing.places import Places
from postduif.campaign.results.opening import opened
from postduif.campaign.results.people import everybody
from postduif.campaign.results.tally import Tally
from postduif.config.schema import Config
from postduif.mta.merge.content import Attachment
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import directory_of
from postduif.queue.mailing_file import hand_over
from tests.campaign.installation import FEW_RULES, NOW, Content, Installation, Mailbox, Spec
from tests.campaign.public.served import Served, serving
from tests.campaign.tracking.readers import token
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

HTML = "<html><body><p>Dear {{ name }},</p><script>alert(1)</script><p>Hello.</p></body></html>"


@contextlib.contextmanager
def prepared(directory: Path, html: str, images: tuple[Attachment, ...] = (), of: str = "") -> Iterator[Served]:
    """The pages, and mailing 1 that was really prepared and handed over, to Ann and Bob, or to their records."""
    with DnsServer() as dns:
        made = Installation(directory, dns, ["ann@one.example", "bob@one.example"])
        if of:
            with audience(made.data_dir) as connection:
                with transaction(connection):
                    orders = declare_collection(connection, of, "number", Kind.NUMBER)
                records = [Child("ann@one.example", own, own, (n,)) for n, own in ((1, None), (2, "ann@two.example"))]
                with transaction(connection):
                    put_children(connection, orders, ['"a_number"'], records, NOW)
        content = Content("For {{ name }}", Mailbox("news@sender.example", "The News"), body=html, attachments=images)
        target = Spec(condition="id > 0", collection=of)
        mailing = made.begun(made.mailing(content, target, typology=FEW_RULES))
        do_prepare(made.config, mailing.number, "anna", FakeClock(NOW))
        places = Places(made.data_dir)
        hand_over(places.prepared(mailing.number), made.data_dir, at=NOW, expires_at=NOW + 9e4, waves=())
        config = Config.model_validate(
            made.config.model_dump(exclude_unset=True) | {"web": {"public_url": "https://news.sender.example"}}
        )
        with serving(config, FakeClock(NOW + 600)) as pages:
            yield pages


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[Served, int]]:
    """A mailing to Ann and Bob, by its number."""
    with prepared(tmp_path, HTML) as pages:
        yield pages, 1


def number_of(pages: Served, address: str) -> int:
    """In mailing 1."""
    with opened(pages.data_dir, 1) as connection:
        return next(one.number for one in everybody(Tally(connection)) if one.address == address)


def test_as_it_is_now(shown: tuple[Served, int]) -> None:
    """It is merged with what is known of the reader now, also when all is delivered; whatever is in it runs nothing."""
    pages, mailing = shown
    path = f"/w/{token(pages.data_dir, number_of(pages, 'ann@one.example'), mailing)}"
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


def test_records_and_images(tmp_path: Path) -> None:
    """Of a mailing to child records each shows its own; the images of the mail are in it."""
    image = Attachment("dot.png", "image/png", b"PNG", "dot@sender.example")
    html = "<html><body><p>Order {{ orders.number }}.</p><img src='cid:dot@sender.example'></body></html>"
    with prepared(tmp_path, html, (image,), "orders") as pages:
        for address, order in (("ann@one.example", 1), ("ann@two.example", 2)):
            text = pages.ask(f"/w/{token(pages.data_dir, number_of(pages, address), 1)}").text
            assert f"Order {order}." in text
            assert "data:image/png;base64,UE5H" in text
            assert "cid:" not in text


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
