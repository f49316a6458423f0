"""A sample scored by rspamd: one POST to /checkv2 of a worker.

Whatever goes wrong is a `SpamScore` too. rspamd answers with an action; whatever marks a message or keeps it out of the
mailbox counts as spam, though the limit that it tells is only that of rejecting.
"""

from __future__ import annotations

import asyncio
import json
import math

import httpcore2

from postduif.campaign.checks.spam import MAX_REPLY, MAX_SAMPLE, MAX_SYMBOLS, SpamScore, Symbol
from postduif.config.kinds import HostPort
from postduif.config.units import format_time

NAME = "rspamd"
_PASSING = ("no action", "greylist", "soft reject")
"""Actions that leave a message what it is, though some of them later."""


async def score(address: HostPort, message: bytes, timeout: float) -> SpamScore:
    """Ask for the score of a message; the answer comes within `timeout` seconds."""
    if len(message) > MAX_SAMPLE:
        return SpamScore(NAME, fault=f"the sample has more than {MAX_SAMPLE:,} octets, and is not scored")
    try:
        async with asyncio.timeout(timeout):
            status, body = await _asked(address, message)
    except TimeoutError:
        return SpamScore(NAME, fault=f"{address} gave no answer within {format_time(timeout)}")
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError) as error:
        return SpamScore(NAME, fault=f"{address}: {str(error) or type(error).__name__}")
    if status != 200 or len(body) > MAX_REPLY:
        return SpamScore(NAME, fault=f"{address} answers with HTTP status {status}, {len(body):,} octets")
    return _read(body, str(address))


async def _asked(address: HostPort, message: bytes) -> tuple[int, bytes]:
    body = bytearray()
    async with (
        httpcore2.AsyncConnectionPool(max_connections=1, retries=0) as pool,
        pool.stream(
            "POST", f"http://{address}/checkv2", headers=[("user-agent", "Postduif")], content=message
        ) as response,
    ):
        async for part in response.aiter_stream():
            body += part
            if len(body) > MAX_REPLY:
                break
        return response.status, bytes(body)


def _read(body: bytes, address: str) -> SpamScore:
    strange = SpamScore(NAME, fault=f"{address} does not answer as rspamd does")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return strange
    if not isinstance(answer, dict):
        return strange
    points, limit, action = _number(answer.get("score")), _number(answer.get("required_score")), answer.get("action")
    if points is None or limit is None or limit <= 0 or not isinstance(action, str):
        return strange
    return SpamScore(NAME, points, limit, action not in _PASSING, _symbols(answer.get("symbols")))


def _symbols(found: object) -> tuple[Symbol, ...]:
    """Those that add most come first."""
    if not isinstance(found, dict):
        return ()
    scored = [
        Symbol(str(name)[:80], _number(symbol.get("score")) or 0.0)
        for name, symbol in found.items()
        if isinstance(symbol, dict)
    ]
    return tuple(sorted(scored, key=lambda one: -one.score)[:MAX_SYMBOLS])


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number of 400 digits
        return None
    return number if math.isfinite(number) else None
