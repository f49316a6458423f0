"""The suppression list for the command line: the running daemon is asked; without one the queue file is opened.

A file that was opened stays open, and locked against a daemon, until the command ends: an import is many requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from postduif.bounce.address_state import Thresholds
from postduif.bounce.keyring import ERASURE_KEY_FILE, erasure_key
from postduif.bounce.suppression_file import hashed_otherwise
from postduif.cli.asking import settings
from postduif.cli.queue_file import queue_file
from postduif.config.schema import Config
from postduif.errors import ConfigError
from postduif.mta import erasure_rows
from postduif.mta.control import NotRunning, ask
from postduif.mta.injection import kept_keys
from postduif.mta.mailing_files import forget_in_files
from postduif.mta.suppression_operations import SuppressionOperations


class Answer(Protocol):
    """Says what an action says."""

    def __call__(self, do: str, **request: Any) -> Any:
        """Raises PostduifError."""
        ...


@contextlib.contextmanager
def suppression_list(path: Path) -> Iterator[Answer]:
    """Ask as often as wanted. `path`: the configuration file. Raises PostduifError."""
    with list_of(settings(path).config) as answer:
        yield answer


@contextlib.contextmanager
def list_of(config: Config) -> Iterator[Answer]:
    """The same, for who has the settings already."""
    with contextlib.ExitStack() as stack:
        opened: list[SuppressionOperations] = []

        def answer(do: str, **request: Any) -> Any:
            if not opened:
                try:
                    return ask(config.server.run_dir, do, **request)
                except NotRunning:
                    opened.append(stack.enter_context(_opened(config)))
            said = asyncio.run(_run(opened[0], do, request))
            return json.loads(json.dumps(said))

        yield answer


async def _run(operations: SuppressionOperations, do: str, request: dict[str, Any]) -> object:
    return await operations.actions[do](request)


@contextlib.contextmanager
def _opened(config: Config) -> Iterator[SuppressionOperations]:
    with queue_file(config) as file:
        secret = erasure_key(config.server.data_dir)
        if count := hashed_otherwise(file.connection, secret):
            place = config.server.data_dir / ERASURE_KEY_FILE
            raise ConfigError(
                f"{place} is not the key that {count} erased people were hashed with; put the old one back"
            )

        async def forget(addresses: list[str]) -> bool:
            await file.change(kept_keys.blank, addresses)
            failed = await asyncio.to_thread(forget_in_files, config.server.data_dir, addresses, time.time())
            if failed:
                await file.change(erasure_rows.note, addresses, time.time())
            return not failed

        yield SuppressionOperations(file, lambda: Thresholds.of(config.bounce), secret, forget=forget)
