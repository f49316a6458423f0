"""[web]: the settings of the pages."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from postduif.config.web import Web


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://news.example.com", "https://news.example.com"),
        ("https://News.Example.com/", "https://news.example.com"),
        ("https://news.example.com:8443", "https://news.example.com:8443"),
        ("http://127.0.0.1:8026", "http://127.0.0.1:8026"),
        ("http://[::1]:8026", "http://[::1]:8026"),
        ("http://localhost:8026/", "http://localhost:8026"),
    ],
)
def test_what_links_begin_with_is_read_in_one_form(text: str, read: str) -> None:
    """Paths are put behind it as they are, so it ends without a slash; only loopback is believed in the clear."""
    assert Web(public_url=text).public_url == read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://news.example.com", "write https://"),
        ("https://news.example.com/post", "has a path"),
        ("https://news.example.com/?a", "has a path"),
        ("https://news.example.com?", "has a path"),
        ("news.example.com", "is not a web address"),
        ("https://me@news.example.com", "is not a web address"),
        ("https://news.example.com/#a", "is not a web address"),
        (5, "is not a web address"),
    ],
)
def test_what_links_cannot_begin_with_is_refused(text: object, words: str) -> None:
    """Each with what to write."""
    with pytest.raises(ValidationError, match=words):
        Web.model_validate({"public_url": text})
