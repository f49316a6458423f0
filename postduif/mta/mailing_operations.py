"""What the campaign and operators tell the MTA about mailings, over the control socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from postduif.mta.control import Action, ControlError
from postduif.mta.mailings import Mailings
from postduif.queue.mailing import MAX_NUMBER


class MailingOperations:
    """`number` is in every request."""

    def __init__(self, mailings: Mailings) -> None:
        self._mailings = mailings

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the command line says."""
        return {
            "mailing.open": self.open,
            "mailing.pause": self.pause,
            "mailing.resume": self.resume,
            "mailing.stop": self.stop,
            "mailing.rate": self.rate,
            "mailing.wave": self.wave,
        }

    async def open(self, _: dict[str, Any]) -> object:
        """Some mailing was handed over: look for what there is."""
        await self._mailings.look()
        return {}

    async def pause(self, request: dict[str, Any]) -> object:
        """Begin no message more; those under way end within seconds."""
        await self._mailings.pause(_number(request))
        return {}

    async def resume(self, request: dict[str, Any]) -> object:
        """Go on."""
        await self._mailings.resume(_number(request))
        return {}

    async def stop(self, request: dict[str, Any]) -> object:
        """End it for good. `waiting`: how many were in the queue; who of them is not under way is withdrawn."""
        return {"waiting": await self._mailings.stop(_number(request))}

    async def rate(self, request: dict[str, Any]) -> object:
        """At most so many messages a minute from now on; 0 is no limit."""
        number, rate = _number(request), float(request.get("rate") or 0)
        if not 0 <= rate < float("inf"):
            raise ControlError("the rate is a number of messages a minute, 0 for no limit")
        await self._mailings.change(number, (await self._mailings.terms(number))._replace(rate=rate))
        return {}

    async def wave(self, request: dict[str, Any]) -> object:
        """Let that wave go now."""
        await self._mailings.release_wave(_number(request), int(request["wave"]))
        return {}


def _number(request: dict[str, Any]) -> int:
    number = int(request.get("number") or 0)
    if not 0 < number <= MAX_NUMBER:
        raise ControlError("name the mailing by its number; `postduif mailing list` shows them")
    return number
