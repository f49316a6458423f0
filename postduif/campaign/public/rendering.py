"""Pages from templates and the words of a language. All that is filled in is escaped."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from postduif.campaign.public.request import language_of

DEFAULT = "en"


class Words:
    """Those of one language."""

    def __init__(self, words: dict[str, str]) -> None:
        self._words = words

    def __call__(self, name: str, **values: str) -> str:
        """The words of that name, values filled in: braces in these are left as they are."""
        text = self._words[name]
        for key, value in values.items():
            text = text.replace(f"{{{key}}}", value)
        return text


@cache
def languages() -> dict[str, Words]:
    """All, by their code."""
    text = resources.files("postduif.campaign.public").joinpath("texts.toml").read_text(encoding="utf-8")
    return {code: Words(words) for code, words in tomllib.loads(text).items()}


def words_for(accepted: str) -> Words:
    """Those of the language that a reader likes best, by Accept-Language."""
    known = languages()
    return known[language_of(accepted, known, DEFAULT)]


def words_in(language: str) -> Words:
    """Those of that language; English if it is none of ours."""
    known = languages()
    return known.get(language, known[DEFAULT])


@cache
def stylesheet() -> bytes:
    """The one for all pages."""
    return resources.files("postduif.campaign.public").joinpath("static/style.css").read_bytes()


def html(template: str, words: Words, **values: object) -> str:
    """A page."""
    return _environment().get_template(template).render(t=words, **values)


@cache
def _environment() -> Environment:
    loader = PackageLoader("postduif.campaign.public")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
