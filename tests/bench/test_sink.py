"""The sink counts messages, wherever the octets are cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.counter import Count, Counter
from bench.sink import Session, Tally

DIALOG = (
    b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
    b"Subject: x\r\n\r\none\r\n..two\r\n.\r\n"
    b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n"
    b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\n\r\n.BDAT 4 LAST\r\n\r\nQQ"
    b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 2\r\nabBDAT 0 LAST\r\n"
    b"VRFY x\r\nQUIT\r\n"
)
TRANSACTION = ["250", "250", "354", "250"]
CODES = ["220", "250", *TRANSACTION, *TRANSACTION, *["250"] * 4, *["250"] * 4, "502", "221"]


class Wire:
    """What the session writes to."""

    def __init__(self) -> None:
        self.octets = b""
        self.closed = False

    def write(self, octets: bytes) -> None:
        """Keeps the octets."""
        self.octets += octets

    def close(self) -> None:
        """Notes the end."""
        self.closed = True


@pytest.mark.parametrize("step", [1, 2, 3, 7, len(DIALOG)])
def test_dialog(step: int, tmp_path: Path) -> None:
    """Four messages by DATA and BDAT are counted, the first is kept, and every command gets its reply."""
    kept = tmp_path / "first.eml"
    with Counter(tmp_path / "counter") as counter:
        session, wire = Session(Tally(counter, kept), chunking=True), Wire()
        session.connection_made(wire)  # type: ignore[arg-type]
        for start in range(0, len(DIALOG), step):
            session.data_received(DIALOG[start : start + step])
        count = counter.read()
    replies = [line[:3] for line in wire.octets.decode().splitlines() if line[3] == " "]
    assert replies == CODES
    assert wire.closed
    assert count.messages == 4
    assert kept.read_bytes() == b"Subject: x\r\n\r\none\r\n..two\r\n"


def test_counter_is_shared(tmp_path: Path) -> None:
    """What one mapping writes another reads."""
    with Counter(tmp_path / "counter") as writer, Counter(tmp_path / "counter") as reader:
        assert reader.read() == Count(0, 0.0, 0.0)
        writer.write(Count(3, 1.5, 2.5))
        assert reader.read() == Count(3, 1.5, 2.5)
