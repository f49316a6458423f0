"""Files that wait to be taken in: private, few, and away again by themselves.

Each is a folder of `data_dir/campaign/uploads`: the file, and beside it what is known of it, replaced as a whole. What
was taken in loses its file at once; what nobody touched for KEPT goes when the next one comes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any, BinaryIO, NamedTuple

from postduif.campaign.audience.import_choices import Choices
from postduif.errors import PostduifError, StoreError
from postduif.queue import directory

MAX_SIZE = 192 * 1024 * 1024
"""Octets of one file: some two million people."""
MAX_WAITING = 20
KEPT = 7 * 86400.0
"""Seconds after the last change of it."""
_ID = re.compile(r"[0-9a-f]{24}")
_BLOCK = 1024 * 1024


class Stage(StrEnum):
    """How far an upload is."""

    NEW = "new"
    TRYING = "trying"
    TRIED = "tried"
    RUNNING = "running"
    """At work, or broken off: the same again goes on."""
    DONE = "done"
    FAILED = "failed"


class UploadFault(PostduifError):  # noqa: N818  the name says what is the case
    """A file that cannot be kept; the text names the remedy."""


class NoSuchUpload(UploadFault):
    """It is not there any more."""


class UploadChanged(UploadFault):
    """It is to be read otherwise than somebody saw who wants something of it."""


class Upload(NamedTuple):
    """One file. Times in seconds since the epoch."""

    id: str
    name: str
    """Of the file, as it was given."""
    size: int
    by: str
    at: float
    changed: float
    stage: Stage = Stage.NEW
    choices: Choices = Choices()
    run: int = 0
    """The number of the run; 0: it did not begin."""
    counts: Mapping[str, int] = {}
    """Of the last trial or run: added, updated, skipped, rejected."""
    refused: tuple[tuple[int, str], ...] = ()
    """Lines that the trial would not take, and why: the first ones."""
    wrong: str = ""
    """Why it failed."""


def folder(data_dir: Path) -> Path:
    """Where they are."""
    return data_dir / "campaign" / "uploads"


def path_of(data_dir: Path, upload: Upload) -> Path:
    """The file itself."""
    return folder(data_dir) / upload.id / "file"


def keep(data_dir: Path, name: str, source: BinaryIO, by: str, now: float, choices: Choices = Choices()) -> Upload:  # noqa: B008  frozen
    """A new one, copied to our own disk. Raises UploadFault and StoreError."""
    tidy(data_dir, now)
    if len(waiting(data_dir)) >= MAX_WAITING:
        raise UploadFault(f"{MAX_WAITING} files wait already; take one in, or discard one")
    shown = re.sub(r"[^\w .,()+@-]", "_", PurePath(name.replace("\\", "/")).name).strip()[-150:] or "a file"
    made = Upload(secrets.token_hex(12), shown, 0, by, now, now, choices=choices)
    place = path_of(data_dir, made)
    try:
        for one in (data_dir, folder(data_dir).parent, folder(data_dir), place.parent):
            directory.prepare(one)
        with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            while block := source.read(_BLOCK):
                if file.tell() + len(block) > MAX_SIZE:
                    raise UploadFault(f"the file is larger than {MAX_SIZE // _BLOCK} MB; cut it in parts")
                file.write(block)
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        if not size:
            raise UploadFault("the file is empty; choose one with people in it")
        return save(data_dir, made._replace(size=size), now)
    except OSError as error:
        shutil.rmtree(place.parent, ignore_errors=True)
        raise StoreError(f"{place} cannot be written: {error.strerror}; make room") from None
    except PostduifError:
        shutil.rmtree(place.parent, ignore_errors=True)
        raise


def said(data_dir: Path, upload: Upload, fault: PostduifError) -> str:
    """What is wrong with it, with its name as people know it and not its place on our disk."""
    return str(fault).replace(str(path_of(data_dir, upload)), upload.name)


def save(data_dir: Path, upload: Upload, now: float) -> Upload:
    """Note how far it is; what was taken in loses its file. Raises NoSuchUpload when it was discarded meanwhile."""
    changed = upload._replace(changed=now)
    place = folder(data_dir) / upload.id
    text = json.dumps(changed._asdict() | {"choices": upload.choices._asdict(), "counts": dict(upload.counts)})
    try:
        with open(os.open(place / "about.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        (place / "about.new").replace(place / "about.json")
    except FileNotFoundError:
        raise NoSuchUpload("this file was discarded meanwhile; upload it again") from None
    if upload.stage is Stage.DONE:
        path_of(data_dir, upload).unlink(missing_ok=True)
    return changed


def find(data_dir: Path, id_: str) -> Upload:
    """The one of that id. Raises NoSuchUpload."""
    if _ID.fullmatch(id_):
        with contextlib.suppress(OSError, ValueError, TypeError):
            return _read(folder(data_dir) / id_ / "about.json")
    raise NoSuchUpload("this file is not there any more; upload it again")


def waiting(data_dir: Path) -> list[Upload]:
    """Those that are not taken in, the newest first."""
    found = []
    for place in folder(data_dir).glob("*/about.json"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            found.append(_read(place))
    return sorted((one for one in found if one.stage is not Stage.DONE), key=lambda one: -one.at)


def discard(data_dir: Path, upload: Upload) -> None:
    """Away with it."""
    shutil.rmtree(folder(data_dir) / upload.id, ignore_errors=True)


def tidy(data_dir: Path, now: float) -> None:
    """Away with what nobody touched for KEPT, and with what a crash left half."""
    for place in folder(data_dir).glob("*"):
        with contextlib.suppress(OSError):
            about = place / "about.json"
            touched = (about if about.exists() else place).stat().st_mtime
            if touched < now - KEPT:
                shutil.rmtree(place, ignore_errors=True)


def _read(place: Path) -> Upload:
    known: dict[str, Any] = json.loads(place.read_text())
    choices = known.pop("choices")
    choices["columns"] = tuple(choices["columns"])
    refused = tuple((line, reason) for line, reason in known.pop("refused"))
    stage = Stage(known.pop("stage"))
    return Upload(**known, stage=stage, choices=Choices(**choices), refused=refused)
