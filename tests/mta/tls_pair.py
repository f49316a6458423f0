"""A certificate for the server of the tests, and the client that believes it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

import trustme

from postduif.mta.tls import tls_context
from tests.mta.smtp_door import HOSTNAME


class TlsPair(NamedTuple):
    """Both ends of TLS."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    certificate: Path
    private_key: Path
    authority: Path


def make(directory: Path) -> TlsPair:
    """A new certificate with its files in `directory`."""
    authority = trustme.CA()
    leaf = authority.issue_cert(HOSTNAME, "127.0.0.1", "localhost")
    certificate, private_key, root = directory / "cert.pem", directory / "key.pem", directory / "ca.pem"
    certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    private_key.write_bytes(leaf.private_key_pem.bytes())
    authority.cert_pem.write_to_path(root)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return TlsPair(tls_context(certificate, private_key), client, certificate, private_key, root)
