"""Somebody is erased who is named by mailings."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.gathering import Spec, TargetFault, gather
from postduif.campaign.database import path_of
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.fault import Overtaken
from postduif.campaign.mailings.forgetting import forget
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft
from postduif.campaign.mailings.states import has_target


def test_no_target_names_them(tmp_path: Path) -> None:
    """By address in any case or by number, they are taken out, of the file too; others and other mailings stay."""
    tmp_path.chmod(0o700)
    by = By("ann", 1.0)
    whole = Spec(persons=("Gone@example.com", "#7", "#77", "bob@example.com"), exclude_addresses=("gone@EXAMPLE.com",))
    with mailings(tmp_path) as connection:
        for target in (whole, Spec(selections=("gone@example.com",)), Spec(persons=("bob@example.com",))):
            editing.create(connection, Draft("Autumn", target=target), (), by)
        assert forget(connection, 7, ["gone@example.com"], by) == [1]
        assert find(connection, 1).draft.target == Spec(persons=("#77", "bob@example.com"))
        assert find(connection, 2).draft.target.selections == ("gone@example.com",)
        assert forget(connection, None, ["gone@example.com"], by) == []
        content = b"".join(path.read_bytes() for path in path_of(tmp_path, SCHEMA).parent.iterdir())
        assert b"Gone@" not in content


def test_the_only_person_is_erased(tmp_path: Path) -> None:
    """Nobody is meant then, never everybody with the condition, whatever is edited; who had it open is overtaken."""
    tmp_path.chmod(0o700)
    by = By("ann", 1.0)
    only = Spec(persons=("#7", "gone@example.com"), condition="age > 3", mail_type="news")
    with mailings(tmp_path) as connection:
        open_form = editing.create(connection, Draft("Autumn", target=only), (), by)
        editing.create(connection, Draft("Winter", target=only._replace(projects=("club",))), (), by)
        editing.create(connection, Draft("Spring", target=Spec(condition="age > 3")), (), by)
        assert forget(connection, 7, ["gone@example.com"], by) == [1, 2]
        assert [find(connection, number).draft.target for number in (1, 2, 3)] == [
            Spec(mail_type="news"),
            Spec(projects=("club",), condition="age > 3", mail_type="news"),
            Spec(condition="age > 3"),
        ]
        with pytest.raises(Overtaken):
            editing.edit(connection, open_form, open_form.draft, (), by)
        seen = find(connection, 1)
        edited = editing.edit(connection, seen, seen.draft._replace(name="Autumn 2"), (), by)
        assert has_target(edited).startswith("nobody is meant")
        with audience(tmp_path) as people, pytest.raises(TargetFault, match="nobody is meant"):
            gather(people, tmp_path, edited.draft.target, 1.0)
