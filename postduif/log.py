"""One line per event on standard error, as `key=value` text or JSON. Never secrets, never bodies.

Values are escaped so that nothing a peer says can start a new line or reach a terminal (CR, LF, ESC and the like).
Standard output and systemd's journal take it as it is; what cannot be written at once is dropped and counted,
because mail does not wait for a log.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import sys
import time
from typing import Literal

LEVELS = ("debug", "info", "warning", "error")
MAX_VALUE = 1000  # characters of one value

_PLAIN = re.compile(r"[!#-~]+")
_state = {"json": False, "threshold": 1, "dropped": 0}


def configure(form: Literal["text", "json"], level: str) -> None:
    """Set the form and the least severe level that is written. From now on a full pipe makes nobody wait."""
    with contextlib.suppress(OSError, ValueError):
        if stat.S_IFMT(os.fstat(sys.stderr.fileno()).st_mode) in (stat.S_IFIFO, stat.S_IFSOCK):
            os.set_blocking(sys.stderr.fileno(), False)
    _state["json"] = form == "json"
    _state["threshold"] = LEVELS.index(level)


def dropped() -> int:
    """Lines that could not be written since the start."""
    return _state["dropped"]


def debug(event: str, **values: object) -> None:
    """What only a developer wants."""
    _write(0, event, values)


def info(event: str, **values: object) -> None:
    """What happened."""
    _write(1, event, values)


def warning(event: str, **values: object) -> None:
    """What an operator should look at some day."""
    _write(2, event, values)


def error(event: str, **values: object) -> None:
    """What an operator should look at now."""
    _write(3, event, values)


def enabled(level: str) -> bool:
    """A line of that level would be written; asked where making the values costs."""
    return LEVELS.index(level) >= _state["threshold"]


def _write(level: int, event: str, values: dict[str, object]) -> None:
    if level < _state["threshold"]:
        return
    line = (_json if _state["json"] else _text)(LEVELS[level], event, values)
    try:
        os.write(sys.stderr.fileno(), line.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError):
        _state["dropped"] += 1


def _json(level: str, event: str, values: dict[str, object]) -> str:
    record = {"time": round(time.time(), 3), "level": level, "event": event}
    record |= {
        key: value if isinstance(value, int | float) else str(value)[:MAX_VALUE] for key, value in values.items()
    }
    return json.dumps(record) + "\n"


def _text(level: str, event: str, values: dict[str, object]) -> str:
    pairs = " ".join([f"{key}={_quoted(value)}" for key, value in values.items()])
    return f"{level} {event} {pairs}".rstrip() + "\n"


def _quoted(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)[:MAX_VALUE]
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
