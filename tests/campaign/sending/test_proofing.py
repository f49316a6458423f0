"""Proofs go to a few."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.preparing.specimen import Somebody
from postduif.campaign.sending.proofing import proofs, send_proof
from postduif.errors import PostduifError
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


def test_the_typology_says_how_many(tmp_path: Path) -> None:
    """Its limit holds, and its level: what only warns forbids nothing."""
    found = refused(tmp_path, 3, '{"limits": {"proof": 2}}')
    assert isinstance(found, MailingFault)
    warned = '{"limits": {"proof": 2}, "levels": {"proof_limit": "warning"}}'
    assert "no proof any more" not in str(refused(tmp_path, 3, warned))
