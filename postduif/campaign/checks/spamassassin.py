"""A sample scored by SpamAssassin's spamd: one SYMBOLS request of SPAMC/1.5 over TCP.

Whatever goes wrong is a `SpamScore` too. The protocol is said in spamd's own file PROTOCOL.
"""

from __future__ import annotations

import asyncio
import math
import re
from contextlib import suppress

from postduif.campaign.checks.spam import MAX_REPLY, MAX_SAMPLE, MAX_SYMBOLS, SpamScore, Symbol
from postduif.config.kinds import HostPort
from postduif.config.units import format_time

NAME = "SpamAssassin"

_STATUS = re.compile(r"SPAMD/[0-9.]{1,8} (\d{1,3}) ?(.{0,200})")
_SPAM = re.compile(r"spam:\s*(true|false|yes|no)\s*;\s*(-?[0-9.]{1,20})\s*/\s*(-?[0-9.]{1,20})\s*", re.IGNORECASE)


async def score(address: HostPort, message: bytes, timeout: float) -> SpamScore:
    """Ask for the score of a message; the answer comes within `timeout` seconds."""
    if len(message) > MAX_SAMPLE:
        return SpamScore(NAME, fault=f"the sample has more than {MAX_SAMPLE:,} octets, and is not scored")
    try:
        async with asyncio.timeout(timeout):
            reply = await _asked(address, message)
    except TimeoutError:
        return SpamScore(NAME, fault=f"{address} gave no answer within {format_time(timeout)}")
    except OSError as error:
        return SpamScore(NAME, fault=f"{address}: {error.strerror or error}")
    return _read(reply, str(address))


async def _asked(address: HostPort, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(b"SYMBOLS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(message))
        writer.write(message)
        writer.write_eof()
        with suppress(ConnectionError):  # it may have answered, and gone, before it had read all
            await writer.drain()
        reply = bytearray()
        while len(reply) <= MAX_REPLY and (part := await reader.read(65536)):
            reply += part
        return bytes(reply)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _read(reply: bytes, address: str) -> SpamScore:
    head, blank, body = reply.decode("ascii", "replace").partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    said = _STATUS.fullmatch(status)
    if len(reply) > MAX_REPLY or not blank or not said:
        return SpamScore(NAME, fault=f"{address} does not answer as spamd does")
    if int(said[1]):
        return SpamScore(NAME, fault=f"{address} says {said[1]} {said[2]}".rstrip())
    found = next((match for field in fields if (match := _SPAM.fullmatch(field))), None)
    try:
        points, limit = (float(found[2]), float(found[3])) if found else (math.nan, math.nan)
    except ValueError:
        points = limit = math.nan
    if not found or not math.isfinite(points) or limit <= 0:
        return SpamScore(NAME, fault=f"{address} gives no score")
    names = [name.strip()[:80] for name in re.split(r"[,\s]+", body) if name.strip()]
    return SpamScore(NAME, points, limit, found[1].lower() in ("true", "yes"), tuple(map(Symbol, names[:MAX_SYMBOLS])))
