"""The audience's file for the command line: opened from the configuration, errors as one line."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.selections import compiled, compiled_condition, named
from postduif.cli.asking import one_line_errors, print_json
from postduif.cli.tables import printable
from postduif.config.load import load
from postduif.errors import PostduifError


class Opened(NamedTuple):
    """What a command works on."""

    connection: sqlite3.Connection
    data_dir: Path
    now: float
    """Seconds since the epoch, when the command began."""


@contextlib.contextmanager
def opened(config_path: Path) -> Iterator[Opened]:
    """The file; what goes wrong is one line on standard error, and exit status 1."""
    with one_line_errors():
        data_dir = load(config_path).server.data_dir
        try:
            with audience(data_dir) as connection:
                yield Opened(connection, data_dir, time.time())
        except UnicodeEncodeError:
            raise PostduifError("there are octets in the command that are no UTF-8; write it in UTF-8") from None
        except OverflowError:
            raise PostduifError("a number in the command is larger than any there can be; correct it") from None


def told(found: object, words: str, *, as_json: bool) -> None:
    """What came of a command. "" says nothing: it is done."""
    if as_json:
        print_json(found)
    elif words:
        click.echo(printable(words))


def meant(files: Opened, selection: str, condition: str) -> Compiled:
    """Who a command is about: those in the selection, those with the condition, or everybody. Raises PostduifError."""
    if selection and condition:
        raise PostduifError("name a selection or write a condition, not both")
    if selection:
        return compiled(files.connection, named(files.connection, selection), files.now)
    return judged(files, condition) if condition.strip() else Compiled("1", ())


def judged(files: Opened, condition: str) -> Compiled:
    """SQL for a condition. What is wrong with it is said with the place."""
    try:
        return compiled_condition(files.connection, condition, files.now)
    except ConditionFault as fault:
        raise pointed(fault, condition) from None


def pointed(fault: ConditionFault, condition: str) -> PostduifError:
    """The fault, with the place in the condition."""
    return PostduifError(fault.located(condition))
