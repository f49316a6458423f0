"""Somebody is erased who is named by mailings."""

from __future__ import annotations

from pathlib import Path

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.database import path_of
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.forgetting import forget
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft


def test_no_target_names_them(tmp_path: Path) -> None:
    """By address in any case or by number, they are taken out, of the file too; others and other mailings stay."""
    tmp_path.chmod(0o700)
    by = By("ann", 1.0)
    whole = Spec(persons=("Gone@example.com", "#7", "#77", "bob@example.com"), exclude_addresses=("gone@EXAMPLE.com",))
    with mailings(tmp_path) as connection:
        for target in (whole, Spec(selections=("gone@example.com",)), Spec(persons=("bob@example.com",))):
            editing.create(connection, Draft("Autumn", target=target), (), by)
        assert forget(connection, 7, ["gone@example.com"]) == [1]
        assert find(connection, 1).draft.target == Spec(persons=("#77", "bob@example.com"))
        assert find(connection, 2).draft.target.selections == ("gone@example.com",)
        assert forget(connection, None, ["gone@example.com"]) == []
        content = b"".join(path.read_bytes() for path in path_of(tmp_path, SCHEMA).parent.iterdir())
        assert b"Gone@" not in content
