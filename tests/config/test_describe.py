"""The schema as people see it."""

from __future__ import annotations

import pytest

from postduif.config.describe import headings


@pytest.mark.parametrize(
    ("section", "name", "default", "range_"),
    [
        ("listener", "address", "required", ""),
        ("listener", "max_recipients", "1000", "1 to 65535"),
        ("listener", "idle_timeout", '"5m"', "more than 0s and at most 1d"),
        ("listener", "certificate", "not set", ""),
        ("listener", "trusted", "[]", ""),
        ("server", "hostname", "see there", ""),
        ("queue", "disk_reserve", '"500M"', ""),
        ("delivery", "retry", '"1m, 5m*2, 15m, 1h*3, 4h"', ""),
        ("delivery", "ipv6", "true", ""),
        ("delivery", "message_rate", '""', ""),
        ("delivery", "retry_jitter", "0.1", "0 to 0.5"),
        ("site", "message_rate", "not set", ""),
        ("site", "connections", "not set", "1 to 10000"),
        ("dns", "min_ttl", '"30s"', "0s to 1d"),
    ],
)
def test_settings(section: str, name: str, default: str, range_: str) -> None:
    """Defaults and ranges are written as in the file."""
    setting = headings()[section].settings[name]
    assert (setting.default, setting.range) == (default, range_)


def test_headings() -> None:
    """Sections stand in one pair of brackets or two."""
    assert [str(heading) for heading in headings().values()][:4] == ["[server]", "[[listener]]", "[auth]", "[queue]"]


def test_a_name_of_digits_stays_text() -> None:
    """Digits are a number only where a number is meant."""
    assert headings()["stream"].settings["name"].toml("123") == '"123"'
    assert headings()["listener"].settings["min_data_rate"].toml(500) == "500"
