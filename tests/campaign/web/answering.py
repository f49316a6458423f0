"""The suppression list of a running mail server, for tests of pages that tell it something."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from postduif.bounce.address_state import Thresholds
from postduif.bounce.keyring import erasure_key
from postduif.cli.queue_file import queue_file
from postduif.config.schema import Config
from postduif.mta.control import Control
from postduif.mta.suppression_operations import SuppressionOperations


@contextlib.contextmanager
def answering(config: Config) -> Iterator[None]:
    """It answers at the control socket, over a file of its own."""
    ready, end = threading.Event(), threading.Event()

    async def serve() -> None:
        with queue_file(config) as file:
            secret = erasure_key(config.server.data_dir)
            control = Control(
                config.server.run_dir, SuppressionOperations(file, lambda: Thresholds.of(config.bounce), secret).actions
            )
            await control.start()
            ready.set()
            await asyncio.to_thread(end.wait)
            await control.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield
    finally:
        end.set()
        thread.join(60)
