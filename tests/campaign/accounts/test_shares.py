"""Addresses that show figures without signing in."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign.accounts import people, shares
from postduif.campaign.accounts.connection import accounts
from postduif.campaign.accounts.fault import AccountFault, NoSuchAccount
from postduif.campaign.accounts.roles import Role
from postduif.campaign.mailings.changing import By

NOW = 1_800_000_000.0
ANNA = By("anna", NOW)


def test_until_its_day(tmp_path: Path) -> None:
    """It shows one mailing until its day, or until it is revoked; the file does not hold its secret."""
    with accounts(tmp_path) as connection:
        text = shares.make(connection, 7, " The  board ", 7, ANNA)
        (one,) = shares.of_mailing(connection, 7, NOW)
        assert (one.mailing, one.title, one.person, one.until) == (7, "The board", "anna", NOW + 7 * 86400)
        assert shares.shared(connection, text, NOW) == one
        assert shares.shared(connection, text, NOW + 7 * 86400) is None
        assert shares.shared(connection, text[:-1], NOW) is shares.shared(connection, "", NOW) is None
        assert shares.of_mailing(connection, 8, NOW) == []
        with pytest.raises(NoSuchAccount):
            shares.revoke(connection, 8, one.id, ANNA)
        shares.revoke(connection, 7, one.id, ANNA)
        assert shares.shared(connection, text, NOW) is None
        rows = connection.execute("SELECT what, about FROM audit ORDER BY id").fetchall()
        assert rows == [("share.made", "mailing 7"), ("share.revoked", "mailing 7")]
    assert text.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "campaign").iterdir())


def test_end_with_who_made_them(tmp_path: Path) -> None:
    """Those of who is disabled or removed show nothing any more; those of others do."""
    with accounts(tmp_path) as connection:
        texts = {}
        for name in ("anna", "ben", "cas"):
            people.add(connection, name, "", Role.EDITOR, ANNA)
            texts[name] = shares.make(connection, 7, "", 30, By(name, NOW))
        people.change(connection, people.find(connection, "ben")._replace(disabled=True), ANNA)
        people.remove(connection, "cas", ANNA)
        assert [name for name, text in texts.items() if shares.shared(connection, text, NOW)] == ["anna"]
        rows = connection.execute("SELECT who, about FROM audit WHERE what = 'share.revoked'").fetchall()
        assert rows == [("anna", "mailing 7")] * 2


def test_bounded(tmp_path: Path) -> None:
    """Days are chosen, and there are only so many of one mailing; those that are over make room."""
    with accounts(tmp_path) as connection:
        with pytest.raises(AccountFault):
            shares.make(connection, 7, "", 8, ANNA)
        for _ in range(shares.MOST):
            shares.make(connection, 7, "", 1, ANNA)
        with pytest.raises(AccountFault):
            shares.make(connection, 7, "", 1, ANNA)
        assert shares.make(connection, 7, "", 1, By("anna", NOW + 86400))
