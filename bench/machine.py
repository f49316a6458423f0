"""What this machine is and can do, so that figures can be read by people who have another one."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from bench.errors import BenchError
from bench.load import Load, send
from bench.measure import sink
from bench.program import Program, find, free_port, wait_for_greeting

_SYNCS = 200


def _first(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text(encoding="utf-8"))
    return found[1] if found else "unknown"


def file_system(directory: Path) -> str:
    """Type of the file system that holds a directory, as ext4."""
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, mount, kind, *_ = line.split()
        if len(mount) >= len(best[0]) and directory.is_relative_to(mount):
            best = (mount, kind)
    return best[1]


def facts(directory: Path) -> dict[str, str]:
    """Name and value of what makes figures differ between machines."""
    model = _first("/proc/cpuinfo", r"model name\s*:\s*(.+)")
    kibibytes = int(_first("/proc/meminfo", r"MemTotal:\s*(\d+)"))
    return {
        "cpu": f"{os.cpu_count()} x {model}",
        "memory": f"{kibibytes / (1 << 20):.0f} GiB",
        "kernel": platform.release(),
        "file system": file_system(directory.resolve()),
        "load average": f"{os.getloadavg()[0]:.2f}",
        "syslog": "a daemon listens" if Path("/dev/log").exists() else "no daemon",
    }


def fsync_rate(directory: Path) -> float:
    """How often a second one writer can append 4 KiB and fsync."""
    path = directory / "fsync"
    with path.open("wb", buffering=0) as file:
        started = time.monotonic()
        for _ in range(_SYNCS):
            file.write(bytes(4096))
            os.fsync(file.fileno())
        seconds = time.monotonic() - started
    path.unlink()
    return _SYNCS / seconds


def signing_rate(seconds: int = 3) -> float:
    """RSA-2048 signatures a second on all cores, by `openssl speed -multi`."""
    command = [find("openssl"), "speed", "-seconds", str(seconds), "-multi", str(os.cpu_count()), "rsa2048"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"^rsa\s+2048 bits\s+\S+s\s+\S+s\s+([\d.]+)", done.stdout, re.MULTILINE)
    if not found:
        raise BenchError(f"openssl speed printed no rate: {done.stdout[-200:]!r}")
    return float(found[1])


def direct_rate(root: Path, load: Load) -> float:
    """What a generator and our sink can do with no mail transfer agent between them: messages a second."""
    with sink(root / "direct", chunking=False) as end:
        sent = send(load, end.port)
        end.wait(load.messages, None)
    return load.messages / sent.seconds


def smtp_sink_rate(root: Path, load: Load) -> float:
    """The same with Postfix's smtp-sink in the place of ours."""
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [find("smtp-sink"), *user, "-m", "1000", f"127.0.0.1:{port}", "1000"]
    running = Program(command, root / "smtp-sink.log")
    try:
        wait_for_greeting(port, running)
        return load.messages / send(load, port).seconds
    finally:
        running.stop()
