"""What an operator can ask of the webhooks: how far each one is, and to be told again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from postduif.mta.control import Action, ControlError
from postduif.mta.webhooks import Webhooks


class WebhookOperations:
    """Over those of the running daemon."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the command line says."""
        return {"webhook.list": self.list, "webhook.replay": self.replay, "webhook.report": self.report}

    async def list(self, _: dict[str, Any]) -> object:
        """How far each one is, in the order of the settings."""
        return [one._asdict() for one in self._webhooks.standing()]

    async def replay(self, request: dict[str, Any]) -> object:
        """Tell `name` again what happened from `since` on (seconds since the epoch)."""
        name = str(request["name"])
        try:
            await self._webhooks.replay(name, float(request["since"]))
        except KeyError:
            raise ControlError(f"no webhook is called {name}; see `postduif webhook list`") from None
        return {}

    async def report(self, request: dict[str, Any]) -> object:
        """How the campaign's process gets on; answered by what it is to tell again."""
        return {"replay": await self._webhooks.elsewhere.hear(request)}
