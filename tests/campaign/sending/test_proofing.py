"""Proofs go to a few."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.preparing.specimen import Somebody
from postduif.campaign.sending import proofing
from postduif.campaign.sending.proofing import Sent, proofs, send_proof
from postduif.config.kinds import HostPort
from postduif.errors import PostduifError
from postduif.mta.handover import NotTaken
from tests.campaign.installation import NOW, WHO, Installation
from tests.dns_server import DnsServer

ANN = Somebody("ann@one.example", frozenset({"email", "name", "customer.email", "customer.name"}), {"name": "Ann"}, "")


def refused(directory: Path, people: int, typology: str = "{}") -> PostduifError:
    """Why a proof to so many is not sent: nobody takes mail here, so there is always a reason."""
    with DnsServer() as dns:
        place = Installation(directory, dns, ["ann@one.example"])
        mailing = place.mailing(typology=typology)
        to = [f"p{number}@sender.example" for number in range(people)]
        with mailings(place.data_dir) as connection:
            with pytest.raises(PostduifError) as caught:
                send_proof(connection, place.config, mailing, ANN, None, to, By(WHO, NOW))
            assert list(proofs(connection, mailing.number)) == []
    return caught.value


def test_a_hundred_and_no_more(tmp_path: Path) -> None:
    """One line says why, and nothing is sent; a hundred are not refused for their number."""
    assert str(refused(tmp_path, 101)) == (
        "a proof to 101 recipients is no proof any more; 100 is the most; choose fewer, or send it as a mailing"
    )
    assert "no proof any more" not in str(refused(tmp_path, 100))


def test_a_hundred_a_day(tmp_path: Path) -> None:
    """Of one person and its tokens together, whatever the typology says; not of somebody else, and not tomorrow."""
    with DnsServer() as dns:
        place = Installation(tmp_path, dns, ["ann@one.example"])
        mailing = place.mailing()
        with mailings(place.data_dir) as connection:
            for who in (WHO, f"{WHO} (token 0a1b2c3d)"):
                editing.remark(connection, mailing.number, By(who, NOW, "proof 1 to 49 addresses, as #1"))
            for by, people, too_many in (
                (By(WHO, NOW + 1), 3, True),
                (By(f"{WHO} (token ffffffff)", NOW + 1), 3, True),
                (By(WHO, NOW + 1), 2, False),
                (By(f"{WHO}2", NOW + 1), 3, False),
                (By(WHO, NOW + 86400), 3, False),
            ):
                with pytest.raises(PostduifError) as caught:  # nobody takes mail here
                    send_proof(connection, place.config, mailing, ANN, None, ["a@sender.example"] * people, by)
                assert ("98 addresses in a day" in str(caught.value)) is too_many


def test_written_down_before_it_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So who asks while others are handed over, or is killed then, gets the next number and what is left of the day."""
    to = ["a@sender.example"] * 100
    with DnsServer() as dns:
        place = Installation(tmp_path, dns, ["ann@one.example"])
        mailing = place.mailing()
        with mailings(place.data_dir) as connection:
            editing.remark(connection, mailing.number, By(WHO, NOW, "proof 7 to boss@sender.example"))

            def send(people: int) -> Sent:
                return send_proof(connection, place.config, mailing, ANN, None, to[:people], By(WHO, NOW + 1))

            def handing_over(*_: object, **__: object) -> str:
                with pytest.raises(MailingFault, match="to 60 addresses in a day"):
                    send(41)
                raise KeyboardInterrupt

            monkeypatch.setattr(proofing, "door", lambda _: HostPort("127.0.0.1:1"))
            with pytest.raises(NotTaken):  # nobody listens: it counts for nothing
                send(100)
            monkeypatch.setattr(proofing, "hand_over", handing_over)
            with pytest.raises(KeyboardInterrupt):
                send(60)
            monkeypatch.setattr(proofing, "hand_over", lambda *_, **__: "id")
            assert send(40) == Sent(10, to[:40], ["id"] * 40)
            with pytest.raises(MailingFault, match="100 addresses in a day"):
                send(1)
            assert [event.words.partition("boss")[0] for _, event in proofs(connection, mailing.number)] == [
                "proof 7 to ",
                "proof 8 to 100 addresses",
                "proof 8: not taken for 100 addresses",
                "proof 9 to 60 addresses",
                "proof 10 to 40 addresses",
            ]


def test_the_typology_says_how_many(tmp_path: Path) -> None:
    """Its limit holds, and its level: what only warns forbids nothing."""
    found = refused(tmp_path, 3, '{"limits": {"proof": 2}}')
    assert isinstance(found, MailingFault)
    warned = '{"limits": {"proof": 2}, "levels": {"proof_limit": "warning"}}'
    assert "no proof any more" not in str(refused(tmp_path, 3, warned))
