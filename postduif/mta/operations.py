"""What the control socket can be asked: the live state, and what an operator changes in it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from postduif.mta.control import Action, ControlError
from postduif.mta.delivery import Delivery


class SiteOperations:
    """Sites: how they do, hold them, let them go."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the command line says."""
        return {
            "site.list": self.list,
            "site.of": self.of,
            "site.suspend": self.suspend,
            "site.resume": self.resume,
            "site.suspended": self.suspended,
        }

    async def list(self, request: dict[str, Any]) -> object:
        """Every road with something on it: those that are suspended, then the busiest first.

        `find`: with it in the name of the site or of one of its hosts. `resting`: as no host took a connection.
        `limit`: so many at most; without it all.
        """
        text, limit = str(request.get("find") or "").lower(), int(request.get("limit") or 0)
        return self._delivery.orders.listed(text, limit or None, resting=bool(request.get("resting")))

    async def of(self, request: dict[str, Any]) -> object:
        """Which road a domain's mail takes, and what holds it."""
        return await self._delivery.orders.road_of(str(request["domain"]))

    async def suspend(self, request: dict[str, Any]) -> object:
        """Send nothing more to a site until it is resumed. Transactions under way end."""
        site, reason = str(request["site"]), str(request.get("reason") or "")
        if not reason:
            raise ControlError("say why: --reason TEXT")
        until = time.time() + float(request["for"]) if request.get("for") else None
        self._delivery.orders.suspend(site, reason, str(request.get("by") or "operator"), until)
        return {"site": site, "suspended": reason}

    async def suspended(self, _: dict[str, Any]) -> object:
        """Every site that is held, also where no mail goes now."""
        return [one._asdict() for one in self._delivery.orders.suspended()]

    async def resume(self, request: dict[str, Any]) -> object:
        """Send to a site again, and forget that it could not be reached."""
        site = str(request["site"])
        if not self._delivery.orders.resume(site):
            raise ControlError(f"{site} is neither suspended nor resting; see `postduif site show`")
        return {"site": site, "suspended": ""}
