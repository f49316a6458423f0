"""Another application below a path of the pages. Starlette's own way leaves out paths with a line feed in them."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Branch:
    """ASGI: what is below `path` goes to `to`, all else on."""

    def __init__(self, app: ASGIApp, path: str, to: ASGIApp) -> None:
        self._app = app
        self._path = path
        self._to = to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and f"{scope['path']}/".startswith(f"{self._path}/"):
            await self._to({**scope, "app_root_path": "", "root_path": self._path}, receive, send)
        else:
            await self._app(scope, receive, send)
