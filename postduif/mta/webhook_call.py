"""One request of a webhook: what is sent, how long it may take, what the receiver said.

Redirects are not followed, cookies and proxies not known, and of a reply only the status counts; so much of its body is
read, and thrown away, that the connection can be used again.
"""

from __future__ import annotations

import asyncio
import email.utils
import ssl
from collections.abc import Sequence
from typing import NamedTuple

from httpcore2 import AsyncConnectionPool, Response

from postduif.config.schema import Webhook
from postduif.config.units import format_time
from postduif.config.webhook_secret import Secret
from postduif.mta.resolver import Resolver
from postduif.mta.webhook_events import id_of
from postduif.mta.webhook_signature import signed
from postduif.mta.webhook_target import AddressRefused, Target

MAX_REPLY = 64 * 1024
"""Octets of a reply's body; with more of it the connection is closed."""
KEPT = 5.0
"""Seconds that a connection is kept for the next request."""


class Answer(NamedTuple):
    """What came of it."""

    status: int
    """HTTP; 0: there was no reply."""
    words: str
    """What happened, for the log."""
    result: str
    """A label: `2yz`, ..., `timeout`, `network`, `address`."""
    retry_after: str = ""
    """The header field."""

    @property
    def taken(self) -> bool:
        """The receiver has it."""
        return 200 <= self.status < 300

    def asked_wait(self, now: float) -> float:
        """Seconds that the receiver asks us to wait, 0 when it does not. RFC 9110 10.2.3: seconds or a date."""
        text = self.retry_after.strip()
        if text.isdecimal() and len(text) < 10:
            return float(text)
        try:
            return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
        except (ValueError, OverflowError, OSError):
            return 0.0


class Caller:
    """Makes the requests of one webhook, one at a time. Bound to the event loop that first uses it."""

    def __init__(
        self, webhook: Webhook, secrets: Sequence[Secret], resolver: Resolver, context: ssl.SSLContext | None
    ) -> None:
        """`context` verifies certificates; None when the URL has no TLS."""
        self._webhook = webhook
        self._secrets = secrets
        self._pool = AsyncConnectionPool(
            ssl_context=context, max_connections=1, keepalive_expiry=KEPT, network_backend=Target(webhook, resolver)
        )

    async def post(self, body: bytes, now: float) -> Answer:
        """Send it, signed, and say what came of it. Whatever goes wrong is an answer too."""
        fields = [
            ("content-type", "application/json"),
            ("user-agent", "Postduif"),
            *signed(self._secrets, id_of(body), int(now), body),
        ]
        answer: Answer | None = None
        try:
            async with (
                asyncio.timeout(self._webhook.timeout),
                self._pool.stream("POST", self._webhook.url, headers=fields, content=body) as response,
            ):
                answer = _answer(response)
                await _drain(response)
        except TimeoutError:
            failure = Answer(0, f"no reply within {format_time(self._webhook.timeout)}", "timeout")
        except AddressRefused as error:
            failure = Answer(0, str(error), "address")
        except Exception as error:  # whatever a stranger's server makes the library raise, the events are told again
            failure = Answer(0, str(error) or type(error).__name__, "network")
        return answer or failure

    async def close(self) -> None:
        """Close the connection that was kept."""
        await self._pool.aclose()


def _answer(response: Response) -> Answer:
    fields = {name.lower(): value for name, value in response.headers}
    after = fields.get(b"retry-after", b"")[:100].decode("ascii", "replace")
    return Answer(response.status, f"HTTP status {response.status}", f"{response.status // 100}yz", after)


async def _drain(response: Response) -> None:
    size = 0
    async for part in response.aiter_stream():
        size += len(part)
        if size > MAX_REPLY:
            return
