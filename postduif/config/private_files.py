"""Files that only we may read: private keys.

`read_private` promises that what it returns came from a regular file that nobody but root and the user we run as could
read or change, and never waits (a FIFO is refused, not read). What is in the file is for others to understand.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from postduif.errors import ConfigError

MAX_OCTETS = 1024 * 1024


def read_private(path: Path) -> bytes:
    """What is in a private file. A symbolic link is followed, and the file it leads to is judged.

    A path that is absent is looked for in systemd's $CREDENTIALS_DIRECTORY, as `find_private` says.
    Raises ConfigError with the remedy: absent, unreadable, no regular file, open to group or others, another user's,
    or longer than `MAX_OCTETS`.
    """
    place = find_private(path)
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; create it, or correct the path") from None
    except PermissionError:
        raise ConfigError(f"{place} may not be read by {_user()}; run: {_give(place)}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{place} cannot be read ({_reason(error)}); correct the path") from None
    try:
        _judge(place, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise ConfigError(f"{place} cannot be read ({_reason(error)}); check the disk") from None
    finally:
        os.close(descriptor)
    if len(content) > MAX_OCTETS:
        raise ConfigError(f"{place} is longer than {MAX_OCTETS} octets; correct the path")
    return content


def find_private(path: Path) -> Path:
    """Where a private file is: the path, or, when that is absent or not ours to read, systemd's credential of its name.

    `LoadCredential=key.pem:/etc/x/key.pem` names it key.pem; `LoadCredential=dkim:/etc/x/dkim`, which hands over a
    whole directory, names it dkim_key.pem (systemd.exec(5)).
    """
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if directory and not os.access(path, os.R_OK, effective_ids=True):
        for name in (f"{path.parent.name}_{path.name}", path.name):
            credential = Path(directory, name)
            if credential.exists():
                return credential
    return path


def _judge(place: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{place} is not a regular file; correct the path")
    open_bits = stat.S_IMODE(status.st_mode) & 0o077
    if _is_credential(place):
        open_bits &= ~stat.S_IRGRP  # systemd grants the service by an ACL, whose mask shows as the group's bit
    if open_bits:
        who = "others" if open_bits & 0o007 else "its group"
        raise ConfigError(
            f"{place} is open to {who} (mode {stat.S_IMODE(status.st_mode):04o}), and a private key must not be; "
            f"run: chmod 600 {place}"
        )
    if os.geteuid() and status.st_uid not in (0, os.geteuid()):
        raise ConfigError(
            f"{place} belongs to another user (uid {status.st_uid}), who could replace it; run: {_give(place)}"
        )


def _is_credential(place: Path) -> bool:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(directory) and place.resolve().parent == Path(directory or "/").resolve()


def _user() -> str:
    return f"uid {os.geteuid()}"


def _give(place: Path) -> str:
    return f"chown {os.geteuid()} {place}"


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
