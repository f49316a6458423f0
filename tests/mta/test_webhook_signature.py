"""Signatures of webhooks are those of Standard Webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.config.schema import Webhook
from postduif.config.webhook_secret import read_secret
from postduif.errors import ConfigError
from postduif.mta.webhook_signature import secrets_of, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "QUJD" * 8


def in_file(path: Path, text: str, mode: int = 0o600) -> Webhook:
    """A webhook whose secrets are in a file with that text."""
    path.write_text(text)
    path.chmod(mode)
    return Webhook.model_validate({"name": "app", "url": "https://a.example/", "secret_file": str(path)})


def test_known_answer() -> None:
    """The example that every library of Standard Webhooks is tested with comes out."""
    assert signed([read_secret(SECRET)], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}') == [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ]


def test_several_secrets() -> None:
    """Each secret signs, so that a receiver that knows one of them believes it."""
    one, other = read_secret(SECRET), read_secret(OTHER)
    both = dict(signed([one, other], "msg_1", 1, b"{}"))["webhook-signature"]
    assert both.split() == [dict(signed([it], "msg_1", 1, b"{}"))["webhook-signature"] for it in (one, other)]


@pytest.mark.parametrize(("id", "at", "body"), [("msg_2", 1, b"{}"), ("msg_1", 2, b"{}"), ("msg_1", 1, b"{ }")])
def test_everything_is_signed(id: str, at: int, body: bytes) -> None:
    """Another id, time or body has another signature."""
    secrets = [read_secret(SECRET)]
    assert signed(secrets, id, at, body)[2] != signed(secrets, "msg_1", 1, b"{}")[2]


def test_from_a_file(tmp_path: Path) -> None:
    """A file has one secret a line; what begins with # is skipped."""
    webhook = in_file(tmp_path / "s", f"# of 2027\n{SECRET}\n\n{OTHER}\r\n")
    assert secrets_of(webhook) == (read_secret(SECRET), read_secret(OTHER))


def test_in_the_settings() -> None:
    """Without a file the secret stands in the settings."""
    webhook = Webhook.model_validate({"name": "app", "url": "https://a.example/", "secret": SECRET})
    assert secrets_of(webhook) == (read_secret(SECRET),)


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        (SECRET, 0o644, "chmod 600"),
        (f"{SECRET}\nsecret\n", 0o600, "s:2: not a webhook secret"),
        ("# none yet\n", 0o600, "has 0 secrets"),
        (f"{SECRET}\n" * 6, 0o600, "has 6 secrets"),
        ("whsec_\xff", 0o600, "s:1: not base64"),
    ],
)
def test_refused(tmp_path: Path, text: str, mode: int, problem: str) -> None:
    """A file that is open to others, or has anything else in it, is refused with the remedy."""
    with pytest.raises(ConfigError, match=problem):
        secrets_of(in_file(tmp_path / "s", text, mode))
