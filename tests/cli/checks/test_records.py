"""What stands in DNS is compared with the keys, through a DNS server on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from postduif.cli.checks import records
from postduif.config.load import read
from postduif.mta.dkim_keys import generate, parse_key, public_record, strings
from postduif.mta.soundness.finding import Finding

NAME = "s._domainkey.a.example"
KEYS = {kind: generate(kind, 1024) for kind in ("rsa", "ed25519")}
RECORDS = {kind: public_record(parse_key(pem, kind)) for kind, pem in KEYS.items()}
OTHER = public_record(parse_key(generate("rsa", 1024), "other"))


class Zone(threading.Thread):
    """Answers questions over UDP from a table; the rest is NXDOMAIN. SERVFAIL and silence can be had too."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.table: dict[tuple[str, str], list[str]] = {}
        self.failing: set[str] = set()
        self.silent: set[str] = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self) -> None:
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                self._socket.close()
                return
            query = dns.message.from_wire(wire)
            question = query.question[0]
            name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
            if name in self.silent:
                continue
            response = dns.message.make_response(query)
            response.flags |= dns.flags.RA | dns.flags.AA
            found = self.table.get((name, kind), [])
            if name in self.failing:
                response.set_rcode(dns.rcode.SERVFAIL)
            elif found:
                response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
            elif not any(key[0] == name for key in self.table):
                response.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(response.to_wire(), peer)

    def txt(self, name: str, *texts: str) -> None:
        """Publish TXT records, cut into strings."""
        self.table[name, "TXT"] = [" ".join(f'"{part}"' for part in strings(text)) for text in texts]

    def stop(self) -> None:
        """End the thread."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self._socket.getsockname())
        self.join(60)


@pytest.fixture
def zone() -> Iterator[Zone]:
    """A DNS server where mta.example is right."""
    server = Zone()
    server.table["mta.example", "A"] = ["192.0.2.1"]
    server.table["1.2.0.192.in-addr.arpa", "PTR"] = ["MTA.example."]
    server.start()
    yield server
    server.stop()


def look(directory: Path, zone: Zone, kind: str = "rsa") -> list[Finding]:
    """What is found in DNS."""
    key, file = directory / "key.pem", directory / "p.toml"
    key.write_bytes(KEYS[kind])
    key.chmod(0o600)
    file.write_text(
        f'[server]\nhostname = "mta.example"\n[dns]\nnameservers = ["{zone.address}"]\ntimeout = "300ms"\n'
        f'[[dkim]]\ndomain = "a.example"\nselector = "s"\nkey = "{key}"\n'
    )
    findings = list(records.records(read(file)))
    assert all(bool(finding.remedy) is (finding.level != "ok") for finding in findings)
    return findings


def dkim(directory: Path, zone: Zone, *texts: str, kind: str = "rsa") -> Finding:
    """What is found about the DKIM record."""
    zone.txt(NAME, *texts)
    finding = look(directory, zone, kind)[-1]
    assert (finding.where, finding.setting) == (f"{directory / 'p.toml'}:6", "dkim[0]")
    return finding


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_the_record_of_the_key(tmp_path: Path, zone: Zone, kind: str) -> None:
    """The public half is found, whatever blanks and strings it was cut into, beside other TXT records."""
    record = RECORDS[kind]
    assert dkim(tmp_path, zone, record, "v=spf1 -all", kind=kind).level == "ok"
    head, _, tail = record.partition("p=")
    assert (
        dkim(tmp_path, zone, f"{head} p = {tail[:20]} {tail[20:]} ; s=email:x; h=sha1:sha256;", kind=kind).level == "ok"
    )


@pytest.mark.parametrize(
    ("texts", "level", "words"),
    [
        ([OTHER], "error", "is the record of another key"),
        ([RECORDS["ed25519"]], "error", "is the record of another key"),
        (["v=spf1 -all"], "error", "has no DKIM record"),
        ([RECORDS["rsa"], OTHER], "error", "has 2 DKIM records"),
        (["v=DKIM1; p="], "error", "revoked"),
        ([RECORDS["rsa"][:-20]], "error", "p= is not a public key"),
        (["v=DKIM1; p=x!"], "error", "p= is not a public key"),
        ([RECORDS["rsa"].replace("k=rsa", "k=x")], "error", "k= does not say"),
        ([RECORDS["rsa"].replace("k=rsa", "k=ed25519")], "error", "p= is not a public key"),
        ([RECORDS["rsa"].replace("DKIM1", "DKIM2")], "error", "does not begin with v=DKIM1"),
        ([RECORDS["rsa"].removeprefix("v=DKIM1; ") + "; v=DKIM1"], "error", "does not begin with v=DKIM1"),
        ([RECORDS["rsa"] + "; h=sha1"], "error", "leaves out sha256"),
        ([RECORDS["rsa"] + "; s=other"], "error", "is not for mail"),
        ([RECORDS["rsa"] + "; t=s:y"], "warning", "only a test"),
        ([RECORDS["rsa"].removeprefix("v=DKIM1; k=rsa; ")], "ok", "is the public half of the key"),
    ],
    ids=range(15),
)
def test_wrong_records(tmp_path: Path, zone: Zone, texts: list[str], level: str, words: str) -> None:
    """What keeps receivers from verifying is an error, and the remedy is the record to publish."""
    finding = dkim(tmp_path, zone, *[text.replace(";", "\\;") for text in texts])
    assert finding.level == level
    assert words in finding.text
    if "another key" in words:
        assert RECORDS["rsa"] in finding.remedy


def test_no_record(tmp_path: Path, zone: Zone) -> None:
    """A name that does not exist is an error."""
    finding = look(tmp_path, zone)[-1]
    assert (finding.level, finding.text) == ("error", f"{NAME} has no DKIM record")


def test_no_answer(tmp_path: Path, zone: Zone) -> None:
    """Silence and failure are not taken for absence."""
    zone.txt(NAME, RECORDS["rsa"])
    zone.failing.add("mta.example")
    zone.silent.add(NAME)
    hostname, record = look(tmp_path, zone)
    assert "the name servers failed" in hostname.text
    assert "no answer in time" in record.text
    assert {hostname.level, record.level} == {"error"}


def test_hostname(tmp_path: Path, zone: Zone) -> None:
    """The name has an address, whose PTR is the name again."""
    assert [finding.level for finding in look(tmp_path, zone)[:2]] == ["ok", "ok"]
    zone.table["mta.example", "AAAA"] = ["2001:db8::1"]
    zone.table["1.2.0.192.in-addr.arpa", "PTR"] = ["other.example."]
    found = look(tmp_path, zone)
    assert [finding.level for finding in found[:3]] == ["ok", "warning", "warning"]
    assert "PTR of 192.0.2.1 is other.example, not mta.example" in found[1].text
    assert "PTR of 2001:db8::1 is not set, not mta.example" in found[2].text


def test_hostname_without_address(tmp_path: Path, zone: Zone) -> None:
    """A name without address is an error."""
    del zone.table["mta.example", "A"]
    assert look(tmp_path, zone)[0].level == "error"


def test_a_failing_reverse_zone_is_a_warning(tmp_path: Path, zone: Zone) -> None:
    """The owner of the address may be slow; that is not our error."""
    zone.failing.add("1.2.0.192.in-addr.arpa")
    assert [finding.level for finding in look(tmp_path, zone)[:2]] == ["ok", "warning"]


def test_keys_that_cannot_be_read_are_left_to_the_other_check(tmp_path: Path, zone: Zone) -> None:
    """One fault is told once."""
    look(tmp_path, zone)
    (tmp_path / "key.pem").unlink()
    assert [finding.setting for finding in records.records(read(tmp_path / "p.toml"))] == ["server.hostname"] * 2
