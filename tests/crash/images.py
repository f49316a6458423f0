"""A file system of its own in a file, for faults that a whole disk has: full, no inodes, cut off.

`cut` is what a power cut is for the file system above the disk: from one moment on nothing reaches the disk, and what
was only in memory is gone. What a disk keeps in a cache of its own is beyond this: the image is the disk. To be used
in a process with mounts of its own (`apart`): a copy of a mount that somebody else has would keep it alive.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN, which is XFS_IOC_GOINGDOWN: _IOR('X', 125, __u32)
WITHOUT_LOG = 2  # not even the file system's own journal is written out
PATIENCE = 120.0  # seconds
SIZES = {"ext4": "192M", "xfs": "320M"}  # xfs is not made smaller than 300 MB


class Refused(Exception):  # noqa: N818  the name says what happened
    """The machine does not let us mount, as most containers do not."""


class Disk:
    """Mounted on `path` between `mount` and `unmount`."""

    def __init__(self, kind: str, directory: Path) -> None:
        """`kind`: "ext4" or "xfs"; mkfs must be there. Raises Refused."""
        self.path = directory / kind
        self._kind = kind
        self._image = directory / f"{kind}.img"
        self.path.mkdir(mode=0o700)
        with self._image.open("wb") as image:
            image.truncate(int(SIZES[kind][:-1]) << 20)
        _run(f"mkfs.{kind}", "-q", str(self._image))

    def mount(self) -> None:
        """What the journal of the file system holds is played back. Raises Refused."""
        options = "loop,errors=remount-ro" if self._kind == "ext4" else "loop"
        _run("mount", "-o", options, str(self._image), str(self.path))

    def cut(self) -> None:
        """From now on nothing reaches the disk, and every call that would need it fails."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
        finally:
            os.close(descriptor)

    def fail(self) -> None:
        """Have the kernel find an error (ext4): the file system becomes read-only."""
        device = subprocess.run(
            ["findmnt", "-no", "SOURCE", str(self.path)], check=True, capture_output=True, text=True
        ).stdout.strip()
        Path("/sys/fs/ext4", Path(device).name, "trigger_fs_error").write_text("made by a test")

    def again(self) -> None:
        """Unmount and mount it; blocks until those who were killed have closed their files. Raises AssertionError."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                _run("umount", str(self.path))
                break
            except Refused as reason:
                if time.monotonic() > until:
                    raise AssertionError(str(reason)) from None
                time.sleep(0.02)
        self.mount()


@contextlib.contextmanager
def disk(kind: str, directory: Path) -> Iterator[Disk]:
    """A mounted one, gone at the end whatever happens. Raises Refused."""
    made = Disk(kind, directory)
    made.mount()
    try:
        made.path.chmod(0o700)
        made.again()  # that too is on the disk now
        yield made
    finally:
        _release(made.path)


@contextlib.contextmanager
def small_disk(kind: str, directory: Path) -> Iterator[Path]:
    """`directory`/queue on a small one: "ext4", "xfs", or "tmpfs", which is in memory. Raises Refused."""
    queue = directory / "queue"
    if kind != "tmpfs":
        with disk(kind, directory) as made:
            queue.symlink_to(made.path, target_is_directory=True)
            yield queue
        return
    queue.mkdir(mode=0o700)
    _run("mount", "-t", "tmpfs", "-o", "size=32m,nr_inodes=100,mode=700", "tmpfs", str(queue))
    try:
        yield queue
    finally:
        _release(queue)


def _release(path: Path) -> None:
    """Unmount it, whatever state it is in; perhaps it is not mounted."""
    subprocess.run(["umount", "--lazy", str(path)], check=False, stderr=subprocess.DEVNULL)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"{' '.join(command)}: {done.stderr.strip()}")
