"""What `mailing create` and `mailing edit` are told of a mailing, as options, and the draft that it makes.

An option that is not given leaves what there is. One that may be given several times takes the place of all there were;
an empty text empties it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from postduif.campaign.checks import typology
from postduif.campaign.content import draft as drafts
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.record import MAX_JSON, Draft, Policy
from postduif.campaign.mailings.waves import Canary
from postduif.campaign.mailings.words import read_canary, read_mailbox, read_waves
from postduif.cli.mailing_units import option_of, per_minute, seconds
from postduif.errors import TemplateError

_file = click.Path(path_type=Path, dir_okay=False, exists=True)

Given = Mapping[str, Any]
"""Options by name; None or () when they were not given."""


_TARGET: tuple[str, ...] = ("condition", "collection", "child_condition", "mail_type")
_TARGETS: tuple[str, ...] = (
    *("selections", "projects", "persons"),
    *("exclude_selections", "exclude_domains", "exclude_addresses"),
)
_CONTENT: tuple[str, ...] = ("subject", "sender", "reply_to", "preheader", "inline_css", "list_id")
_TRACKING: tuple[str, ...] = ("tracking", "track_text", "tracking_consent")
_PLAIN: tuple[str, ...] = ("stream", "priority", "rate", "validity", "folder")


def _canary(text: str) -> Canary | str:
    """ "" for none."""
    return read_canary(text) or ""


_mailbox = option_of(lambda text: read_mailbox(text)._asdict())


_OPTIONS: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
    click.option("--subject", help="The subject; a template, as all texts."),
    click.option("--from", "sender", callback=_mailbox, metavar="MAILBOX", help='"News <news@example.com>".'),
    click.option("--reply-to", callback=_mailbox, metavar="MAILBOX", help="Where answers go."),
    click.option("--to-name", help='The name in To, as "{{ name }}".'),
    click.option("--preheader", help="What mail programs show behind the subject."),
    click.option("--html", type=_file, help="A file with the HTML."),
    click.option("--mjml", type=_file, help="A file with MJML, in the place of HTML."),
    click.option("--text", type=_file, help="A file with the text part. Default: made of the HTML."),
    click.option("--inline-css/--no-inline-css", default=None, help="Write styles into style attributes."),
    click.option("--list-id", help="The name of the list, as news.example.com."),
    click.option(
        "--tracking", type=click.Choice(["all", "links", "none"]), help="Opens and clicks, clicks, or nothing."
    ),
    click.option("--track-text/--no-track-text", default=None, help="The links of the text part too."),
    click.option("--tracking-consent", metavar="NAME", help="A variable: who has nothing there is not tracked."),
    click.option("--seed", "seeds", multiple=True, metavar="ADDRESS", help="An address of ours that gets it too."),
    click.option("--content", type=_file, help="A JSON file with all of the content (docs/content.md)."),
    click.option("--selection", "selections", multiple=True, help="Everybody in this selection."),
    click.option("--project", "projects", multiple=True, help="Everybody in this project; NAME/ROLE for some."),
    click.option("--person", "persons", multiple=True, metavar="ADDRESS", help="This person; #ID does, too."),
    click.option("--condition", help="Must be true of all of them; alone, all for whom it is."),
    click.option("--records", "collection", help="One mail for each child record of this kind."),
    click.option("--record-condition", "child_condition", help="Must be true of the child record."),
    click.option("--type", "mail_type", help="The type of mail that it is; what people unsubscribe from."),
    click.option("--exclude-selection", "exclude_selections", multiple=True, help="Nobody in this one."),
    click.option("--exclude-domain", "exclude_domains", multiple=True, help="Nobody at this domain."),
    click.option("--exclude-address", "exclude_addresses", multiple=True, help="Not this address."),
    click.option("--stream", help="A stream of the configuration."),
    click.option("--priority", type=click.IntRange(0, 100), help="In the place of the stream's."),
    click.option("--rate", callback=per_minute, help="Messages a minute, or as 50/s; 0: no limit."),
    click.option("--validity", callback=seconds, help="What is not delivered then is given up: 5d."),
    click.option("--waves", callback=option_of(read_waves), help='"10%, 30% every 2h", "500, 2000 every 30m", "none".'),
    click.option("--canary", callback=option_of(_canary), help='A small first wave: "200 wait 30m bounce 5%", "none".'),
    click.option("--policy", type=click.Choice([one.value for one in Policy]), help="newest: prepared at its time."),
    click.option("--typology", type=_file, help="A JSON file: which checks (docs/checks.md)."),
    click.option("--folder", help="To find it again."),
    click.option("--tag", "tags", multiple=True, help="To find it again."),
)


def with_options(function: Callable[..., None]) -> Callable[..., None]:
    """All of them, for a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def drafted(draft: Draft, given: Given) -> Draft:
    """The draft with what was given. Raises MailingFault, TemplateError, TypologyFault."""
    said = {name: value for name, value in given.items() if value not in (None, ())}
    target = {name: said[name] for name in _TARGET if name in said}
    target |= {name: _all(said[name]) for name in _TARGETS if name in said}
    fields = {name: said[name] for name in _PLAIN if name in said}
    if "tags" in said:
        fields["tags"] = _all(said["tags"])
    if "policy" in said:
        fields["policy"] = Policy(said["policy"])
    if "typology" in said:
        fields["typology"] = typology.dump(typology.load(_text(said["typology"])))
    waves = said.get("waves", draft.waves)._replace(canary=draft.waves.canary)
    if "canary" in said:
        waves = waves._replace(canary=said["canary"] or None)
    return draft._replace(
        content=_content(draft.content, said), target=draft.target._replace(**target), waves=waves, **fields
    )


def _all(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in values if value)


def _content(before: str, said: Given) -> str:
    """JSON, as `content.draft` reads it."""
    content: dict[str, Any] = {"subject": "", "sender": {"address": ""}}
    content |= _given_whole(said["content"]) if "content" in said else json.loads(before)
    content |= {name: said[name] for name in (*_CONTENT, *_TRACKING) if name in said}
    if not (content.get("reply_to") or {}).get("address", "any"):
        content["reply_to"] = None
    if "html" in said and "mjml" in said:
        raise MailingFault("it is HTML or MJML; give one of --html and --mjml")
    for language in ("html", "mjml"):
        if language in said:
            content |= {"body": _text(said[language]), "language": language}
    if "text" in said:
        content["text"] = _text(said["text"])
    if "to_name" in said:
        content["to"] = {"address": f"{{{{ {drafts.EMAIL} }}}}", "name": said["to_name"]}
    if "seeds" in said:
        content["seeds"] = [{"address": address} for address in said["seeds"] if address]
    text = json.dumps(content, ensure_ascii=False)
    drafts.read(text)
    return text


def _given_whole(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_text(path))
    except ValueError as error:
        raise MailingFault(f"{path} is no JSON: {error}; correct it") from None
    if not isinstance(content, dict):
        raise MailingFault(f"{path} is no JSON object; docs/content.md says what is in it")
    return content


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MAX_JSON + 1)
    except OSError as error:
        raise MailingFault(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TemplateError(f"{path} is not UTF-8; save it in UTF-8") from None
    if len(text) > MAX_JSON:
        raise MailingFault(f"{path} is larger than {MAX_JSON:,} characters; make it smaller")
    return text
