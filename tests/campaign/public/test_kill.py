"""What was answered is on disk: the real program is killed with -9 while it answers."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.campaign.tracking.readers import NUMBER, mailing, on_file, token

LISTENING = re.compile(r"http_listening address=127\.0\.0\.1:(\d+)")


def started(directory: Path) -> tuple[subprocess.Popen[str], int]:
    """`postduif serve --only public`, and its port."""
    path = directory / "postduif.toml"
    path.write_text(
        f'[server]\nhostname = "mta.sender.example"\ndata_dir = "{directory}/data"\nrun_dir = "{directory}/run"\n'
        '[web]\npublic_url = "https://news.sender.example"\npublic_address = "127.0.0.1:0"\n'
    )
    command = [sys.executable, "-m", "postduif", "serve", "--only", "public", "--config", str(path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if found := LISTENING.search(line):
            return process, int(found[1])
    raise AssertionError(f"it ended with {process.wait()}")


def test_killed_while_it_answers(tmp_path: Path) -> None:
    """Each unsubscribe that was answered with 200 is on file after kill -9, and when it was started again."""
    tmp_path.chmod(0o700)
    data_dir = tmp_path / "data"
    mailing(data_dir)
    answered: set[int] = set()
    for start in (0, 1000):
        process, port = started(tmp_path)
        readers = [
            threading.Thread(
                target=_unsubscribe, args=(data_dir, port, range(start + first, start + 1000, 4), answered)
            )
            for first in range(4)
        ]
        for one in readers:
            one.start()
        before = len(answered)
        while len(answered) < before + 20:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
        for one in readers:
            one.join()
        with on_file(data_dir) as connection:
            kept = {number for (number,) in connection.execute("SELECT number FROM wish WHERE mailing = ?", (NUMBER,))}
        assert answered <= kept


def _unsubscribe(data_dir: Path, port: int, numbers: range, answered: set[int]) -> None:
    """Until nobody answers any more. A number beyond those of the mailing is a recipient as any other here."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    fields = {"Content-Type": "application/x-www-form-urlencoded"}
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        for number in numbers:
            connection.request("POST", f"/u/{token(data_dir, number)}", "List-Unsubscribe=One-Click", fields)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            answered.add(number)
