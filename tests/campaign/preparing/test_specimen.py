"""One person's message, before anything is prepared."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.content.draft import Draft, read
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.specimen import Somebody, proof, somebody
from postduif.config.schema import Web
from postduif.mta.merge.content import Mailbox
from postduif.recipient_token import SAMPLE
from tests.campaign.installation import NOW, Installation
from tests.dns_server import DnsServer

PEOPLE = ("ann@example.com", "bob@rival.example")
NOT_BOB = Spec(condition="id > 0", exclude_domains=("rival.example",))


def seen(place: Installation, mailing: Mailing, who: str = "") -> Somebody:
    """As the mailing sees them."""
    with audience(place.data_dir) as people, suppression_link(place.data_dir) as link:
        return somebody(people, link, place.config, mailing, who, NOW)


def test_somebody(tmp_path: Path) -> None:
    """The first who gets it, or who is named, with the reason why they get nothing; nobody is said plainly."""
    with DnsServer() as dns:
        place = Installation(tmp_path, dns, PEOPLE)
    mailing = place.mailing(target=NOT_BOB)
    first = seen(place, mailing)
    assert (first.address, first.values["customer.name"], first.cause) == ("ann@example.com", "Ann", "")
    assert seen(place, mailing, "bob@rival.example").values["name"] == "Bob"
    with pytest.raises(MailingFault, match="nobody to show"):
        seen(place, place.mailing(target=Spec(condition='name = "Zoe"')))


def test_proof(tmp_path: Path) -> None:
    """It has the values of the person, and goes to who asked for it; each has an id of its own."""
    with DnsServer() as dns:
        place = Installation(tmp_path, dns, PEOPLE)
    mailing = place.mailing()
    draft, whom = read(mailing.draft.content), seen(place, mailing, "bob@rival.example")
    made = [proof(draft, mailing, place.config, 3, whom, "boss@sender.example", NOW) for _ in range(2)]
    first, second = (message_from_bytes(one.content, policy=policy.default) for one in made)
    assert (str(made[0].sender), str(made[0].recipient)) == ("news@sender.example", "boss@sender.example")
    assert (first["Subject"], first["To"]) == ("Proof 3: For Bob", "boss@sender.example")
    assert first["List-Unsubscribe"] == "<mailto:news@sender.example?subject=unsubscribe>"
    assert "Dear Bob" in first.get_content()
    assert first["Message-ID"] != second["Message-ID"]


def test_a_proof_counts_nothing(tmp_path: Path) -> None:
    """Its links lead where they will lead in the end, and its pages to unsubscribe are nobody's."""
    with DnsServer() as dns:
        place = Installation(tmp_path, dns, PEOPLE)
    place.config = place.config.model_copy(update={"web": Web(public_url="https://news.example.com")})
    mailing = place.mailing()
    whom = seen(place, mailing, "bob@rival.example")
    draft = Draft("x", Mailbox("news@sender.example"), text="https://x.example/ {{ unsubscribe_url }} {{ link_token }}")
    made = proof(draft, mailing, place.config, 1, whom, "boss@sender.example", NOW)
    message = message_from_bytes(made.content, policy=policy.default)
    unsubscribe = f"https://news.example.com/u/{SAMPLE}"
    assert message.get_content().split() == ["https://x.example/", unsubscribe, SAMPLE]
    assert message["List-Unsubscribe"] == f"<{unsubscribe}>, <mailto:news@sender.example?subject=unsubscribe>"
