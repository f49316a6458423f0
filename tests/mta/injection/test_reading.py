"""JSON of requests, read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta.injection.problem import Problem
from postduif.mta.injection.reading import MAX_VALUES, SINGLE, TEMPLATE, Unfit, read, recipient
from tests.http_world import SINGLE as MESSAGE
from tests.http_world import TEMPLATE as LETTER

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["address", "values", "x"]), inner),
)


def test_values() -> None:
    """A value is found by its whole name or step by step; the address is `email`; what is missing is null."""
    said = {"address": "Jo@Example.net", "values": {"a.b": 1, "a": {"b": 2, "c": {"d": 3}}, "more": 4}}
    found = recipient(json.dumps(said).encode(), ["a.b", "a.c.d", "a.x.y", "email", "name"])
    assert (str(found.address), found.text, found.values) == (
        "Jo@example.net",
        "Jo@Example.net",
        [1, 3, None, "Jo@Example.net", None],
    )
    said["values"] = {"email": "other@example.net"}
    assert recipient(json.dumps(said).encode(), ["email"]).values == ["other@example.net"]


@given(JSON | st.fixed_dictionaries({"address": JSON, "values": JSON}))
def test_any_json_is_a_recipient_or_unfit(said: object) -> None:
    """Whatever JSON a recipient is, it is read or refused with a code."""
    code = "malformed"
    try:
        recipient(json.dumps(said).encode(), ["email", "x.y"])
    except Unfit as problem:
        code = problem.code
    assert code in {"malformed", "unknown_field", "bad_address"}


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[" * 100_000, b'{"address": NaN}', b"\xff", b'{"address": ' + b"9" * 5000 + b"}"]
)
def test_no_recipient(text: bytes) -> None:
    """What is no JSON is malformed, however deep or long."""
    with pytest.raises(Unfit) as caught:
        recipient(text, [])
    assert caught.value.code in {"malformed", "bad_address"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sender": 1}, "sender"),
        ({"recipients": [1]}, "recipients.0"),
        ({"extra": 1}, "extra"),
        ({"message": {}}, "message.sender"),
    ],
)
def test_every_mistake_has_its_field(change: dict[str, object], field: str) -> None:
    """A mistake is named by its field, for machines too."""
    with pytest.raises(Problem) as caught:
        read(SINGLE, json.dumps(MESSAGE | change).encode())
    assert caught.value.code == "invalid"
    errors = caught.value.more["errors"]
    assert isinstance(errors, list)
    assert errors[0]["field"] == field


@pytest.mark.parametrize("values", ["0,", "[],", "{", '"\\",",', '"",'])
def test_too_many_values(values: str) -> None:
    """Very many values are refused before each is looked at; quotes hide nothing, with or without an end."""
    text = json.dumps(MESSAGE)[:-1] + ', "recipients": [' + values * (2 * MAX_VALUES)
    for end in ("", "0]}", '"', '"\\'):
        with pytest.raises(Problem) as caught:
            read(SINGLE, (text + end).encode())
        assert caught.value.code == "too_large"


@pytest.mark.parametrize("content", [",[{" * MAX_VALUES, '"' * MAX_VALUES, "\\" * MAX_VALUES])
def test_texts_are_not_counted(content: str) -> None:
    """Commas, brackets, quotes and backslashes in a text are its own."""
    assert read(SINGLE, json.dumps(MESSAGE | {"content": content}).encode()).content == content


def test_texts_without_end() -> None:
    """Looking for the end of a text takes no time that grows with the square of it."""
    with pytest.raises(Problem) as caught:
        read(SINGLE, b'{"content": "' + b'\\"' * 500_000)
    assert caught.value.code == "malformed"


def test_right_ones() -> None:
    """A template and a message as the manual has them are read."""
    assert read(TEMPLATE, json.dumps(LETTER).encode()).content.subject == "For {{ name }}"
    assert read(SINGLE, json.dumps(MESSAGE).encode()).recipients == ("b@remote.example",)
