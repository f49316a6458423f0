"""The generators send what they were told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.load import Load, send
from bench.measure import sink
from tests.peers import need
from tests.stories.roads import free_port


@pytest.mark.parametrize("load", [Load(50, 5000, 7), Load(50, 5000, smtp_source=True)])
def test_every_message_arrives(load: Load, tmp_path: Path) -> None:
    """The sink counts what the generator sent, keeps the first message whole, and knows when it came."""
    need("smtp-source")
    with sink(tmp_path, chunking=False) as end:
        sent = send(load, end.port)
        count = end.wait(50, None)
        first = end.first_message.read_bytes()
    assert count.messages == 50
    assert sent.started < count.first <= count.last <= sent.started + sent.seconds
    assert first.startswith(b"From: <bench@sender.example>\r\n")
    body = first.partition(b"\r\n\r\n")[2]
    assert 4900 < len(body) < 5200


@pytest.mark.parametrize("load", [Load(1, 100, 7), Load(1, 100, smtp_source=True)])
def test_refusal_is_told(load: Load) -> None:
    """A server that is not there stops the bench with the generator's words."""
    need("smtp-source")
    with pytest.raises(BenchError, match="refused"):
        send(load, free_port())
