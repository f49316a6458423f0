"""`postduif dkim` makes keys that sign, records that DNS software reads, and verdicts that its exit status repeats."""

from __future__ import annotations

import json
import re
import stat
import time
from pathlib import Path

import dns.zone
import pytest
from click.testing import CliRunner, Result

from postduif.cli import main
from postduif.config.schema import Dkim
from postduif.mta import dkim_keys
from postduif.mta.dkim import Signer
from tests.dns_server import DnsServer
from tests.fakes import FakeClock

CONTENT = b"From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n"


def run(*arguments: str | Path, given: bytes = b"") -> Result:
    """What the command prints and returns."""
    return CliRunner().invoke(main, ["dkim", *map(str, arguments)], input=given)


def make(path: Path, *more: str, selector: str = "s1") -> Result:
    return run("generate", "--domain", "example.com", "--selector", selector, "--out", path, *more)


def signed(*keys: tuple[str, Path]) -> bytes:
    """A message signed with these (selector, key file)."""
    configured = [Dkim(domain="example.com", selector=selector, key=path) for selector, path in keys]
    return Signer.load(configured, FakeClock(time.time())).sign_now("example.com", CONTENT) + CONTENT


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "rsa.pem"
    assert make(path).exit_code == 0
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "ed25519.pem"
    assert make(path, "--type", "ed25519", selector="e1").exit_code == 0
    return path


def configuration(directory: Path, *keys: tuple[str, Path], more: str = "") -> Path:
    path = directory / "postduif.toml"
    sections = [f'[[dkim]]\ndomain = "example.com"\nselector = "{name}"\nkey = "{file}"\n' for name, file in keys]
    path.write_text(more + "".join(sections))
    return path


def test_generate(tmp_path: Path) -> None:
    """A new key is private, usable, and printed with its record and settings; never with itself."""
    path = tmp_path / "new.pem"
    result = make(path)
    assert result.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    record = dkim_keys.public_record(dkim_keys.read_key(path))
    assert f"value: {record}" in result.stdout
    assert 'selector = "s1"' in result.stdout
    assert "PRIVATE" not in result.output


def test_generate_json(tmp_path: Path) -> None:
    """The same as JSON."""
    path = tmp_path / "new.pem"
    found = json.loads(make(path, "--type", "ed25519", "--json").stdout)
    assert found["file"] == str(path)
    assert found["name"] == "s1._domainkey.example.com"
    assert found["strings"] == [found["value"]]


def test_generate_overwrites_nothing(tmp_path: Path, key: Path) -> None:
    """A file, or a symbolic link to nowhere, stays as it is; so does the file when the directory is absent."""
    before = key.read_bytes()
    result = make(key)
    assert result.exit_code == 1
    assert "exists and is kept" in result.stderr
    assert key.read_bytes() == before
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    assert make(link).exit_code == 1
    assert not (tmp_path / "target").exists()
    assert make(tmp_path / "none" / "key.pem").exit_code == 1


@pytest.mark.parametrize(
    "wrong",
    [["--domain", "exa mple"], ["--selector", "a b"], ["--bits", "1024"], ["--bits", "8192"], ["--type", "dsa"]],
)
def test_generate_usage(tmp_path: Path, wrong: list[str]) -> None:
    """Wrong names and weak keys are usage errors, and leave no file."""
    assert make(tmp_path / "new.pem", *wrong).exit_code == 2
    assert not (tmp_path / "new.pem").exists()


def test_dns(tmp_path: Path, key: Path, small: Path) -> None:
    """Records of all configured keys, in a form that a zone parser reads back to the plain value."""
    result = run("dns", "--config", configuration(tmp_path, ("s1", key), ("e1", small)))
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if " IN TXT " in line]
    values = re.findall("value: (.*)", result.stdout)
    zone = dns.zone.from_text("$TTL 60\n" + "\n".join(lines), "example.com.", relativize=False, check_origin=False)
    for name, value in zip(("s1", "e1"), values, strict=True):
        (found,) = zone.get_rdataset(f"{name}._domainkey.example.com.", "TXT")
        assert b"".join(found.strings).decode() == value
        assert value.startswith("v=DKIM1; k=")


def test_dns_json_of_a_key_file(key: Path) -> None:
    """One key file needs no configuration."""
    (found,) = json.loads(run("dns", "--key-file", key, "--domain", "Example.com", "--selector", "s9", "--json").stdout)
    assert found["name"] == "s9._domainkey.example.com"
    assert [len(string) for string in found["strings"]] == [255, len(found["value"]) - 255]


