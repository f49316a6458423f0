"""Files of secret keys: the keys that sign return addresses, and the one that hashes erased people.

One key a line, hexadecimal, 16 to 64 octets; empty lines and lines that begin with # are skipped. The file is judged as
every private file is (`config.private_files`). A file that we make ourselves has one key of 32 random octets, mode
0600, and is whole and on disk before anything is signed with it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from postduif import log
from postduif.config.private_files import find_private, read_private
from postduif.errors import ConfigError

OCTETS = 32
"""Of a key that we make: as long as what SHA-256 gives (RFC 2104 section 3)."""
MIN_OCTETS, MAX_OCTETS = 16, 64
MAX_KEYS = 16
"""Each forged address is tried with all of them."""
ERASURE_KEY_FILE = "erased.key"
"""In data_dir. It is never changed: with another one nobody who was erased is known any more."""


def load(path: Path, *, create: bool) -> tuple[bytes, ...]:
    """The keys, the one that signs first. With `create`, a file that is absent is made.

    Raises ConfigError with the remedy.
    """
    if create and not find_private(path).exists():
        try:
            _create(path)
            log.info("key_made", file=path, remedy="if there was one before, put it back and reload")
        except OSError as error:
            raise ConfigError(f"{path} cannot be made ({error.strerror}); create its directory, or free it") from None
    keys = tuple(_read(path))
    if not 0 < len(keys) <= MAX_KEYS:
        raise ConfigError(f"{path} has {len(keys)} keys; write 1 to {MAX_KEYS}, one a line, as `openssl rand -hex 32`")
    return keys


def erasure_key(data_dir: Path) -> bytes:
    """The one key that erased people are hashed with; made when it is absent. Raises ConfigError."""
    path = data_dir / ERASURE_KEY_FILE
    keys = load(path, create=True)
    if len(keys) > 1:
        raise ConfigError(f"{path} has {len(keys)} keys, and one hashes all; keep the oldest")
    return keys[0]


def _read(path: Path) -> list[bytes]:
    keys = []
    for number, line in enumerate(read_private(path).split(b"\n"), 1):
        text = line.strip()
        if not text or text.startswith(b"#"):
            continue
        try:
            key = bytes.fromhex(text.decode("ascii"))
        except ValueError:  # never shown: it may be most of a key
            raise ConfigError(f"{path}:{number}: not hexadecimal; write a key as `openssl rand -hex 32` does") from None
        if not MIN_OCTETS <= len(key) <= MAX_OCTETS:
            raise ConfigError(f"{path}:{number}: the key has {len(key)} octets; write {MIN_OCTETS} to {MAX_OCTETS}")
        if key in keys:
            raise ConfigError(f"{path}:{number}: this key stands there already; remove one of the two")
        keys.append(key)
    return keys


def _create(path: Path) -> None:
    """Put a new key there, unless somebody else does so at the same time: then theirs stays."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(OCTETS).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
