"""An application hears of a refusal by webhook; a reload with a wrong secret changes nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from postduif.sink import Sink
from tests.receiver import Receiver
from tests.stories.daemon import Daemon
from tests.stories.roads import to

KEY = b"k" * 32


def test_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What the host said comes signed with the secret of the file, before and after a reload that was refused."""
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + base64.b64encode(KEY).decode())
    secret.chmod(0o600)

    async def story(receiver: Receiver) -> None:
        hook = f"""
        [[webhook]]
        name = "app"
        url = "{receiver.url}"
        secret_file = "{secret}"
        allowed_networks = ["127.0.0.0/8"]
        """
        async with (
            Sink(rules='[[rule]]\nrcpt = {reply = "550 5.1.1 no such user"}') as sink,
            Daemon(tmp_path, to(sink) + hook) as daemon,
        ):
            for recipient in ("a@example.net", "b@example.net"):
                await daemon.submit([recipient])

                def heard(recipient: str = recipient) -> bool:
                    daemon.clock.advance(0.1)
                    return any(event["recipient"] == recipient for event in receiver.taken)

                await daemon.until(heard)
                secret.chmod(0o644)
                daemon.app.reload()

    with Receiver() as receiver:
        asyncio.run(story(receiver))
    told = [event["recipient"] for event in receiver.taken if event["sender"] == "app@sender.example"]
    assert told == ["a@example.net", "b@example.net"]
    assert "error reload_refused" in capfd.readouterr().err
    for request in receiver.requests:
        content = f"{request.fields['webhook-id']}.{request.fields['webhook-timestamp']}.".encode() + request.body
        signature = base64.b64encode(hmac.digest(KEY, content, hashlib.sha256)).decode()
        assert request.fields["webhook-signature"] == f"v1,{signature}"
