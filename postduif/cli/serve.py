"""`postduif serve`: the daemon."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from pathlib import Path

import click

from postduif import log, open_files
from postduif.allocator import keep_memory
from postduif.cli.options import config_option
from postduif.clock import SystemClock
from postduif.config.load import Loaded, read
from postduif.errors import ConfigError, PostduifError
from postduif.memory_order import BESIDE, go_before_others
from postduif.processor_order import BEHIND, stand_back

SWITCH = 0.0005
"""Seconds a thread may keep the interpreter while another waits. Python's 5 ms make the queue's writer and the
signers wait for the event loop many times a message."""
GC_THRESHOLD = (20_000, 50, 100)
"""Python looks for cycles every 700 new objects, which is ten messages; we make hardly any."""

MOST_READERS = 5000
"""Connections of readers at once; more get 503."""


@click.command
@config_option
@click.option(
    "--only",
    type=click.Choice(["mta", "web", "public"]),
    help="Only the MTA; only what acts for mailings, with its pages; only the pages behind links in mail.",
)
@click.option("--beside", is_flag=True, hidden=True, help="End when standard input does.")
def command(config_path: Path, only: str | None, *, beside: bool) -> None:
    """Take mail, keep it safe, deliver it. Runs in the foreground until SIGTERM; SIGHUP reads the settings again.

    Two processes of the campaign run beside it. One keeps the dates of mailings and serves the pages at web.address:
    as soon as there are mailings, or that address. One serves the pages of readers: when there is a web.public_url.
    """
    try:
        if only in ("web", "public"):
            go_before_others(BESIDE)
            stand_back(BEHIND)
        if only == "web":
            _serve_campaign(config_path, _told_to_stop(beside=beside))
        elif only == "public":
            _serve_public(config_path, _told_to_stop(beside=beside))
        else:
            _serve_mta(config_path, accompanied=only is None)
    except (PostduifError, OSError) as error:
        for line in str(error).splitlines():
            log.error("cannot_serve", problem=line)
        sys.exit(1)


def _serve_mta(path: Path, *, accompanied: bool) -> None:
    import uvloop

    sys.setswitchinterval(SWITCH)
    keep_memory()
    open_files.raise_limit()
    uvloop.run(_serve(path, accompanied=accompanied))


def _serve_campaign(path: Path, stop: threading.Event) -> None:
    from postduif.campaign.sending.engine import Engine  # 7 MB that the MTA has no use for
    from postduif.campaign.telling.teller import Teller

    loaded = _settings(path)
    config = loaded.config
    sys.setswitchinterval(SWITCH)
    clock = SystemClock()
    stuck: dict[int, str] = {}
    with contextlib.ExitStack() as around:
        if config.web.address is not None:
            from postduif.campaign.web.serving import pages  # 30 MB that a campaign without pages has no use for

            around.enter_context(pages(loaded, clock, stop, stuck))
        teller = Teller(config, clock)
        if teller.wanted:
            telling = threading.Thread(target=teller.run, args=(stop,), name="telling")
            telling.start()
            around.callback(telling.join)
        Engine(config, clock, stuck).run(stop)


def _serve_public(path: Path, stop: threading.Event) -> None:
    from postduif.campaign.public.app import create_app
    from postduif.campaign.serving import Served

    config = _settings(path).config
    if config.web.public_url is None:
        raise ConfigError('web.public_url is not set, so mail has no links to us; write public_url = "https://..."')
    open_files.raise_limit()
    app = create_app(config, SystemClock())
    proxies = config.web.trusted_proxies
    served = Served(app, config.web.public_address, proxies=proxies, renames=False, most=MOST_READERS, ended=stop.set)
    try:
        served.start("web.public_address")
        stop.wait()
        served.stop()
    finally:
        app.close()


def _settings(path: Path) -> Loaded:
    loaded = read(path, serving=True)
    log.configure(loaded.config.server.log_format, loaded.config.server.log_level)
    return loaded


def _told_to_stop(*, beside: bool) -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if beside:
        threading.Thread(target=_until_left, args=(stop,), daemon=True).start()
    return stop


def _until_left(stop: threading.Event) -> None:
    """The daemon holds the other end, and lets go when it ends, however it ends."""
    os.read(sys.stdin.fileno(), 1)  # not through the buffer: its lock, held by a thread, aborts Python at its end
    stop.set()


async def _serve(path: Path, *, accompanied: bool) -> None:
    from postduif.app import App  # 18 MB that the pages of readers have no use for

    app = App(path, accompanied=accompanied)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    await app.run()
