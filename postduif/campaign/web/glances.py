"""What the MTA said a moment ago: pages that stay open share one question, however many they are.

An answer is used for LASTS, or for SHARE times what it took to get it (MOST at most), so that a question that is dear
is asked less often. While one asks, others are told what was said before. That an MTA is silent is remembered, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from postduif.clock import Clock
from postduif.mta.control import ControlError

LASTS = 1.0  # seconds
SHARE = 20
MOST = 10.0  # seconds


class _Answer:
    """To one question."""

    def __init__(self) -> None:
        self.asking = threading.Lock()
        self.until = float("-inf")
        self.result: tuple[Any, ControlError | None] | None = None


class Glances:
    """For all threads. `ask` is `Desk.ask`."""

    def __init__(self, ask: Callable[..., Any], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._answers: dict[tuple[object, ...], _Answer] = {}
        self._lock = threading.Lock()

    def ask(self, do: str, **request: Any) -> Any:
        """What the MTA says to `do`, or said just now. Not for what somebody typed: each question is kept.

        Raises ControlError.
        """
        with self._lock:
            answer = self._answers.setdefault((do, *sorted(request.items())), _Answer())
        if answer.asking.acquire(blocking=answer.result is None):
            try:
                if self._clock.monotonic() >= answer.until:
                    self._renew(answer, do, request)
            finally:
                answer.asking.release()
        assert answer.result is not None
        said, fault = answer.result
        if fault is not None:
            raise type(fault)(str(fault))
        return said

    def _renew(self, answer: _Answer, do: str, request: dict[str, Any]) -> None:
        begun = self._clock.monotonic()
        try:
            answer.result = self._ask(do, **request), None
        except ControlError as error:
            answer.result = None, error
        end = self._clock.monotonic()
        dear = 0.0 if answer.result[1] else min(MOST, SHARE * (end - begun))
        answer.until = end + max(LASTS, dear)
