"""Keys that are taken and refused, and the records that publish them."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from postduif.config.schema import Dkim
from postduif.errors import ConfigError
from postduif.mta import dkim_keys
from tests.peers import need


def write(path: Path, pem: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(pem)
    path.chmod(mode)
    return path


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, passphrase: bytes = b""
) -> bytes:
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def settings(path: Path) -> Dkim:
    return Dkim(domain="Example.COM", selector="s1", key=path)


@pytest.mark.parametrize(("kind", "algorithm"), [("rsa", "rsa-sha256"), ("ed25519", "ed25519-sha256")])
def test_generated_keys_load(tmp_path: Path, kind: str, algorithm: str) -> None:
    """What `generate` makes can be read again, its domain in lower case."""
    key = dkim_keys.load_key(settings(write(tmp_path / "key.pem", dkim_keys.generate(kind))))
    assert (key.domain, key.selector, key.algorithm) == ("example.com", "s1", algorithm)


def test_openssl_traditional_form_loads(tmp_path: Path) -> None:
    """PKCS#1 files of `openssl genrsa -traditional` and opendkim-genkey are read too."""
    old = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    assert dkim_keys.load_key(settings(write(tmp_path / "key.pem", old))).algorithm == "rsa-sha256"


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no PEM private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no PEM private key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
        (pem(ed25519.Ed25519PrivateKey.generate(), b"secret"), "encrypted"),
    ],
)
def test_wrong_keys_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    """A file that holds no usable key is named with its problem and the remedy."""
    path = write(tmp_path / "key.pem", content)
    with pytest.raises(ConfigError, match=problem) as error:
        dkim_keys.load_key(settings(path))
    assert str(path) in str(error.value)
    assert ";" in str(error.value)


def test_weak_rsa_is_refused(tmp_path: Path) -> None:
    """RSA below 1024 bits is refused (RFC 8301 3.2)."""
    (openssl,) = need("openssl")
    path = tmp_path / "key.pem"
    subprocess.run([openssl, "genrsa", "-out", path, "512"], check=True, capture_output=True)
    with pytest.raises(ConfigError, match="512 bits"):
        dkim_keys.load_key(settings(path))


def test_too_long_rsa_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA of more bits than receivers must take is refused."""
    assert dkim_keys.MAX_BITS == 4096
    monkeypatch.setattr(dkim_keys, "MAX_BITS", 1024)
    with pytest.raises(ConfigError, match="2048 bits"):
        dkim_keys.parse_key(dkim_keys.generate("rsa"), "long")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o666])
def test_open_files_are_refused(tmp_path: Path, mode: int) -> None:
    """A key that others can read is refused."""
    with pytest.raises(ConfigError, match="chmod 600"):
        dkim_keys.load_key(settings(write(tmp_path / "key.pem", dkim_keys.generate("ed25519"), mode)))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A key file that is not there is named."""
    with pytest.raises(ConfigError, match=r"none\.pem"):
        dkim_keys.load_key(settings(tmp_path / "none.pem"))


def test_strings_of_a_record_are_short_and_join_to_it() -> None:
    """A record of 2048 bits is cut in strings of at most 255 octets that join to it (RFC 6376 3.6.2.2)."""
    record = dkim_keys.public_record(dkim_keys.parse_key(dkim_keys.generate("rsa"), "key"))
    strings = dkim_keys.strings(record)
    assert len(strings) == 2
    assert all(0 < len(string) <= 255 for string in strings)
    assert "".join(strings) == record
    line = dkim_keys.zone_line("example.com", "s1", record)
    assert line == f's1._domainkey.example.com. IN TXT ( "{strings[0]}" "{strings[1]}" )'


def test_ed25519_record_is_the_bare_key() -> None:
    """p= of Ed25519 is base64 of 32 octets (RFC 8463 section 4)."""
    record = dkim_keys.public_record(dkim_keys.parse_key(dkim_keys.generate("ed25519"), "key"))
    assert record.startswith("v=DKIM1; k=ed25519; p=")
    assert len(base64.b64decode(record.rpartition("p=")[2])) == 32
