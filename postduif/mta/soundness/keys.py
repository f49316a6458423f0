"""DKIM keys and TLS certificates: there, private, parseable, strong, matching, in date."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from postduif.config.lines import KeyPath
from postduif.config.load import Loaded
from postduif.config.private_files import MAX_OCTETS, find_private, read_private
from postduif.config.schema import Http, Listener
from postduif.errors import ConfigError
from postduif.mta.dkim_keys import GOOD_BITS, PrivateKey, read_key
from postduif.mta.soundness.finding import About, Finding

WARN_DAYS = 14


def dkim(loaded: Loaded) -> Iterator[Finding]:
    """Every `[[dkim]]` key can sign."""
    for index, settings in enumerate(loaded.config.dkim):
        about = About(loaded, "dkim", index, "key")
        try:
            key = read_key(settings.key)
        except ConfigError as error:
            yield about.wrong(str(error))
            continue
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size < GOOD_BITS:
            yield about.warning(
                f"{settings.key}: RSA of {key.key_size} bits is weak (RFC 8301)",
                f"make one of {GOOD_BITS} bits with `postduif dkim generate`, under a new selector",
            )
        else:
            yield about.ok(f"{settings.key}: {_describe(key)}")


def tls(loaded: Loaded, now: float) -> Iterator[Finding]:
    """Every door's certificate is in date at `now` (seconds since the epoch) and belongs to its private key."""
    doors: list[tuple[KeyPath, Listener | Http]] = [
        (("listener", index), one) for index, one in enumerate(loaded.config.listener) if one.tls != "none"
    ]
    if loaded.config.http.address is not None:
        doors.append((("http",), loaded.config.http))
    for path, door in doors:
        if door.certificate is None:
            continue
        about = About(loaded, *path, "certificate")
        try:
            certificate = _certificate(door.certificate)
        except ConfigError as error:
            yield about.wrong(str(error))
            continue
        yield _in_date(about, door.certificate, certificate, now)
        yield _matching(loaded, path, door, certificate)


def _describe(key: PrivateKey) -> str:
    return f"RSA of {key.key_size} bits" if isinstance(key, rsa.RSAPrivateKey) else "Ed25519"


def _certificate(path: Path) -> x509.Certificate:
    place = find_private(path)
    try:
        with place.open("rb") as file:
            pem = file.read(MAX_OCTETS)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); correct the path or its permissions") from None
    try:
        return x509.load_pem_x509_certificates(pem)[0]
    except ValueError:
        raise ConfigError(f"{path}: no PEM certificate in it; write the path of the certificate chain") from None


def _in_date(about: About, path: Path, certificate: x509.Certificate, now: float) -> Finding:
    today = datetime.datetime.fromtimestamp(now, datetime.UTC)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if today < first:
        return about.error(f"{path}: not valid before {first:%Y-%m-%d %H:%M} UTC", "check this host's clock, or wait")
    if today > last:
        return about.error(f"{path}: expired on {last:%Y-%m-%d}", "renew it, then `systemctl reload postduif`")
    days = (last - today).days
    if days < WARN_DAYS:
        return about.warning(f"{path}: expires in {days} days", "renew it, then `systemctl reload postduif`")
    return about.ok(f"{path}: valid until {last:%Y-%m-%d}")


def _matching(loaded: Loaded, place: KeyPath, door: Listener | Http, certificate: x509.Certificate) -> Finding:
    about = About(loaded, *place, "private_key" if door.private_key else "certificate")
    path = door.private_key or door.certificate
    assert path, "the caller has looked"
    try:
        key = serialization.load_pem_private_key(read_private(path), None)
    except ConfigError as error:
        return about.wrong(str(error))
    except TypeError:
        return about.error(f"{path}: the private key is protected by a password", "store it without one, mode 0600")
    except (ValueError, UnsupportedAlgorithm):
        return about.error(f"{path}: no PEM private key in it", "set private_key to the path of the key")
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != certificate.public_key().public_bytes(*form):
        return about.error(
            f"{path}: not the private key of {door.certificate}",
            "set both to files of one pair; the host's own certificate stands first in its file",
        )
    return about.ok(f"{path}: belongs to the certificate")
