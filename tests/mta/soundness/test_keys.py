"""DKIM keys and certificates are judged before the daemon needs them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from postduif.config.load import read
from postduif.mta.soundness import keys
from postduif.mta.soundness.finding import Finding

NOW = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
WEAKEST = b"""\
-----BEGIN PRIVATE KEY-----
MIIBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEAyqIQfGuxSUXGs9fP
RwSD+x1UTjEid1WfK3pYA+wgX3kRTf+8zxf70ZqBtW6h6vTnt0Ak6q76D3U56Qgc
bGUi8wIDAQABAkA18bUf2m+lCQ1f/VjyGBKmvGUgN9ZsHIA2S+i4ipkHsTLqWGpx
xNOXMiF8FRqMz6rQPlK0ebGlfEZz0xnvD9jZAiEA7/NzkyTHxy7CUdMJyNkWwSQe
1f+UwTlkFiJd154pYM0CIQDYL6OGeCgv4bjwL4k2icH76CxBTgWiTZvuwtAKZ5WS
vwIgRXZYktQm8UZcAovxXS9bIvZt5s1iJr2Sd8XjHLQwjlECIQCql3T/kGON3R21
kp1BBxWm9X+ujKXPfFR25Q2LmE+kOwIhAN9dW36Tf17veJRd2ZfHF+zhlgPFMTY5
69Ar8TX1WRAq
-----END PRIVATE KEY-----
"""  # 512 bits, which `cryptography` no longer makes
PRIVATE = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)


def pem(
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b""
) -> bytes:
    """A private key as it stands in a file."""
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(*PRIVATE, protection)


def rsa_key(bits: int) -> bytes:
    """A new RSA key."""
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=bits))


def dkim(directory: Path, content: bytes | None, mode: int = 0o600) -> Finding:
    """What is found about one key."""
    path, file = directory / "key.pem", directory / "p.toml"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    file.write_text(f'[[dkim]]\ndomain = "a.example"\nselector = "s"\nkey = "{path}"\n')
    (finding,) = keys.dkim(read(file))
    assert (finding.where, finding.setting) == (f"{file}:4", "dkim[0].key")
    assert str(path) in finding.text
    assert bool(finding.remedy) is (finding.level != "ok")
    return finding


def test_good_keys(tmp_path: Path) -> None:
    """RSA of 2048 bits and Ed25519 are what we want."""
    assert dkim(tmp_path, rsa_key(2048))[3].endswith("RSA of 2048 bits")
    assert dkim(tmp_path, pem(ed25519.Ed25519PrivateKey.generate())).level == "ok"


def test_weak_keys(tmp_path: Path) -> None:
    """RSA below 2048 bits is warned of, below 1024 refused (RFC 8301)."""
    assert dkim(tmp_path, rsa_key(1024)).level == "warning"
    assert dkim(tmp_path, WEAKEST).level == "error"


def test_keys_that_cannot_sign(tmp_path: Path) -> None:
    """What is no key, another kind of key, or locked, is an error."""
    contents = [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(ed25519.Ed25519PrivateKey.generate(), b"password"),
        None,
    ]
    for content in contents:
        (tmp_path / "key.pem").unlink(missing_ok=True)
        assert dkim(tmp_path, content).level == "error"


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_open_keys(tmp_path: Path, mode: int) -> None:
    """A key that others may read is refused, directly or through a link."""
    finding = dkim(tmp_path, pem(ed25519.Ed25519PrivateKey.generate()), mode)
    assert finding.level == "error"
    assert finding.remedy == f"run: chmod 600 {tmp_path / 'key.pem'}"
    link = tmp_path / "link.pem"
    link.symlink_to(tmp_path / "key.pem")
    file = tmp_path / "p.toml"
    file.write_text(file.read_text().replace("key.pem", "link.pem"))
    assert [one.level for one in keys.dkim(read(file))] == ["error"]


SMTP, HTTP = '[[listener]]\ntls = "starttls"\n', "[http]\n"


def certificate(
    directory: Path, days: int, *, key_of: str = "a.example", combined: bool = False, door: str = SMTP
) -> list[Finding]:
    """What is found about a certificate that ends in so many days."""
    authority = trustme.CA()
    begins = NOW - datetime.timedelta(days=1)
    own = authority.issue_cert("a.example", not_after=NOW + datetime.timedelta(days=days), not_before=begins)
    other = own if key_of == "a.example" else authority.issue_cert(key_of)
    chain = b"".join(blob.bytes() for blob in own.cert_chain_pems)
    path, secret, file = directory / "cert.pem", directory / "secret.pem", directory / "p.toml"
    path.write_bytes(chain + (own.private_key_pem.bytes() if combined else b""))
    path.chmod(0o600 if combined else 0o644)
    secret.write_bytes(other.private_key_pem.bytes())
    secret.chmod(0o600)
    text = f'{door}address = "127.0.0.1:0"\ncertificate = "{path}"\n'
    file.write_text(text + ("" if combined else f'private_key = "{secret}"\n'))
    return list(keys.tls(read(file), NOW.timestamp()))


def test_good_certificates(tmp_path: Path) -> None:
    """A certificate in date with its key is fine, in two files or in one."""
    assert [one.level for one in certificate(tmp_path, 90)] == ["ok", "ok"]
    assert [one.level for one in certificate(tmp_path, 90, combined=True)] == ["ok", "ok"]
    assert [one.level for one in certificate(tmp_path, 90, door=HTTP)] == ["ok", "ok"]
    assert [one.level for one in certificate(tmp_path, -1, door=HTTP, key_of="b.example")] == ["error", "error"]


def test_dates(tmp_path: Path) -> None:
    """The last fortnight is a warning, what comes after is an error, and so is the time before the first day."""
    assert certificate(tmp_path, 13)[0].level == "warning"
    assert "expires in 13 days" in certificate(tmp_path, 13)[0].text
    assert certificate(tmp_path, 14)[0].level == "ok"
    certificate(tmp_path, 90)
    early = list(keys.tls(read(tmp_path / "p.toml"), NOW.timestamp() - 2 * 86400))
    late = list(keys.tls(read(tmp_path / "p.toml"), NOW.timestamp() + 91 * 86400))
    assert [early[0].level, late[0].level] == ["error", "error"]
    assert "not valid before 2026-04-30" in early[0].text
    assert "expired on 2026-07-30" in late[0].text


def test_another_key(tmp_path: Path) -> None:
    """A private key of another certificate is an error."""
    findings = certificate(tmp_path, 90, key_of="b.example")
    assert [one.level for one in findings] == ["ok", "error"]
    assert "not the private key of" in findings[1].text


def test_broken_certificates(tmp_path: Path) -> None:
    """A certificate that is missing or none, and a key that is open, missing or none, are errors."""
    certificate(tmp_path, 90)
    loaded, path, secret = read(tmp_path / "p.toml"), tmp_path / "cert.pem", tmp_path / "secret.pem"

    def levels() -> list[str]:
        return [one.level for one in keys.tls(loaded, NOW.timestamp())]

    secret.chmod(0o644)
    assert levels() == ["ok", "error"]
    secret.chmod(0o600)
    for content in (b"", pem(ed25519.Ed25519PrivateKey.generate(), b"password")):
        secret.write_bytes(content)
        assert levels() == ["ok", "error"]
    secret.unlink()
    assert levels() == ["ok", "error"]
    path.write_bytes(b"no certificate")
    assert levels() == ["error"]
    path.unlink()
    assert levels() == ["error"]
