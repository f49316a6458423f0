"""Signed return addresses are judged before the daemon needs them."""

from __future__ import annotations

from pathlib import Path

from postduif.cli.checks.finding import Finding
from postduif.cli.checks.return_path import return_path
from postduif.config.load import read

INBOUND = '[[listener]]\naddress = "127.0.0.1:2525"\nrole = "inbound"\n'


def findings(directory: Path, text: str) -> list[Finding]:
    """What is found about a file that says `text`."""
    file = directory / "p.toml"
    file.write_text(text)
    return list(return_path(read(file)))


def test_nothing_configured(tmp_path: Path) -> None:
    """Without a domain there is nothing to check."""
    assert findings(tmp_path, "") == []


def test_no_door(tmp_path: Path) -> None:
    """Without an inbound listener, what comes back is lost, and that is a warning."""
    (finding,) = findings(tmp_path, '[bounce]\ndomain = "b.example"\n')
    assert (finding.level, finding.setting) == ("warning", "bounce.domain")
    assert finding.remedy == 'add [[listener]] with role = "inbound"'
    assert findings(tmp_path, INBOUND + '[bounce]\ndomain = "b.example"\n') == []


def test_keys(tmp_path: Path) -> None:
    """A configured key file is read: its keys are counted, and what is wrong with it is said with the remedy."""
    keys = tmp_path / "keys"
    text = f'{INBOUND}[bounce]\ndomain = "b.example"\nkey_file = "{keys}"\n'
    (absent,) = findings(tmp_path, text)
    assert (absent.level, absent.setting) == ("error", "bounce.key_file")
    assert absent.remedy.startswith("create it")
    keys.write_text(f"{'ab' * 32}\n{'cd' * 32}\n")
    keys.chmod(0o600)
    (good,) = findings(tmp_path, text)
    assert (good.level, good.text) == ("ok", f"{keys}: a key that signs, 1 more believed")
