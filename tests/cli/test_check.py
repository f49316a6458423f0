"""`postduif check` says what is right, what is wrong and what to do, and its exit status agrees."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from postduif.cli import main
from postduif.mta.dkim_keys import generate


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Settings with which everything is right."""
    key = tmp_path / "key.pem"
    key.write_bytes(generate("ed25519"))
    key.chmod(0o600)
    path = tmp_path / "postduif.toml"
    path.write_text(f"""\
[server]
hostname = "mta.example.com"
data_dir = "{tmp_path}/queue"
run_dir = "{tmp_path}/run"
[[listener]]
address = "127.0.0.1:0"
[[dkim]]
domain = "example.com"
selector = "2026a"
key = "{key}"
[queue]
disk_reserve = 0
""")
    return path


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    """What the command prints and returns."""
    return CliRunner().invoke(main, ["check", *map(str, arguments)], env=env)


def test_right(file: Path) -> None:
    """Everything right is one line each and exit status 0."""
    result = run("--config", file)
    assert result.exit_code == 0
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"ok"}
    assert f"ok       {file}:10: dkim[0].key: {file.parent}/key.pem: Ed25519\n" in result.stdout


def test_file_from_the_environment(file: Path) -> None:
    """POSTDUIF_CONFIG names the file."""
    assert run(env={"POSTDUIF_CONFIG": str(file)}).exit_code == 0


def test_wrong(file: Path) -> None:
    """An open key is an error with its remedy, the rest is still looked at, and the exit status is 1."""
    (file.parent / "key.pem").chmod(0o644)
    result = run("--config", file)
    assert result.exit_code == 1
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("error")]
    assert line.startswith(f"error    {file}:10: dkim[0].key: {file.parent}/key.pem is open to others (mode 0644)")
    assert line.endswith(f"; run: chmod 600 {file.parent}/key.pem")
    assert "listener[0].address: 127.0.0.1:0: takes a free port" in result.stdout


def test_warnings_are_allowed(file: Path) -> None:
    """A warning does not change the exit status."""
    file.write_text('[server]\nhostname = "mta.example.com"\n[queue]\ndisk_reserve = 0\n')
    result = run("-c", file)
    assert f"warning  {file}: listener: none, so no mail can come in; add [[listener]] with an address" in result.stdout


def test_faults_of_the_file(file: Path) -> None:
    """What cannot be understood is told as everywhere else."""
    file.write_text('[server]\nhostnam = "a"\n')
    result = run("-c", file)
    assert result.exit_code == 1
    assert result.stdout == f'error    {file}:2: server.hostnam: no such setting; did you mean "hostname"?\n'


def test_rules_between_settings(file: Path) -> None:
    """Rules between settings and those of the daemon are checked, and the rest as well."""
    file.write_text(
        file.read_text().replace("mta.example.com", "localhost") + "[dns]\nmin_ttl = '1d'\nmax_ttl = '1h'\n"
    )
    result = run("-c", file)
    assert result.exit_code == 1
    assert f"error    {file}:2: server.hostname: " in result.stdout
    assert f"error    {file}:14: dns.min_ttl: " in result.stdout
    assert "ok       " in result.stdout


def test_no_file(tmp_path: Path) -> None:
    """A missing file is wrong, not a usage error."""
    result = run("-c", tmp_path / "x")
    assert (result.exit_code, result.stdout.count("\n")) == (1, 1)
    assert f"error    {tmp_path}/x: no such file; create it, or name another with --config" in result.stdout


def test_usage() -> None:
    """An unknown option is exit status 2."""
    assert run("--nonsense").exit_code == 2


def test_json(file: Path) -> None:
    """The same as JSON, for programs."""
    report = json.loads(run("-c", file, "--json").stdout)
    assert report["ok"] is True
    (file.parent / "key.pem").unlink()
    result = run("-c", file, "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"]) == (1, False)
    (error,) = [finding for finding in report["findings"] if finding["level"] == "error"]
    assert error == {
        "level": "error",
        "where": f"{file}:10",
        "setting": "dkim[0].key",
        "text": f"{file.parent}/key.pem does not exist",
        "remedy": "create it, or correct the path",
    }


def test_show(file: Path) -> None:
    """The settings that hold are printed with their origin."""
    result = run("-c", file, "--show")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["hostname", "=", '"mta.example.com"', "#", f"{file}:2"] in lines
    assert ["log_level", "=", '"info"', "#", "default"] in lines
    rows = json.loads(run("-c", file, "--show", "--json").stdout)
    assert {"setting": "listener[0].address", "value": "127.0.0.1:0", "source": f"{file}:6"} in rows


def test_show_refuses_a_broken_file(file: Path) -> None:
    """What does not hold is not shown."""
    file.write_text("[server\n")
    result = run("-c", file, "--show")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{file}:1: " in result.stderr


def test_dns(file: Path) -> None:
    """--dns asks the configured name servers; one that is not there is an error."""
    file.write_text(file.read_text() + '[dns]\nnameservers = ["127.0.0.1:9"]\ntimeout = "200ms"\n')
    result = run("-c", file, "--dns")
    assert result.exit_code == 1
    assert "server.hostname: mta.example.com A: " in result.stdout
    assert "dkim[0]: 2026a._domainkey.example.com TXT: " in result.stdout


def test_table(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal the results are a table that shows every word."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    (file.parent / "key.pem").unlink()
    with pytest.raises(SystemExit) as caught:
        main(["check", "-c", str(file)])
    assert caught.value.code == 1
    words = click.unstyle(capsys.readouterr().out).split()
    assert {"dkim[0].key", "error", "exist", "create", "correct"} <= set(words)
