"""Directories and the room on their disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from postduif.config.load import Loaded
from postduif.config.units import format_size
from postduif.mta.soundness.finding import About, Finding


def directories(loaded: Loaded) -> Iterator[Finding]:
    """data_dir and run_dir exist or can be made, and are writable and closed to others."""
    server = loaded.config.server
    yield _directory(About(loaded, "server", "data_dir"), server.data_dir, closed=0o077)
    yield _directory(About(loaded, "server", "run_dir"), server.run_dir, closed=0o022)


def room(loaded: Loaded) -> Iterator[Finding]:
    """The disk of data_dir has more room than the reserve."""
    about, reserve = About(loaded, "queue", "disk_reserve"), loaded.config.queue.disk_reserve
    place = _existing(loaded.config.server.data_dir)
    try:
        status = os.statvfs(place)
    except OSError as error:
        yield about.error(f"{place}: cannot tell the free space ({error.strerror})", "check the disk")
        return
    free = status.f_bavail * status.f_frsize
    text = f"{place}: {_about(free)} free, {format_size(reserve)} is the reserve"
    if free <= reserve:
        yield about.error(f"{text}, so new mail gets 452", "make room there, or write a smaller disk_reserve")
    else:
        yield about.ok(text)


def _directory(about: About, path: Path, *, closed: int) -> Finding:
    make = f"install -d -m 700 -o postduif {path}"
    try:
        status = path.stat()
    except FileNotFoundError:
        parent = _existing(path)
        if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK, effective_ids=True):
            return about.ok(f"{path}: will be made")
        return about.error(f"{path}: does not exist and cannot be made by uid {os.geteuid()}", f"run: {make}")
    except OSError as error:
        return about.error(f"{path}: cannot be looked at ({error.strerror})", "run this as the user of the service")
    if not stat.S_ISDIR(status.st_mode):
        return about.error(f"{path}: not a directory", "write another path")
    if stat.S_IMODE(status.st_mode) & closed:
        mode = stat.S_IMODE(status.st_mode)
        return about.error(f"{path}: open to group or others (mode {mode:04o})", f"run: chmod 700 {path}")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
        return about.error(f"{path}: not writable by uid {os.geteuid()}", f"run: chown {os.geteuid()} {path}")
    return about.ok(f"{path}: writable")


def _existing(path: Path) -> Path:
    """The path, or the nearest directory above it that exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path("/"))


def _about(octets: int) -> str:
    for unit, size in (("G", 1024**3), ("M", 1024**2)):
        if octets >= size:
            return f"{octets / size:.1f}{unit}"
    return format_size(octets)
