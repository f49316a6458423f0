"""The generator sends what it was told to."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.load import Load, commands, send, shares
from bench.measure import sink
from bench.program import free_port
from tests.peers import need


def test_shares_add_up() -> None:
    """Shares differ by one at most and lose nothing."""
    assert shares(10, 4) == [3, 3, 2, 2]
    assert sum(shares(12345, 100)) == 12345


def test_many_domains_are_spread_over_sessions() -> None:
    """A hundred domains make twenty shells of five sources each; every domain is there once."""
    need("smtp-source")
    scripts = [command[-1] for command in commands(Load(1000, 100, 100), 25)]
    assert [script.count("smtp-source") for script in scripts] == [5] * 20
    assert all(sum(f"@domain{n}.example" in script for script in scripts) == 1 for n in range(100))


@pytest.mark.parametrize("domains", [1, 7])
def test_every_message_arrives(domains: int, tmp_path: Path) -> None:
    """The sink counts what the generator sent, keeps the first message whole, and knows when it came."""
    need("smtp-source")
    with sink(tmp_path, chunking=False) as end:
        seconds = send(Load(50, 5000, domains), end.port)
        count = end.wait(50, None)
        first = end.first_message.read_bytes()
    assert count.messages == 50
    assert 0 < count.first <= count.last
    assert count.last - count.first <= seconds
    assert first.startswith(b"From: <bench@sender.example>\r\n")
    assert first.count(b"\r\n\r\n") >= 1
    assert len(first) > 5000


def test_refusal_is_told(tmp_path: Path) -> None:
    """A server that is not there stops the bench with the generator's words."""
    need("smtp-source")
    with pytest.raises(BenchError, match="smtp-source"):
        send(Load(1, 100), free_port())
