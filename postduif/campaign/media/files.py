"""The octets of pictures: `data_dir/campaign/media/HASH.png`, for our user alone. No name of anybody's is in a path."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, NamedTuple

from postduif.campaign.media.look import TYPES, Kind
from postduif.campaign.media.picture import HASH
from postduif.errors import StoreError
from postduif.queue import directory

_ADDRESS = re.compile(rf"/m/({HASH.pattern})/[A-Za-z0-9_-]{{1,80}}\.({'|'.join(Kind)})")
_UNFINISHED = ".new"


class Opened(NamedTuple):
    """One to be served; whoever has it closes the file."""

    file: BinaryIO
    size: int
    type: str
    """Media type, as it was found when the picture was taken in."""


def hash_of(octets: bytes) -> str:
    """What names a picture."""
    return hashlib.sha256(octets).hexdigest()[:40]


def place_of(data_dir: Path, digest: str, kind: Kind) -> Path:
    """Where the file is."""
    return data_dir / "campaign" / "media" / f"{digest}.{kind}"


def write(place: Path, octets: bytes) -> None:
    """Have them there, on disk when it returns. Raises StoreError."""
    unfinished = place.with_suffix(f".{secrets.token_hex(4)}{_UNFINISHED}")
    try:
        for one in (place.parent.parent.parent, place.parent.parent, place.parent):
            directory.prepare(one)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(place)
        directory.sync(place.parent)
        directory.sync(place.parent.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise StoreError(f"{place} cannot be written: {error.strerror}; make room") from None


def sweep(data_dir: Path, digests: Collection[str]) -> None:
    """Away with what a crash left: files that are half, and those of none of these. Nobody writes one meanwhile.

    Raises StoreError.
    """
    folder = data_dir / "campaign" / "media"
    try:
        for one in list(folder.iterdir()) if folder.exists() else ():
            if one.suffix == _UNFINISHED or one.stem not in digests:
                one.unlink()
    except OSError as error:
        raise StoreError(f"{folder} cannot be tidied: {error.strerror}; see to the disk") from None


def remove(place: Path) -> None:
    """Nobody gets it any more, when it returns. Raises StoreError."""
    try:
        with contextlib.suppress(FileNotFoundError):
            place.unlink()
            directory.sync(place.parent)
    except OSError as error:
        raise StoreError(f"{place} cannot be removed: {error.strerror}; see to the disk") from None


def found(data_dir: Path, path: str) -> tuple[Path, Kind] | None:
    """Where the picture of the address `/m/HASH/name.png` would be; None: there is no such address.

    The name may be any, so that who calls a picture otherwise breaks no mail; its ending is that of its kind.
    """
    match = _ADDRESS.fullmatch(path)
    return (place_of(data_dir, match[1], Kind(match[2])), Kind(match[2])) if match else None


def opened(data_dir: Path, path: str) -> Opened | None:
    """The picture of that address; None: there is none."""
    if (there := found(data_dir, path)) is None:
        return None
    place, kind = there
    try:
        file = open(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")  # noqa: SIM115  for who asked
    except OSError:
        return None
    return Opened(file, os.fstat(file.fileno()).st_size, TYPES[kind])
