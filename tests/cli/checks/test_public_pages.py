"""The key of the links, and the host that they lead to, are looked at before the daemon needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.cli.checks.public_pages import in_the_clear, links_key, public_pages
from postduif.config.load import read
from postduif.mta.soundness.finding import Finding
from tests.dns_server import DnsServer

WEB = '[web]\npublic_url = "https://news.example"\n'


def key_findings(directory: Path, web: str = WEB) -> list[Finding]:
    """What is said of the key."""
    directory.chmod(0o700)
    file = directory / "p.toml"
    file.write_text(f'[server]\nhostname = "mta.example"\ndata_dir = "{directory}"\n{web}')
    return list(links_key(read(file)))


def test_no_key_yet(tmp_path: Path) -> None:
    """It will be made; without pages there are no links, and nothing is said."""
    (found,) = key_findings(tmp_path)
    assert (found.level, found.text) == (
        "ok",
        f"{tmp_path}/links.key: will be made; links in mail are signed with it, so back it up",
    )
    assert key_findings(tmp_path, "") == []


def test_the_key_is_read(tmp_path: Path) -> None:
    """One that is in order is said to be; one that others can read, or that is none, is an error with its remedy."""
    path = tmp_path / "links.key"
    path.write_text(f"{'ab' * 32}\n{'cd' * 32}\n")
    path.chmod(0o600)
    assert [(one.level, one.text) for one in key_findings(tmp_path)] == [
        ("ok", f"{path}: a key that signs the links in mail, 1 more believed")
    ]
    path.chmod(0o644)
    (open_,) = key_findings(tmp_path)
    assert (open_.level, open_.remedy) == ("error", f"run: chmod 600 {path}")
    path.chmod(0o600)
    path.write_text("abc\n")
    (broken,) = key_findings(tmp_path)
    assert (broken.level, "not hexadecimal" in broken.text) == ("error", True)


@pytest.mark.parametrize(
    ("zone", "level", "text"),
    [
        ("other.example A 192.0.2.1", "error", "news.example has no address in DNS"),
        ("news.example FAULT * SERVFAIL", "warning", "DNS gave no answer about news.example"),
        ("news.example A 127.0.0.9", "warning", "news.example, where our links lead, cannot be reached from here"),
    ],
)
def test_the_host(tmp_path: Path, zone: str, level: str, text: str) -> None:
    """What is wrong with it is said as the checks of a mailing say it."""
    file = tmp_path / "p.toml"
    with DnsServer(zone) as server:
        file.write_text(f'{WEB.replace("news.example", "news.example:9")}[dns]\nnameservers = ["{server.endpoint}"]\n')
        (found,) = public_pages(read(file))
    assert (found.level, found.setting, text in found.text) == (level, "web.public_url", True), found
    assert found.remedy


def test_no_pages(tmp_path: Path) -> None:
    """Nothing is said of pages that there are not."""
    file = tmp_path / "p.toml"
    file.write_text("")
    assert [*public_pages(read(file)), *in_the_clear(read(file))] == []


def test_in_the_clear(tmp_path: Path) -> None:
    """Where everybody may come without TLS, it is said."""
    file = tmp_path / "p.toml"
    file.write_text(WEB)
    assert list(in_the_clear(read(file))) == []
    file.write_text(f'{WEB}public_address = "0.0.0.0:8026"\n')
    (found,) = in_the_clear(read(file))
    assert (found.level, found.setting) == ("warning", "web.public_address")
