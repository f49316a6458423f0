"""A process that does nothing but sign digests: `python -m postduif.mta.signing_worker FD`.

Private-key operations are the largest cost of a message. In threads they make the event loop wait for the
interpreter's lock twice a message; in a process of their own they do not. FD is a socket to the daemon; when it is
closed, this ends. See `signing` for the frames.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa, utils

from postduif.processor_order import BEHIND, stand_back
from postduif.worker_channel import channel

KEY = struct.Struct(">cHI")  # b"K", number, length; the key follows, DER (PKCS#8)
JOB = struct.Struct(">cHI32s")  # b"S", key number, job, SHA-256 digest
ANSWER = struct.Struct(">IH")  # job, length; the signature follows

Sign = Callable[[bytes], bytes]


def main() -> None:
    """Sign until the daemon hangs up."""
    stand_back(BEHIND)  # the event loop has work for all others; signatures come in the time that it leaves
    daemon = channel()
    keys: dict[int, Sign] = {}
    waiting = b""
    while received := daemon.recv(65536):
        waiting = _work(daemon, keys, waiting + received)


def _work(daemon: socket.socket, keys: dict[int, Sign], frames: bytes) -> bytes:
    """Do what is whole in `frames`; the rest."""
    at = 0
    while at + KEY.size <= len(frames):
        if frames[at : at + 1] == b"K":
            _, number, length = KEY.unpack_from(frames, at)
            end = at + KEY.size + length
            if end > len(frames):
                break
            keys[number] = signer(frames[at + KEY.size : end])
        else:
            end = at + JOB.size
            if end > len(frames):
                break
            _, number, job, digest = JOB.unpack_from(frames, at)
            signature = keys[number](digest)
            daemon.sendall(ANSWER.pack(job, len(signature)) + signature)
        at = end
    return frames[at:]


def signer(der: bytes) -> Sign:
    """From a private key, DER, to what signs a SHA-256 digest with it (RFC 6376 3.3, RFC 8463 section 3)."""
    key = serialization.load_der_private_key(der, password=None)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    assert isinstance(key, rsa.RSAPrivateKey)
    scheme, digested = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
    return lambda digest: key.sign(digest, scheme, digested)


if __name__ == "__main__":
    main()
