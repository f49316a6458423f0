"""On which line a setting stands."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from postduif.config.lines import KeyPath, find_lines, line_of, written

EVERYTHING = '''\
# a comment with [brackets] and = signs
top = 1

[server]  # comment
hostname = "a # no comment"
"quoted key" . 'other.key' = 'x'

[[listener]]
address = "a:1"
trusted = [
  "10.0.0.0/8",  # one ] two
  # nothing

  "192.0.2.0/24",
]
[[listener]]
text = """
[not.a.table]
key = "no key" \\""""
after = 1
[listener.inner]
deep = { a = 1, b = [ { c = 2 }, 3 ], "d.e".f = 4 }
[delivery]
limits.rate = 1_000
limits.when = 1979-05-27 07:32:00  # space
quotes = """"two"""""
literal = \'\'\'
'a\' = 1
\'\'\'
empty = ""
none = []
last = {}
'''

LINES: dict[KeyPath, int] = {
    ("top",): 2,
    ("server",): 4,
    ("server", "hostname"): 5,
    ("server", "quoted key"): 6,
    ("server", "quoted key", "other.key"): 6,
    ("listener",): 8,
    ("listener", 0): 8,
    ("listener", 0, "address"): 9,
    ("listener", 0, "trusted"): 10,
    ("listener", 0, "trusted", 0): 11,
    ("listener", 0, "trusted", 1): 14,
    ("listener", 1): 16,
    ("listener", 1, "text"): 17,
    ("listener", 1, "after"): 20,
    ("listener", 1, "inner"): 21,
    ("listener", 1, "inner", "deep"): 22,
    ("listener", 1, "inner", "deep", "a"): 22,
    ("listener", 1, "inner", "deep", "b"): 22,
    ("listener", 1, "inner", "deep", "b", 0): 22,
    ("listener", 1, "inner", "deep", "b", 0, "c"): 22,
    ("listener", 1, "inner", "deep", "b", 1): 22,
    ("listener", 1, "inner", "deep", "d.e"): 22,
    ("listener", 1, "inner", "deep", "d.e", "f"): 22,
    ("delivery",): 23,
    ("delivery", "limits"): 24,
    ("delivery", "limits", "rate"): 24,
    ("delivery", "limits", "when"): 25,
    ("delivery", "quotes"): 26,
    ("delivery", "literal"): 27,
    ("delivery", "empty"): 30,
    ("delivery", "none"): 31,
    ("delivery", "last"): 32,
}


def paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The key paths of what tomllib read."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def test_everything() -> None:
    """Tables, arrays of tables, dotted and quoted keys, inline tables, arrays and long strings are all found."""
    assert find_lines(EVERYTHING) == LINES
    assert set(paths(tomllib.loads(EVERYTHING))) == set(LINES)


def test_windows_lines() -> None:
    """CRLF at the end of lines changes nothing."""
    assert find_lines(EVERYTHING.replace("\n", "\r\n")) == LINES


def test_escapes_in_keys() -> None:
    """A key written with escapes is the key that tomllib reads."""
    assert find_lines('"a\\u0062\\tc\\"d" = 1\n') == {('ab\tc"d',): 1}


def test_nested_arrays_of_tables() -> None:
    """Elements are counted in the table they belong to."""
    text = "[[a]]\n[[a.b]]\n[[a.b]]\nx = 1\n[[a]]\n[[a.b]]\ny = 1\n"
    lines = find_lines(text)
    assert lines["a", 0, "b", 1, "x"] == 4
    assert lines["a", 1, "b", 0, "y"] == 7
    assert set(lines) == set(paths(tomllib.loads(text)))


def test_missing_settings_are_where_they_are_missing_from() -> None:
    """A setting that is not there has the line of its section."""
    assert line_of(LINES, ("listener", 1, "address")) == 16
    assert line_of(LINES, ("queue", "x")) is None


def test_written() -> None:
    """A key path is written as in the file, on one line whatever is in it."""
    assert written(("listener", 0, "trusted", 1)) == "listener[0].trusted[1]"
    assert written(("a b", "c\nd")) == '"a b"."c\\nd"'


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=6)
VALUES = st.recursive(
    st.integers(0, 99) | st.booleans() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def toml(value: object) -> str:
    """A value in TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[ # [\n" + "".join(f"{toml(inner)} , \n" for inner in value) + "]"
    return json.dumps(value)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=4))
def test_finds_what_tomllib_finds(document: dict[str, dict[str, object]]) -> None:
    """Whatever tomllib reads has a line, and nothing else has."""
    text = ""
    for table, settings in document.items():
        text += f"[ {json.dumps(table)} ]\n"
        text += "".join(f"{json.dumps(key)}={toml(value)}\n" for key, value in settings.items())
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # a surrogate pair of JSON's, which TOML has not
    assert set(find_lines(text)) == set(paths(read))
