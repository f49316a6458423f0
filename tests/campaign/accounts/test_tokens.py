"""API tokens."""

from __future__ import annotations

import sqlite3

import pytest

from postduif.campaign.accounts import people, tokens
from postduif.campaign.accounts.fault import AccountFault, NoSuchAccount
from postduif.campaign.accounts.roles import Permission, Role
from postduif.campaign.mailings.changing import By

NOW = 1_800_000_000.0
BY = By("anna", NOW)


def test_a_token_may_what_both_may(connection: sqlite3.Connection) -> None:
    """Its scopes and the role of its owner, as that is now; who is disabled has none."""
    piet = people.add(connection, "piet", "", Role.SENDER, BY)
    text = tokens.make(connection, "piet", "shop", ["look", "send"], BY)
    bearer = tokens.bearer(connection, text, NOW)
    assert bearer is not None
    assert {one for one in Permission if bearer.may(one)} == {Permission.LOOK, Permission.SEND}
    people.change(connection, piet._replace(role=Role.VIEWER), BY)
    bearer = tokens.bearer(connection, text, NOW)
    assert bearer is not None
    assert not bearer.may(Permission.SEND)
    people.change(connection, piet._replace(disabled=True), BY)
    assert tokens.bearer(connection, text, NOW) is None


def test_what_is_no_token(connection: sqlite3.Connection) -> None:
    """Another secret under the same id, and any other text."""
    text = tokens.make(connection, "anna", "", ["look"], BY)
    for wrong in ("", "x", text[:-1] + ("A" if text[-1] != "A" else "B"), text + "x", "pa_00000000_" + text[12:]):
        assert tokens.bearer(connection, wrong, NOW) is None
    assert text[12:] not in repr(connection.execute("SELECT * FROM token").fetchall())


def test_revoked_by_its_owner_or_anybody_who_may(connection: sqlite3.Connection) -> None:
    """`of` says whose it has to be."""
    text = tokens.make(connection, "anna", "", ["look"], BY)
    (one,) = tokens.tokens_of(connection)
    with pytest.raises(NoSuchAccount):
        tokens.revoke(connection, one.id, BY, of="piet")
    tokens.revoke(connection, one.id, BY, of="anna")
    assert tokens.bearer(connection, text, NOW) is None


@pytest.mark.parametrize("scopes", [[], ["approve"], ["look", "everything"]])
def test_scopes(connection: sqlite3.Connection, scopes: list[str]) -> None:
    """At least one, and only those there are; a token approves nothing."""
    with pytest.raises(AccountFault):
        tokens.make(connection, "anna", "", scopes, BY)
