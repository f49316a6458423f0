"""Ports are free, or held by a Postduif that runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.cli.checks import ports
from postduif.config.load import read
from postduif.mta.soundness.finding import Finding
from tests.ordinary import ordinary_user


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def found(directory: Path, *addresses: str) -> list[Finding]:
    """What is found about listeners on these addresses."""
    file = directory / "p.toml"
    listeners = "".join(f'[[listener]]\naddress = "{address}"\n' for address in addresses)
    file.write_text(f'[server]\nrun_dir = "{directory}"\n{listeners}')
    findings = list(ports.ports(read(file)))
    assert all(bool(finding.remedy) is (finding.level != "ok") for finding in findings)
    return findings


def test_free(tmp_path: Path, taken: int) -> None:
    """A free port is fine, and port 0 always is; nothing stays bound."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    findings = found(tmp_path, f"127.0.0.1:{free}", "127.0.0.1:0")
    assert [finding.level for finding in findings] == ["ok", "ok"]
    assert [finding.level for finding in found(tmp_path, f"127.0.0.1:{free}")] == ["ok"]


def test_taken(tmp_path: Path, taken: int) -> None:
    """A port of another program is an error, also under the address that means all."""
    for address in ("127.0.0.1", "0.0.0.0"):
        (finding,) = found(tmp_path, f"{address}:{taken}")
        assert finding.level == "error"
        assert f"'sport = :{taken}'" in finding.remedy


def test_taken_by_ourselves(tmp_path: Path, taken: int) -> None:
    """While our control socket answers, a port in use is a warning; a dead socket changes nothing."""
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(tmp_path / "control.sock"))
        assert found(tmp_path, f"127.0.0.1:{taken}")[0].level == "error"
        control.listen(1)
        assert found(tmp_path, f"127.0.0.1:{taken}")[0].level == "warning"


def test_no_such_address(tmp_path: Path) -> None:
    """An address that this host has not is an error (192.0.2.0/24 is nobody's, RFC 5737)."""
    (finding,) = found(tmp_path, "192.0.2.1:0")
    assert finding.level == "error"
    assert "no such address" in finding.text


def test_ipv6(tmp_path: Path) -> None:
    """IPv6 is tried as IPv6: all of it beside all of IPv4."""
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 here")
    assert [finding.level for finding in found(tmp_path, "[::1]:0", "[::]:0")] == ["ok", "ok"]


def test_metrics_too(tmp_path: Path, taken: int) -> None:
    """The metrics address is tried like the listeners."""
    file = tmp_path / "p.toml"
    file.write_text(f'[metrics]\naddress = "127.0.0.1:{taken}"\n[server]\nrun_dir = "{tmp_path}"\n')
    (finding,) = ports.ports(read(file))
    assert (finding.setting, finding.where, finding.level) == ("metrics.address", f"{file}:2", "error")


def test_low_ports(tmp_path: Path) -> None:
    """A port below 1024 is not ours to try, so it is a warning that names systemd's socket."""
    with ordinary_user(tmp_path):
        (finding,) = found(tmp_path, "127.0.0.1:1")
    assert finding.level == "warning"
    assert "postduif.socket" in finding.remedy
