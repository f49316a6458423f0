"""What pages that stay open ask the MTA: one question for all of them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from postduif.campaign.web import desk as desks
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.glances import Glances
from postduif.config.load import read
from postduif.mta.control import ControlError, NotRunning
from tests.fakes import FakeClock


def test_one_question_for_all(tmp_path: Path) -> None:
    """Within a second it is asked once, also when it is silent; what took long is asked less often."""
    clock, asked = FakeClock(), list[str]()

    def ask(do: str, *, took: float = 0.0) -> int:
        asked.append(do)
        clock.advance(took)
        if do == "away":
            raise NotRunning("start it")
        return len(asked)

    glances = Glances(ask, clock)
    assert [glances.ask("a"), glances.ask("a"), glances.ask("b")] == [1, 1, 2]
    for _ in range(2):
        with pytest.raises(NotRunning, match="start it"):
            glances.ask("away")
    assert asked == ["a", "b", "away"]
    clock.advance(1.0)
    assert glances.ask("a") == 4
    assert glances.ask("a", took=0.1) == 5
    clock.advance(1.5)
    assert glances.ask("a", took=0.1) == 5
    clock.advance(0.6)
    assert glances.ask("a", took=0.1) == 6


def test_nobody_waits_for_whoever_asks(tmp_path: Path) -> None:
    """While one asks, the others hear what was said before."""
    clock, begun, end = FakeClock(), threading.Event(), threading.Event()
    answers = iter([1, 2])

    def ask(_: str) -> int:
        if (answer := next(answers)) == 2:
            begun.set()
            assert end.wait(60)
        return answer

    glances = Glances(ask, clock)
    assert glances.ask("a") == 1
    clock.advance(2.0)
    later: list[Any] = []
    asking = threading.Thread(target=lambda: later.append(glances.ask("a")))
    asking.start()
    assert begun.wait(60)
    assert glances.ask("a") == 1
    end.set()
    asking.join()
    assert (later, glances.ask("a")) == ([2], 2)


def test_a_silent_mta_holds_few_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes when as many wait as may is told so, and waits no longer; what goes through millions may take long."""
    path = tmp_path / "postduif.toml"
    path.write_text(f'[server]\ndata_dir = "{tmp_path}"\nrun_dir = "{tmp_path}/run"\n')
    monkeypatch.setattr(desks, "WAIT", 0.01)
    monkeypatch.setattr(desks, "AT_ONCE", 1)
    desk, begun, end = Desk(read(path), FakeClock()), threading.Event(), threading.Event()
    waits = []

    def silent(*_: object, patience: float, **__: object) -> None:
        waits.append(patience)
        begun.set()
        assert end.wait(60)

    monkeypatch.setattr(desks.control, "ask", silent)
    asking = threading.Thread(target=desk.ask, args=("live.hour",))
    asking.start()
    assert begun.wait(60)
    with pytest.raises(ControlError, match="has not answered 1 others"):
        desk.ask("live.hour")
    end.set()
    asking.join()
    for do in ("live.hour", "queue.count", "suppress.erase", "mailing.wave", "mailing.stop"):
        desk.ask(do)
    assert waits == [desks.PATIENCE] * 2 + [desks.control.TIMEOUT] * 4
    desk.close()
