"""The mail that asks to confirm, as the MTA takes it by HTTP. Pure but for words of ours."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from postduif.campaign.forms.answers import Answer
from postduif.campaign.forms.form import Form
from postduif.config.schema import Config

STREAM = "transactional"
"""Used where the settings have it, so that mailings do not hold up a confirmation."""
OTHERWISE = "en"


def letter(form: Form, answer: Answer, link: str, config: Config) -> dict[str, object]:
    """The request that queues it."""
    language = form.language(answer.language)
    texts, ours = form.texts[language], _ours().get(language, _ours()[OTHERWISE])
    title = texts.title or form.name
    text = texts.mail or ours["mail"]
    if "{link}" not in text:
        text = f"{text}\n\n{{link}}"
    message = {
        "sender": {"address": form.sender, "name": form.sender_name},
        "to": {"address": answer.email},
        "subject": (texts.subject or ours["subject"]).replace("{title}", title),
        "text": text.replace("{title}", title).replace("{link}", link) + "\n",
        "headers": [{"name": "Auto-Submitted", "text": "auto-generated"}],
    }
    request: dict[str, object] = {"sender": form.sender, "recipients": [answer.email], "message": message}
    if any(one.name == STREAM for one in config.stream):
        request["stream"] = STREAM
    return request


@cache
def _ours() -> dict[str, dict[str, str]]:
    text = resources.files("postduif.campaign.forms").joinpath("letter.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