def test_dns_tells_of_bad_keys(tmp_path: Path, key: Path) -> None:
    """Good records are shown, the bad key is named, and the status is 1."""
    result = run("dns", "--config", configuration(tmp_path, ("s1", key), ("s2", tmp_path / "none.pem")))
    assert result.exit_code == 1
    assert "s1._domainkey" in result.stdout
    assert "none.pem" in result.stderr


@pytest.mark.parametrize("wrong", [["--domain", "example.com"], ["--key-file", "x"], ["--nonsense"]])
def test_dns_usage(wrong: list[str]) -> None:
    """Options that make no sense alone are usage errors."""
    assert run("dns", *wrong).exit_code == 2


def test_dns_without_keys(tmp_path: Path) -> None:
    """A configuration without keys, or none, is an error with its remedy."""
    assert "dkim generate" in run("dns", "--config", configuration(tmp_path)).stderr
    assert run("dns", "--config", tmp_path / "none.toml").exit_code == 1


def test_verify_with_keys(tmp_path: Path, key: Path, small: Path) -> None:
    """Signatures are judged with the keys given, without DNS, from a file or standard input."""
    content = signed(("s1", key), ("e1", small))
    path = tmp_path / "mail"
    path.write_bytes(content)
    record = dkim_keys.public_record(dkim_keys.read_key(small))
    for file in (path, "-"):
        result = run("verify", file, "--key-file", key, "--public-record", record, given=content)
        assert result.exit_code == 0, result.output
        assert result.stdout == "good  rsa-sha256  d=example.com s=s1\ngood  ed25519-sha256  d=example.com s=e1\n"
    found = json.loads(run("verify", path, "--key-file", key, "--json").stdout)
    assert [one["good"] for one in found["signatures"]] == [True, False]
    assert not found["ok"]
    assert run("verify", path, "--key-file", key).exit_code == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (CONTENT, "no DKIM signature"),
        (b"DKIM-Signature: v=1; a=rsa-sha256; v=1\r\n" + CONTENT, "bad"),
        (b"DKIM-Signature: v=1; a=rsa-sha256; b=x; bh=y; d=a; h=from; s=b\r\n" + CONTENT, "bad"),
        (b"DKIM-Signature: \xff\r\n" + CONTENT, "bad"),
        (b"DKIM-Signature: v=1\r\nno field\r\n\r\n", "bad"),
        (b"", "no DKIM signature"),
    ],
)
def test_verify_bad(key: Path, content: bytes, reason: str) -> None:
    """Unsigned and broken messages have status 1."""
    result = run("verify", "-", "--key-file", key, given=content)
    assert result.exit_code == 1
    assert reason in result.stdout


def test_verify_tampered(key: Path) -> None:
    """A changed body and a changed header are told apart."""
    content = signed(("s1", key))
    assert "body hash" in run("verify", "-", "--key-file", key, given=content + b"more\r\n").stdout
    assert "does not match" in run("verify", "-", "--key-file", key, given=b"Subject: y\r\n" + content).stdout


def test_verify_through_dns(tmp_path: Path, key: Path) -> None:
    """Keys come from the configured name servers; a failing one is named as the reason."""
    record = dkim_keys.zone_line("example.com", "s1", dkim_keys.public_record(dkim_keys.read_key(key)))
    strings = record.partition("( ")[2].removesuffix(" )")
    content = signed(("s1", key))
    with DnsServer(f"s1._domainkey.example.com TXT {strings}\ns2._domainkey.example.com FAULT * SERVFAIL") as server:
        file = configuration(tmp_path, more=f'[dns]\nnameservers = ["{server.endpoint}"]\n')
        assert run("verify", "-", "--config", file, given=content).exit_code == 0
        failing = run("verify", "-", "--config", file, given=content.replace(b"s=s1;", b"s=s2;"))
        absent = run("verify", "-", "--config", file, given=content.replace(b"s=s1;", b"s=s3;"))
    assert "name servers failed" in failing.stdout
    assert "no key in DNS" in absent.stdout
    assert failing.exit_code == absent.exit_code == 1


def test_verify_usage(tmp_path: Path) -> None:
    """A file that is not there is a usage error; a key or configuration that is not there is not."""
    assert run("verify", tmp_path / "none").exit_code == 2
    assert run("verify", "-", "--key-file", tmp_path / "none").exit_code == 1
    assert run("verify", "-", "--config", tmp_path / "none").exit_code == 1
