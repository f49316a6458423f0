"""Settings of any content are read, or refused in one error that names the file; nothing else comes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postduif.config import units
from postduif.config.load import examine
from postduif.config.manual import EXAMPLE

LINES = EXAMPLE.read_text(encoding="utf-8").splitlines()
SETTINGS = [number for number, line in enumerate(LINES) if "=" in line and not line.lstrip().startswith("#")]
VALUES = st.one_of(
    st.sampled_from(
        [
            "true",
            "-1", "0", "1e400", "nan", "inf", '""', '"5m"', '"' + "9" * 5000 + '"', "9" * 5000,
            "[]", "{}", "[[]]",
            '["a"]',
            "1979-05-27T07:32:00Z", '"\\u0000"', '"\\uD7FF"', '"*"', '"127.0.0.1:99999"',
            '"[::1]:25"', "{a=1}",
        ]
    ),
    st.text(max_size=30),
    st.text(st.sampled_from("0123456789.,:*/@[]smhdKMG x"), max_size=20).map('"{}"'.format),
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SETTINGS), VALUES, st.booleans())
def test_any_value_is_taken_or_refused(tmp_path: Path, number: int, value: str, serving: bool) -> None:
    """Whatever stands behind an =, the file is read, or every fault is told with its place on one line."""
    line = LINES[number].partition("=")[0] + "= " + value
    path = tmp_path / "postduif.toml"
    path.write_bytes("\n".join([*LINES[:number], line, *LINES[number + 1 :]]).encode("utf-8", "surrogatepass"))
    loaded, wrong = examine(path, serving=serving)
    assert loaded is not None or wrong
    for one in wrong:
        assert str(one).startswith(f"{path}")
        assert "\n" not in str(one)


READERS: list[tuple[Callable[[object], object], Callable[[object], str]]] = [
    (units.parse_size, lambda size: units.format_size(size)),  # type: ignore[arg-type]
    (units.parse_time, lambda seconds: units.format_time(seconds)),  # type: ignore[arg-type]
    (units.parse_rate, lambda rate: "" if rate is None else str(rate)),
    (units.parse_schedule, lambda steps: units.format_schedule(steps)),  # type: ignore[arg-type]
]
TEXTS = st.one_of(
    st.text(st.sampled_from("0123456789.,*/smhdwKMGTB \u0661\u00b2"), max_size=25),
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
)


@pytest.mark.parametrize(("read", "write"), READERS, ids=["size", "time", "rate", "schedule"])
@given(value=TEXTS)
def test_what_is_taken_can_be_written(
    read: Callable[[object], object], write: Callable[[object], str], value: object
) -> None:
    """Any value is refused with a remedy, or is one that reads back from how it is written."""
    try:
        meant = read(value)
    except ValueError:
        return
    again = read(write(meant))
    assert again == meant or (isinstance(meant, float) and abs(float(str(again)) - meant) <= 1e-6)
