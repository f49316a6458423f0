"""Directories and room are there before the daemon needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.config.load import Loaded, read
from postduif.mta.soundness import places
from postduif.mta.soundness.finding import Finding
from tests.ordinary import ordinary_user


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Settings with both directories below the test's own."""
    file = tmp_path / "p.toml"
    file.write_text(f'[server]\ndata_dir = "{tmp_path}/top/queue"\nrun_dir = "{tmp_path}/run"\n')
    (tmp_path / "top").mkdir()
    return read(file)


def data_dir(loaded: Loaded) -> Finding:
    """What is found about data_dir."""
    finding = next(iter(places.directories(loaded)))
    assert finding.setting == "server.data_dir"
    assert bool(finding.remedy) is (finding.level != "ok")
    return finding


def test_absent(loaded: Loaded) -> None:
    """A directory that can be made is fine, and is not made."""
    assert data_dir(loaded).text.endswith("will be made")
    assert not loaded.config.server.data_dir.exists()


def test_present(loaded: Loaded) -> None:
    """A private directory is fine; one that is open to others is not."""
    path = loaded.config.server.data_dir
    path.mkdir(mode=0o700)
    assert data_dir(loaded).level == "ok"
    for mode in (0o750, 0o701):
        path.chmod(mode)
        finding = data_dir(loaded)
        assert (finding.level, finding.remedy) == ("error", f"run: chmod 700 {path}")


def test_run_dir(loaded: Loaded) -> None:
    """Others may look into run_dir, but not write there."""
    path = loaded.config.server.run_dir
    path.mkdir()
    for mode, level in ((0o755, "ok"), (0o777, "error")):
        path.chmod(mode)
        assert list(places.directories(loaded))[1].level == level


def test_no_directory(loaded: Loaded, tmp_path: Path) -> None:
    """A file in the way is an error."""
    loaded.config.server.data_dir.write_text("")
    assert "not a directory" in data_dir(loaded).text
    loaded.config.server.data_dir.unlink()
    (tmp_path / "top").rmdir()
    (tmp_path / "top").write_text("")
    assert data_dir(loaded).level == "error"


def test_not_writable(loaded: Loaded, tmp_path: Path) -> None:
    """A directory that we may not write, or make, is an error."""
    with ordinary_user(tmp_path / "top"):
        (tmp_path / "top").chmod(0o500)
        assert "cannot be made" in data_dir(loaded).text
        (tmp_path / "top").chmod(0o700)
        loaded.config.server.data_dir.mkdir(mode=0o500)
        assert "not writable" in data_dir(loaded).text


def test_room(tmp_path: Path) -> None:
    """Less room than the reserve means that new mail would be refused."""
    file = tmp_path / "p.toml"
    for reserve, level in (("0", "ok"), ("1024T", "error")):
        file.write_text(f'[server]\ndata_dir = "{tmp_path}/x/y"\n[queue]\ndisk_reserve = "{reserve}"\n')
        (finding,) = places.room(read(file))
        assert (finding.level, finding.where) == (level, f"{file}:4")
