"""A form as a page, and as a piece of HTML for pages of others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from postduif.campaign.audience.attributes import Attribute, Kind
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.forms.filling import CONSENT, EMAIL, PREFIX, TRAP, TYPES, offers
from postduif.campaign.forms.form import Asked, Form
from postduif.campaign.forms.store import Stored
from postduif.campaign.public.rendering import Words, html, words_in


class Page(NamedTuple):
    """How a form is shown."""

    language: str
    posted: Mapping[str, Sequence[str]]
    """What was typed before; empty: nothing."""
    wrong: Mapping[str, str]
    """By field, the name of the words that say what is wrong."""
    said: str
    """Words above it, by name; "" for none."""
    reader: bool
    """Somebody whom a mailing's link names."""


class Input(NamedTuple):
    """One field, as templates have it."""

    name: str
    kind: str
    """email, text, number, date, boolean, choice, choices or list."""
    label: str
    needed: bool
    values: tuple[str, ...]
    """Typed before."""
    choices: tuple[str, ...]
    wrong: str

    @property
    def text(self) -> str:
        """Typed before, where there is one."""
        return self.values[-1] if self.values else ""

    @property
    def options(self) -> list[tuple[str, str]]:
        """Choices, each with its words."""
        return [(one, one) for one in self.choices]


def form_page(
    stored: Stored,
    attributes: Mapping[str, Attribute],
    types: Mapping[str, SubscriptionType],
    page: Page,
    shown: str,
) -> str:
    """The page. `shown` says when it was made, signed."""
    return _made("form.html", stored, attributes, types, page, shown=shown, action="", sender="")


def snippet(
    stored: Stored,
    attributes: Mapping[str, Attribute],
    types: Mapping[str, SubscriptionType],
    language: str,
    address: str,
) -> str:
    """Plain HTML that sends its answers to `address`, for a page of another site."""
    page = Page(language, {}, {}, "", reader=False)
    return _made("snippet.html", stored, attributes, types, page, shown="", action=address, sender="")


def _made(
    template: str,
    stored: Stored,
    attributes: Mapping[str, Attribute],
    types: Mapping[str, SubscriptionType],
    page: Page,
    **values: object,
) -> str:
    form, language = stored.form, page.language
    words, texts = words_in(language), form.texts[language]
    offered = [types[name] for name in form.types if name in types] if offers(form, reader=page.reader) else []
    return html(
        template,
        words,
        title=texts.title or form.name,
        intro=texts.intro,
        consent=texts.consent,
        button=texts.button or words("send" if page.reader else "sign_up"),
        inputs=_inputs(form, attributes, page, words),
        offered=offered,
        ticked=frozenset(page.posted.get(TYPES, ())),
        agreed=bool(page.posted.get(CONSENT)),
        wrong=page.wrong,
        said=page.said,
        version=stored.version,
        language=language,
        trap=TRAP,
        **values,
    )


def _inputs(form: Form, attributes: Mapping[str, Attribute], page: Page, words: Words) -> list[Input]:
    found = []
    if not page.reader:
        typed = tuple(page.posted.get(EMAIL, ()))[-1:]
        found.append(Input(EMAIL, "email", words("email"), True, typed, (), page.wrong.get(EMAIL, "")))  # noqa: FBT003
    for asked in form.fields:
        attribute = attributes.get(asked.name)
        name = PREFIX + asked.name
        typed = tuple(text[:1000] for text in page.posted.get(name, ()))
        label = asked.labels.get(page.language) or (attribute.label if attribute else asked.name.capitalize())
        kind = _kind(asked, attribute)
        found.append(Input(name, kind, label, asked.needed, typed, asked.choices, page.wrong.get(name, "")))
    return found


def _kind(asked: Asked, attribute: Attribute | None) -> str:
    kind = attribute.kind if attribute else Kind.TEXT
    if asked.choices and kind in (Kind.TEXT, Kind.LIST):
        return "choices" if kind is Kind.LIST else "choice"
    return kind.value
