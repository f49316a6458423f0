"""Secrets of webhooks are judged before the daemon needs them."""

from __future__ import annotations

from pathlib import Path

from postduif.cli.checks.webhooks import webhooks
from postduif.config.load import examine
from postduif.mta.soundness.finding import Finding

SECRET = "whsec_" + "QUJD" * 8


def found(directory: Path, settings: str, mode: int = 0o600) -> list[Finding]:
    """What is found about a webhook with these settings."""
    file = directory / "p.toml"
    file.write_text(f'[[webhook]]\nname = "app"\nurl = "https://a.example/"\n{settings}\n')
    file.chmod(mode)
    loaded, _ = examine(file)
    assert loaded is not None
    return list(webhooks(loaded))


def test_secret_file(tmp_path: Path) -> None:
    """A file is read: its secrets are counted, and what is wrong with it is said with the remedy."""
    secrets = tmp_path / "secrets"
    (absent,) = found(tmp_path, f'secret_file = "{secrets}"', 0o644)
    assert (absent.level, absent.setting) == ("error", "webhook[0].secret_file")
    assert absent.remedy.startswith("create it")
    secrets.write_text(f"{SECRET}\n{SECRET}\n")
    secrets.chmod(0o600)
    (good,) = found(tmp_path, f'secret_file = "{secrets}"', 0o644)
    assert (good.level, good.text) == ("ok", "app: signed with 2 secrets")


def test_secret_in_the_settings(tmp_path: Path) -> None:
    """Then the settings themselves should be private."""
    (good,) = found(tmp_path, f'secret = "{SECRET}"')
    assert (good.level, good.text) == ("ok", "app: signed with 1 secret")
    (open_,) = found(tmp_path, f'secret = "{SECRET}"', 0o640)
    assert (open_.level, open_.remedy) == ("warning", "write secret_file, or chmod 600")


def test_without_a_secret(tmp_path: Path) -> None:
    """That is wrong with the settings, and said there."""
    assert found(tmp_path, "") == []
