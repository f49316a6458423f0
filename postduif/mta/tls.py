"""TLS for clients that connect to us (RFC 8314, RFC 9325): 1.2 and above, what OpenSSL holds strong."""

from __future__ import annotations

import ssl
from pathlib import Path

from postduif.errors import ConfigError


def tls_context(certificate: Path, private_key: Path | None) -> ssl.SSLContext:
    """The context of a listener. `private_key` None: the key is in the certificate's file. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!MD5:!DSS")
    try:
        context.load_cert_chain(certificate, private_key)
    except ssl.SSLError:
        raise ConfigError(
            f"{certificate}: certificate and private key do not fit or are not PEM; "
            "give a chain in listener.certificate and its key in listener.private_key"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{private_key or certificate}: {error.strerror}; "
            "let listener.certificate and listener.private_key name readable files"
        ) from None
    return context
