"""The control socket, where it cannot be made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from postduif.errors import ConfigError, StoreError
from postduif.mta.control import MAX_LINE, Control, ControlError, Refused, ask


def test_a_path_that_is_too_long_is_named(tmp_path: Path) -> None:
    """The error says which setting it is and what to do; nothing is made."""
    directory = tmp_path / ("x" * 100)
    with pytest.raises(ConfigError, match=r"server\.run_dir: .* too long for a socket; choose a directory"):
        asyncio.run(Control(directory, {}).start())
    assert not directory.exists()


def test_what_was_asked_wrongly_is_no_trouble_of_ours(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The one who asks is told; the log has a warning only when something here is wrong."""

    async def mistaken(_: dict[str, Any]) -> object:
        raise ControlError("there is no mail 99")

    async def broken(_: dict[str, Any]) -> object:
        raise StoreError("the disk")

    async def story() -> None:
        control = Control(tmp_path, {"mistaken": mistaken, "broken": broken})
        await control.start()
        try:
            for do, said in (("mistaken", "there is no mail 99"), ("broken", "the disk")):
                with pytest.raises(ControlError, match=said):
                    await asyncio.to_thread(ask, tmp_path, do)
        finally:
            await control.close()

    asyncio.run(story())
    logged = capfd.readouterr().err
    assert "no mail 99" not in logged
    assert logged.count("control_request_failed") == 1


def test_a_daemon_that_says_nothing_is_not_one_that_says_no(tmp_path: Path) -> None:
    """Whoever asks is told after its patience, and also when the connection is cut; neither is a refusal."""

    async def silent(_: dict[str, Any]) -> object:
        return await asyncio.Event().wait()

    async def story() -> None:
        control = Control(tmp_path, {"silent": silent})
        await control.start()
        try:
            with pytest.raises(ControlError, match="said nothing for 0 seconds") as slow:
                await asyncio.to_thread(ask, tmp_path, "silent", patience=0.05)
            with pytest.raises(ControlError, match=r"hung up|cut the connection") as cut:
                await asyncio.to_thread(ask, tmp_path, "x" * (MAX_LINE + 1))
        finally:
            await control.close()
        assert not isinstance(slow.value, Refused)
        assert not isinstance(cut.value, Refused)

    asyncio.run(story())
