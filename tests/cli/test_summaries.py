"""What `--help` says of each command, on a screen of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from postduif.cli import main

WIDTH = 80


def groups(command: click.Group, *path: str) -> Iterator[tuple[str, click.Group]]:
    """Every group of commands, by its words."""
    yield " ".join(("postduif", *path)), command
    with click.Context(command) as context:
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if isinstance(below, click.Group):
                yield from groups(below, *path, name)


@pytest.mark.parametrize(("name", "group"), [pytest.param(*one, id=one[0]) for one in groups(main)])
def test_no_summary_is_cut(name: str, group: click.Group) -> None:
    """Each command is one line, and said whole."""
    with click.Context(group, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH) as context:
        lines = group.get_help(context).splitlines()
        names = group.list_commands(context)
    listed = lines[lines.index("Commands:") + 1 :]
    assert [line.split()[0] for line in listed] == names
    assert [line for line in listed if line.endswith("...")] == []
