"""The units are valid, known and tight, and the libraries run under their strictest wish."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import need

SYSTEMD = Path(__file__).resolve().parents[1] / "systemd"
UNITS = ("postduif.service", "postduif.socket")
MAX_EXPOSURE = 2.0

# What systemd has had since version 249 or earlier, of which the units may use what is listed here and nothing else: a
# directive that is misspelt is only a warning in the log, and the wall that it should have built is not there.
KNOWN = {
    "Unit": "Description Wants After StartLimitIntervalSec StartLimitBurst",
    "Install": "WantedBy",
    "Socket": "ListenStream BindIPv6Only Backlog NoDelay KeepAlive",
    "Service": """
        Type NotifyAccess ExecStart ExecReload Restart RestartSec WatchdogSec TimeoutStartSec TimeoutStopSec KillMode
        User Group UMask StateDirectory StateDirectoryMode RuntimeDirectory RuntimeDirectoryMode ConfigurationDirectory
        ConfigurationDirectoryMode WorkingDirectory LoadCredential LimitNOFILE LimitCORE TasksMax MemoryHigh MemoryMax
        OOMPolicy ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateMounts DevicePolicy ProtectProc ProcSubset
        ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables
        PrivateIPC RemoveIPC KeyringMode CapabilityBoundingSet AmbientCapabilities NoNewPrivileges PrivateUsers
        RestrictSUIDSGID RestrictNamespaces RestrictRealtime LockPersonality MemoryDenyWriteExecute
        SystemCallArchitectures SystemCallFilter SystemCallErrorNumber RestrictAddressFamilies""",
}


def directives(unit: str) -> dict[str, dict[str, list[str]]]:
    """Section, directive, values in order."""
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in (SYSTEMD / unit).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            section.setdefault(name, []).append(value)
    return found


def installed(directory: Path) -> list[Path]:
    """The units as on a machine where the program is there: its path replaced by that of a program that is."""
    for unit in UNITS:
        text = (SYSTEMD / unit).read_text(encoding="utf-8").replace("/opt/postduif/bin/postduif", sys.executable)
        (directory / unit).write_text(text, encoding="utf-8")
    return [directory / unit for unit in UNITS]


@pytest.mark.parametrize("unit", UNITS)
def test_directives_are_known(unit: str) -> None:
    """No directive is misspelt."""
    unknown = {
        f"{section}.{name}"
        for section, names in directives(unit).items()
        for name in names
        if name not in KNOWN[section].split()
    }
    assert not unknown


def test_units_verify(tmp_path: Path) -> None:
    """systemd reads both units without a word of complaint."""
    (analyze,) = need("systemd-analyze")
    done = subprocess.run([analyze, "verify", "--man=no", *installed(tmp_path)], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "postduif" in line]
    assert (complaints, done.returncode) == ([], 0)


def test_exposure_is_low() -> None:
    """`systemd-analyze security` gives the service 2.0 of 10 at most."""
    (analyze,) = need("systemd-analyze")
    command = [analyze, "security", "--offline=true", "--no-pager", f"--threshold={MAX_EXPOSURE * 10:.0f}"]
    done = subprocess.run([*command, SYSTEMD / "postduif.service"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    exposure = re.search(r"exposure level for postduif.service: ([0-9.]+)", done.stdout)
    assert exposure
    assert float(exposure[1]) <= MAX_EXPOSURE


def test_exposure_can_be_too_high(tmp_path: Path) -> None:
    """The gate closes before a unit without the walls."""
    (analyze,) = need("systemd-analyze")
    bare = tmp_path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    command = [analyze, "security", "--offline=true", "--no-pager", f"--threshold={MAX_EXPOSURE * 10:.0f}"]
    assert subprocess.run([*command, bare], capture_output=True).returncode != 0


def test_directories_are_private() -> None:
    """State, run and configuration directories are for the service's user alone, and so is every file it makes."""
    service = directives("postduif.service")["Service"]
    for kind in ("State", "Runtime", "Configuration"):
        assert service[f"{kind}Directory"] == ["postduif"]
        assert service[f"{kind}DirectoryMode"] == ["0700"]
    assert service["UMask"] == ["0077"]


def test_what_stands_beside_the_mail_may_die() -> None:
    """A process of the unit that is ended for want of memory does not end the others."""
    assert directives("postduif.service")["Service"]["OOMPolicy"] == ["continue"]


def test_user_and_directory_files(tmp_path: Path) -> None:
    """systemd-sysusers makes the user that the unit names, and systemd-tmpfiles the key directory, for root alone."""
    sysusers, tmpfiles = need("systemd-sysusers", "systemd-tmpfiles")
    (tmp_path / "etc").mkdir()
    root = f"--root={tmp_path}"
    subprocess.run([sysusers, root, SYSTEMD / "sysusers.d" / "postduif.conf"], check=True, capture_output=True)
    service = directives("postduif.service")["Service"]
    users = [line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text(encoding="utf-8").splitlines()]
    assert service["User"][0] in users

    if os.geteuid() != 0:
        pytest.skip("only root can make directories of other users")
    subprocess.run([tmpfiles, "--create", root, SYSTEMD / "tmpfiles.d" / "postduif.conf"], check=True)
    _, _, keys = service["LoadCredential"][0].partition(":")
    made = (tmp_path / keys.lstrip("/")).stat()
    assert (made.st_mode & 0o7777, made.st_uid) == (0o700, 0)


def test_manual_names_every_file() -> None:
    """docs/systemd.md tells what to do with each file in systemd/."""
    manual = (SYSTEMD.parent / "docs" / "systemd.md").read_text(encoding="utf-8")
    names = [path.relative_to(SYSTEMD).as_posix() for path in SYSTEMD.rglob("*") if path.is_file()]
    assert [name for name in names if f"systemd/{name}" not in manual] == []


MDWE = """
import ctypes
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0) != 0:
    raise SystemExit(77)
import asyncio, ssl
import aiosmtpd.smtp, argon2, dkim, dns.asyncresolver, nacl.signing, prometheus_client, pydantic, sqlite3, uvloop
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
rsa.generate_private_key(65537, 2048).sign(b"x", padding.PKCS1v15(), hashes.SHA256())
ed25519.Ed25519PrivateKey.generate().sign(b"x")
nacl.signing.SigningKey.generate().sign(b"x")
hasher = argon2.PasswordHasher()
hasher.verify(hasher.hash("x"), "x")
ssl.create_default_context()
sqlite3.connect(":memory:").execute("select 1")
uvloop.run(asyncio.sleep(0))
"""


def test_libraries_without_writable_code() -> None:
    """MemoryDenyWriteExecute=yes is bearable: every compiled library works in a program that may make no code."""
    done = subprocess.run([sys.executable, "-c", MDWE], capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("this kernel has no PR_SET_MDWE (Linux 6.3)")
    assert done.returncode == 0, done.stderr
