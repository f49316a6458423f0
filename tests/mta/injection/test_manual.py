"""The examples of docs/injection.md work as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from tests.capture import Capture
from tests.http_world import HttpWorld
from tests.peers import need

PAGE = Path(__file__).parents[3] / "docs" / "injection.md"


def test_curl(tmp_path: Path) -> None:
    """Both curl commands are answered with acceptance, the second of the list that the page shows."""
    need("curl")
    blocks: list[str] = re.findall(r"(?:^    .*\n)+", PAGE.read_text(), re.MULTILINE)
    (items,) = (block for block in blocks if block.startswith('    {"sender"'))
    (tmp_path / "list.jsonl").write_text("".join(f"{line[4:]}\n" for line in items.splitlines()))
    commands = [block for block in blocks if block.startswith("    curl ")]
    assert len(commands) == 2
    with Capture() as host:
        hop = f'[[next_hop]]\ndomain = "*"\nhosts = ["127.0.0.1:{host.port}"]\n'
        with HttpWorld(tmp_path, hop) as world:
            for command, accepted in zip(commands, (1, 2), strict=True):
                done = subprocess.run(
                    ["/bin/bash", "-c", command.replace("127.0.0.1:8024", f"127.0.0.1:{world.port}")],
                    cwd=tmp_path,
                    env={**os.environ, "TOKEN": world.token},
                    capture_output=True,
                    timeout=60,
                    check=True,
                )
                said = json.loads(done.stdout)
                assert (said["status"], said["accepted"]) == ("accepted", accepted)
