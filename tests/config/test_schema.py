"""The settings themselves."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from postduif.config.describe import Setting, headings
from postduif.config.schema import Config, Delivery, Site
from postduif.config.units import Rate

SETTINGS = [
    pytest.param(heading.name, setting, id=f"{heading.name}.{setting.name}")
    for heading in headings().values()
    for setting in heading.settings.values()
]


@pytest.mark.parametrize(("section", "setting"), SETTINGS)
def test_described(section: str, setting: Setting) -> None:
    """Every setting says what it means, in whole sentences."""
    words = setting.field.description or ""
    assert words.endswith((".", ").")), section
    assert words[0].isupper() or words[0] == "`"


@pytest.mark.parametrize(("section", "setting"), SETTINGS)
def test_defaults_are_allowed(section: str, setting: Setting) -> None:
    """Every default could stand in the file."""
    heading = headings()[section]
    default = None if setting.field.is_required() else setting.field.get_default(call_default_factory=True)
    plain = setting.plain(default)
    if plain is None:
        return
    required = {
        name: tomllib.loads(f"x = {other.example}")["x"]
        for name, other in heading.settings.items()
        if other.field.is_required()
    }
    assert getattr(heading.model.model_validate(required | {setting.name: plain}), setting.name) == default


def test_frozen() -> None:
    """What was read does not change."""
    with pytest.raises(ValidationError, match="frozen"):
        Config().delivery.port = 26  # type: ignore[misc]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"connections": 10, "message_rate": Rate(5, 1.0), "tls": "required"}),
        ({"connections": 3, "tls": "none"}, {"connections": 3, "message_rate": Rate(5, 1.0), "tls": "none"}),
        ({"message_rate": "7/m"}, {"message_rate": Rate(7, 60.0)}),
        ({"message_rate": ""}, {"message_rate": None}),
        ({"connections": None}, {"connections": 10}),
    ],
)
def test_a_site_overrides_delivery(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """A site has its own limits where it gives them, an empty rate among them, and those of delivery otherwise."""
    delivery = Delivery.model_validate({"message_rate": "5/s", "tls": "required"})
    over = Site.model_validate({"name": "a", "domains": ["a.example"], **given}).over(delivery)
    assert {name: getattr(over, name) for name in expected} == expected
    assert over.retry == delivery.retry
