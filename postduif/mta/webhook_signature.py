"""Signatures of webhooks, as Standard Webhooks 1.0 has them: the receiver knows that it is from us, whole, and new.

`webhook-signature` has one v1 signature (HMAC-SHA256) for each secret, over id, time and body. The time is that of the
request, so that a request that somebody has kept is worth nothing after a few minutes; the id stays when a request is
made again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from postduif.config.private_files import read_private
from postduif.config.schema import Webhook
from postduif.config.webhook_secret import Secret, read_secret
from postduif.errors import ConfigError

MAX_SECRETS = 5


def secrets_of(webhook: Webhook) -> tuple[Secret, ...]:
    """What a webhook is signed with. Raises ConfigError with the remedy when its file is not there, open or wrong."""
    if webhook.secret_file is None:
        assert webhook.secret is not None  # the settings were checked
        return (webhook.secret,)
    path, found = webhook.secret_file, list[Secret]()
    for number, line in enumerate(read_private(path).splitlines(), 1):
        text = line.strip().decode("ascii", "replace")
        if not text or text.startswith("#"):
            continue
        try:
            found.append(read_secret(text))
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: {error}") from None
    if not 0 < len(found) <= MAX_SECRETS:
        raise ConfigError(f"{path} has {len(found)} secrets; write 1 to {MAX_SECRETS}, one a line")
    return tuple(found)


def signed(secrets: Sequence[Secret], id: str, at: int, body: bytes) -> list[tuple[str, str]]:
    """The header fields of a request. `id` has no dot in it; `at` is in seconds since the epoch."""
    content = b"%b.%d.%b" % (id.encode("ascii"), at, body)
    signatures = (base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode("ascii") for secret in secrets)
    return [
        ("webhook-id", id),
        ("webhook-timestamp", str(at)),
        ("webhook-signature", " ".join(f"v1,{one}" for one in signatures)),
    ]
