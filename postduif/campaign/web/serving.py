"""The pages on their address, for as long as a block lasts."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping

from postduif.campaign.serving import Served
from postduif.campaign.web.app import create_app
from postduif.campaign.web.desk import Desk
from postduif.clock import Clock
from postduif.config.load import Loaded
from postduif.mta.tls import tls_context

MOST = 500
"""Connections, and requests under way."""


@contextlib.contextmanager
def pages(loaded: Loaded, clock: Clock, stop: threading.Event, stuck: Mapping[int, str]) -> Iterator[None]:
    """Serve them at `web.address`, which is set. `stop` is set when they end by themselves. `stuck`: see the engine.

    Raises PostduifError.
    """
    web = loaded.config.web
    assert web.address is not None
    desk = Desk(loaded, clock, stuck)
    with desk.accounts():
        pass  # a file that cannot be used is told now, and not on the first page
    tls = tls_context(web.certificate, web.private_key) if web.certificate else None
    served = Served(create_app(desk), web.address, tls=tls, proxies=web.trusted_proxies, most=MOST, ended=stop.set)
    served.start("web.address")
    try:
        yield
    finally:
        desk.closing.set()
        try:
            served.stop()
        finally:
            desk.close()
