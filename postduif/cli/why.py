"""`postduif why`: where mail is, and what keeps it there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from postduif import address
from postduif.cli.asking import answer_with, json_option, one_line_errors, print_json, settings
from postduif.cli.options import config_option
from postduif.cli.suppression_access import list_of
from postduif.cli.tables import printable
from postduif.config.schema import Config
from postduif.errors import AddressError
from postduif.mta.reasons import domain as of_domain
from postduif.mta.reasons.facts import Answer, Facts
from postduif.mta.reasons.gathering import Ask, Gathering
from postduif.mta.reasons.recipient import answer


@click.command
@config_option
@click.argument("subject")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="Recipients at most.")
@json_option
def command(config_path: Path, subject: str, limit: int, *, as_json: bool) -> None:
    """Why SUBJECT was, or was not, delivered.

    SUBJECT is a queue id (412), a Message-ID in angle brackets, an address, or a domain.
    Exit status 1: nothing is known of it.
    """
    subject = subject.strip()
    question = _question(subject)
    with one_line_errors():
        loaded = settings(config_path)
        gathering = Gathering(loaded, _asking(loaded.config), time.time())
        if "domain" in question:
            found = _domain(gathering, question["domain"], as_json=as_json)
        else:
            found = _recipients(gathering, question, limit, as_json=as_json)
        if not found:
            click.echo(f"postduif: nothing is known of {subject}; {gathering.reach}", err=True)
            sys.exit(1)


def _asking(config: Config) -> Ask:
    """The daemon is asked; without one the queue file is."""

    def ask(do: str, **request: Any) -> Any:
        if not do.startswith("suppress."):
            return answer_with(config, do, **request)
        with list_of(config) as ask_list:
            return ask_list(do, **request)

    return ask


def _question(subject: str) -> dict[str, Any]:
    """What is asked for. Raises click's usage error."""
    if subject.isascii() and subject.isdigit():
        return {"message": int(subject)}
    if subject.startswith("<") and subject.endswith(">"):
        return {"message_id": subject}
    try:
        if "@" in subject.removeprefix("@"):
            return {"recipient": str(address.parse(subject))}
        return {"domain": address.parse_domain(subject.removeprefix("@"))}
    except AddressError as error:
        raise click.BadParameter(f"{subject!r} is no queue id, <Message-ID>, address or domain: {error}") from None


def _recipients(gathering: Gathering, question: dict[str, Any], limit: int, *, as_json: bool) -> bool:
    found, more = gathering.recipients(limit, **question)
    whom = str(question.get("recipient", ""))
    if whom and not found:  # a Message-ID looks like an address
        found, more = gathering.recipients(limit, message_id=f"<{whom}>")
        whom = "" if found else whom
    refusals = gathering.refusals([whom] if whom else [facts.recipient for facts in found])
    answers = [answer(facts) for facts in found]
    if as_json:
        about = [
            _plain(facts, one) | {"refused": list(refusals.get(whom or facts.recipient, ()))}
            for facts, one in zip(found, answers, strict=True)
        ]
        print_json(about or [_refused(whom, lines) for whom, lines in refusals.items()])
        return bool(about or refusals)
    blocks = [refusals[whom]] if whom in refusals else []
    for facts, one in zip(found, answers, strict=True):
        blocks.append(one.lines if whom else (*one.lines, *refusals.get(facts.recipient, ())))
    for number, lines in enumerate(blocks):
        if number:
            click.echo()
        _say(lines)
    if more:
        click.echo(f"\nThere are more; --limit {limit * 10} shows them.")
    return bool(blocks)


def _refused(recipient: str, lines: tuple[str, ...]) -> dict[str, object]:
    """Of somebody that nothing else is known of."""
    return {"recipient": recipient, "state": "refused", "answer": list(lines), "refused": list(lines)}


def _plain(facts: Facts, one: Answer) -> dict[str, object]:
    return {
        "message": facts.message,
        "recipient": facts.recipient,
        "state": one.state,
        "cause": one.cause,
        "next_attempt": one.next_attempt,
        "setting": one.setting._asdict() if one.setting else None,
        "answer": list(one.lines),
        "waiting": facts.waiting,
        "attempts": facts.attempts,
        "site": facts.road,
    }


def _domain(gathering: Gathering, name: str, *, as_json: bool) -> bool:
    facts = gathering.domain(name)
    if as_json:
        shown = {"domain": name, "queues": facts.queues, "holds": facts.holds, "site": facts.road}
        print_json({**shown, "answer": of_domain.describe(facts) if of_domain.known(facts) else []})
    elif of_domain.known(facts):
        _say(of_domain.describe(facts))
    return of_domain.known(facts)


def _say(lines: Iterable[str]) -> None:
    click.echo("\n  ".join(map(printable, lines)))
