"""Signed return addresses are judged before the daemon needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.cli.checks.return_path import return_path, return_records
from postduif.config.load import read
from postduif.mta.soundness.finding import Finding
from tests.dns_server import DnsServer

PEOPLE = '[server]\nhostname = "mta.example"\npostmaster = "p@a.example"\n'
INBOUND = '[[listener]]\naddress = "127.0.0.1:2525"\nrole = "inbound"\n'
BOUNCE = '[bounce]\ndomain = "b.example"\nunprocessed_to = "p@a.example"\n'
RIGHT = """
    mta.example  A    192.0.2.1
    mta.example  AAAA 2001:db8::1
    b.example    MX   10 MTA.example
    b.example    TXT  "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::1 -all"
"""


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
    (finding,) = findings(tmp_path, PEOPLE + BOUNCE)
    assert (finding.level, finding.setting) == ("warning", "bounce.domain")
    assert finding.remedy == 'add [[listener]] with role = "inbound"'
    assert findings(tmp_path, PEOPLE + INBOUND + BOUNCE) == []


def test_nobody_reads(tmp_path: Path) -> None:
    """Mail for people at the bounce domain wants somebody who reads it; each setting that is missing is a warning."""
    found = findings(tmp_path, INBOUND + '[bounce]\ndomain = "b.example"\n')
    assert [(one.level, one.setting) for one in found] == [
        ("warning", "server.postmaster"),
        ("warning", "bounce.unprocessed_to"),
    ]
    assert all(one.remedy for one in found)


def test_keys(tmp_path: Path) -> None:
    """A configured key file is read: its keys are counted, and what is wrong with it is said with the remedy."""
    keys = tmp_path / "keys"
    text = f'{PEOPLE}{INBOUND}{BOUNCE}key_file = "{keys}"\n'
    (absent,) = findings(tmp_path, text)
    assert (absent.level, absent.setting) == ("error", "bounce.key_file")
    assert absent.remedy.startswith("create it")
    keys.write_text(f"{'ab' * 32}\n{'cd' * 32}\n")
    keys.chmod(0o600)
    (good,) = findings(tmp_path, text)
    assert (good.level, good.text) == ("ok", f"{keys}: a key that signs, 1 more believed")


def in_dns(directory: Path, zone: str, text: str = PEOPLE + BOUNCE) -> list[Finding]:
    """What is found in DNS."""
    file = directory / "p.toml"
    with DnsServer(zone) as server:
        file.write_text(f'{text}[dns]\nnameservers = ["{server.endpoint}"]\ntimeout = "300ms"\n')
        return list(return_records(read(file)))


def test_records_are_right(tmp_path: Path) -> None:
    """The MX is this host and SPF names its addresses. Without a domain nothing is asked."""
    mx, spf = in_dns(tmp_path, RIGHT)
    assert (mx.level, mx.text, mx.setting) == ("ok", "MX of b.example is mta.example", "bounce.domain")
    assert (spf.level, spf.text[:33]) == ("ok", "b.example has an SPF record: v=sp")
    assert in_dns(tmp_path, RIGHT, PEOPLE) == []


@pytest.mark.parametrize(
    ("mx", "level", "words"),
    [
        ("", "error", "has no MX record, so nothing comes back"),
        ("b.example MX 0 .", "error", "has a null MX, so nothing comes back"),
        ("b.example MX 10 other.example", "warning", "is other.example, not mta.example"),
        ("b.example MX 10 other.example\nother.example A 192.0.2.1", "ok", "is other.example"),
    ],
)
def test_mx(tmp_path: Path, mx: str, level: str, words: str) -> None:
    """Without an MX nothing comes back; one that is another host wants a look. Another name of this host is right."""
    finding = in_dns(tmp_path, RIGHT.replace("b.example    MX   10 MTA.example", mx))[0]
    assert finding.level == level
    assert words in finding.text
    assert finding.remedy == ("" if level == "ok" else "publish this MX record: 10 mta.example.")


@pytest.mark.parametrize(
    ("records", "level", "words"),
    [
        (["v=spf10 -all"], "warning", "has no SPF record"),
        (["v=spf1 -all", "v=spf1 mx -all"], "error", "has 2 SPF records"),
        (["v=spf1 -all"], "warning", "does not name 192.0.2.1, 2001:db8::1: v=spf1 -all"),
        (["v=spf1 ip4:192.0.2.1 ~all"], "warning", "does not name 2001:db8::1"),
        (["v=spf1 ip4:192.0.2.999 mx -all"], "error", "ip4:192.0.2.999' is no network"),
        (["v=spf1 -ip4:192.0.2.1 exp=a.example -all"], "warning", "does not name 192.0.2.1"),
        (["V=SPF1 +include:a.example -all"], "ok", "has an SPF record"),
        (["v=spf1 include:other.example -all"], "warning", "does not name 192.0.2.1, 2001:db8::1"),
        (["v=spf1 mx -all"], "ok", "has an SPF record"),
        (["v=spf1 redirect=a.example"], "ok", "has an SPF record"),
        (["v=spf1 redirect=gone.example"], "error", "leads to no record"),
    ],
)
def test_spf(tmp_path: Path, records: list[str], level: str, words: str) -> None:
    """Receivers look for one SPF record that lets our addresses send, and follow what it includes."""
    texts = "\n".join(f'b.example TXT "{one}"' for one in records)
    others = 'a.example TXT "v=spf1 a:mta.example -all"\nother.example TXT "v=spf1 -all"'
    finding = in_dns(tmp_path, f"{RIGHT.rpartition('b.example')[0]}{texts}\n{others}")[1]
    assert finding.level == level
    assert words in finding.text
    if level == "warning":
        assert finding.remedy == "publish this TXT record: v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"


def test_no_address(tmp_path: Path) -> None:
    """As long as our name has no address, SPF may name the name."""
    _, spf = in_dns(tmp_path, "b.example MX 10 mta.example")
    assert (spf.level, spf.remedy) == ("warning", "publish this TXT record: v=spf1 a:mta.example -all")


def test_no_answer(tmp_path: Path) -> None:
    """A failure is not taken for absence."""
    found = in_dns(tmp_path, f"{RIGHT}\nb.example FAULT * SERVFAIL")
    assert {one.level for one in found} == {"error"}
    assert all("the name servers failed" in one.text for one in found)
