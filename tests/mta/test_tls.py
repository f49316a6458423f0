"""The TLS context of a listener, and what is said when its files are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.errors import ConfigError
from postduif.mta.tls import tls_context
from tests.mta import tls_pair


def test_key_may_be_in_the_certificate_file(tmp_path: Path) -> None:
    """Without private_key, the key is looked for in the certificate's file."""
    pair = tls_pair.make(tmp_path)
    both = tmp_path / "both.pem"
    both.write_bytes(pair.private_key.read_bytes() + pair.certificate.read_bytes())
    assert tls_context(both, None).get_ciphers()


def test_wrong_files_are_named(tmp_path: Path) -> None:
    """An absent file, no certificate, and the key of another certificate: the error names file and setting."""
    pair = tls_pair.make(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    strange = tls_pair.make(other)
    for certificate, key in (
        (tmp_path / "absent.pem", None),
        (pair.authority, None),
        (pair.certificate, strange.private_key),
    ):
        with pytest.raises(ConfigError, match=r"(?s)\.pem: .*listener\.private_key"):
            tls_context(certificate, key)
