"""The application of the pages: the desk, the gate before it, the rooms behind it."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from postduif.campaign.accounts import sessions
from postduif.campaign.web import assets, trouble
from postduif.campaign.web.api.app import PREFIX, create_api
from postduif.campaign.web.api.branch import Branch
from postduif.campaign.web.api.entrance import MOST
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.pages import LIMITS, ROUTERS
from postduif.campaign.web.pages.shared import Doors
from postduif.campaign.web.safety import Gate, checked_form
from postduif.campaign.web.visitor import Visitor
from postduif.config.web_address import web_hosts


def create_app(desk: Desk) -> FastAPI:
    """An ASGI application; `app.state.desk` is the desk."""
    app = FastAPI(title="Postduif", openapi_url=None, redirect_slashes=False, dependencies=[Depends(checked_form)])
    app.state.desk = desk
    app.state.doors = Doors(desk)
    app.include_router(assets.router)
    for router in ROUTERS:
        app.include_router(router)
    trouble.watch(app)

    def find(cookie: str, active: bool) -> Visitor | None:  # noqa: FBT001  as Finder has it
        lifetime = desk.config.web.session_lifetime
        with desk.accounts() as connection:
            there = sessions.found(connection, cookie, desk.clock.time(), lifetime, active=active)
        return Visitor(desk, *there) if there else None

    app.add_middleware(Branch, path=PREFIX, to=create_api(desk))
    hosts = web_hosts(desk.config.web)
    app.add_middleware(Gate, hosts=hosts, origin=desk.origin, find=find, limits={**LIMITS, PREFIX: MOST})
    return app
