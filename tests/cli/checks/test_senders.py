"""Users who may send from every address are named before the daemon starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.cli.checks import senders
from postduif.config.load import Loaded, read
from postduif.mta import users
from postduif.mta.soundness.finding import Finding


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """A listener that asks for passwords."""
    file = tmp_path / "p.toml"
    file.write_text(
        f'[server]\ndata_dir = "{tmp_path}"\n[[listener]]\naddress = "127.0.0.1:2525"\n'
        'auth = "required"\nauth_without_tls = true\n'
    )
    return read(file)


def found(loaded: Loaded) -> list[Finding]:
    """What is found."""
    return list(senders.senders(loaded))


def test_nobody(loaded: Loaded) -> None:
    """Without users there is nothing to say."""
    assert found(loaded) == []


def test_user_with_any_sender_is_a_warning(loaded: Loaded) -> None:
    """The line names the users and the remedy; users with senders of their own are not in it."""
    for name in ("bob", "alice"):
        users.add(loaded.config.server.data_dir, name, "secret")
    users.add(loaded.config.server.data_dir, "carol", "secret", ["*@example.org"])
    (finding,) = found(loaded)
    assert finding.level == "warning"
    assert "alice, bob may send from every address" in finding.text
    assert "--sender" in finding.remedy


def test_users_with_senders_are_fine(loaded: Loaded) -> None:
    """When every user has senders, that is said."""
    users.add(loaded.config.server.data_dir, "carol", "secret", ["*@example.org"])
    assert [finding.level for finding in found(loaded)] == ["ok"]


def test_damaged_file_is_an_error(loaded: Loaded) -> None:
    """A file of users that cannot be read is found before it is needed."""
    (loaded.config.server.data_dir / users.FILE).write_text("what is this\n")
    assert [finding.level for finding in found(loaded)] == ["error"]
