"""Whose time `postduif mailing schedule` takes when none is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign.mailings import zone
from postduif.campaign.mailings.fault import ScheduleFault
from postduif.campaign.mailings.zone import zone_here


def test_zone_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment counts before the machine; without either it is UTC, and a zone without a name has to be said."""
    place = tmp_path / "localtime"
    monkeypatch.setattr(zone, "_LOCALTIME", place)
    monkeypatch.delenv("TZ", raising=False)
    assert zone_here() == "UTC"
    place.write_bytes(b"TZif of nowhere")
    with pytest.raises(ScheduleFault, match="say it: --zone Europe/Amsterdam"):
        zone_here()
    place.unlink()
    place.symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    assert zone_here() == "Asia/Tokyo"
    for told in ("Europe/Amsterdam", ":Europe/Amsterdam", "/usr/share/zoneinfo/Europe/Amsterdam"):
        monkeypatch.setenv("TZ", told)
        assert zone_here() == "Europe/Amsterdam"
    monkeypatch.setenv("TZ", "CET-1CEST")
    with pytest.raises(ScheduleFault, match="has no name"):
        zone_here()
