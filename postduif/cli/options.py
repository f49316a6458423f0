"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

from postduif.config.load import DEFAULT_PATH
from postduif.config.units import parse_time

config_option = click.option(
    "--config",
    "-c",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_PATH,
    show_default=True,
    envvar="POSTDUIF_CONFIG",
    show_envvar=True,
    help="The configuration file.",
)
"""`--config FILE`, given to the command as `config_path: Path`."""


def seconds(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    """The callback of an option that is a length of time, as 2h."""
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
