"""Secrets of webhooks are read, and never shown."""

from __future__ import annotations

import base64

import pytest

from postduif.config.webhook_secret import read_secret


def test_reads() -> None:
    """What follows whsec_ is the key in base64."""
    key = bytes(range(32))
    assert read_secret("whsec_" + base64.b64encode(key).decode()) == key


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("c2VjcmV0", "not a webhook secret"),
        (12, "not a webhook secret"),
        ("whsec_not base64!", "not base64"),
        ("whsec_" + base64.b64encode(bytes(23)).decode(), "the key has 23 octets"),
        ("whsec_" + base64.b64encode(bytes(65)).decode(), "the key has 65 octets"),
    ],
)
def test_refused(text: object, problem: str) -> None:
    """Anything else is refused with the remedy, and what it was is not said."""
    with pytest.raises(ValueError, match=problem) as caught:
        read_secret(text)
    assert str(text) not in str(caught.value)
    assert "openssl rand" in str(caught.value)


def test_not_shown() -> None:
    """No way of printing it shows it."""
    secret = read_secret("whsec_" + base64.b64encode(b"k" * 32).decode())
    assert {repr(secret), str(secret), f"{secret}"} == {"Secret(...)"}
    assert "kkk" not in repr({"secret": secret})
