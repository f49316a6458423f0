"""What is wrong with a set of rules: one that cannot be reached, is shadowed or doubled, or has no sample.

A rule that never speaks is worse than none, as its author believes that it works.
"""

from __future__ import annotations

from collections.abc import Iterator

from postduif.bounce.diagnostic import read_diagnostic
from postduif.bounce.matching import Index
from postduif.bounce.phrase import GAP, Choice, Phrase
from postduif.bounce.rule import Rule, Rules
from postduif.bounce.said import Said

_TRIES = 6
"""Texts made of each alternative of a phrase; it is dead when an earlier rule takes them all."""


def rule_faults(rules: Rules) -> list[str]:
    """Everything wrong, each as a sentence that begins with the place. Empty when nothing is."""
    index = Index(rules)
    return [*_names(rules), *_samples(rules, index), *_codes(rules), *_words(rules, index)]


def _names(rules: Rules) -> Iterator[str]:
    providers = {provider.name for provider in rules.providers}
    seen: set[str] = set()
    for rule in rules.rules:
        if rule.name in seen:
            yield f"{rule.where}: another rule has this name; give it its own"
        seen.add(rule.name)
        if not rule.says and not rule.statuses and not rule.codes:
            yield f"{rule.where}: nothing makes it fit; give it says, status or code"
        if unknown := rule.providers - providers:
            yield f"{rule.where}: no such provider: {', '.join(sorted(unknown))}; add it to providers.toml"


def _samples(rules: Rules, index: Index) -> Iterator[str]:
    for rule in rules.rules:
        if not rule.samples:
            yield f"{rule.where}: no sample; add what a host really says"
        for sample in rule.samples:
            said = Said.of(read_diagnostic(sample))
            found = index.find(index.known(said.words), said.code, said.statuses, min(rule.providers, default=""))
            if found is not rule:
                by = f"{found.name} takes it first" if found else "no rule takes it"
                yield f'{rule.where}: its sample "{sample}" does not reach it, {by}; move the rule or mend the sample'


def _codes(rules: Rules) -> Iterator[str]:
    for place, rule in enumerate(rules.rules):
        for one in rules.rules[:place]:
            if not one.says and _asks_no_more(one, rule):
                yield f"{rule.where}: {one.name} takes all its codes first; remove it"


def _words(rules: Rules, index: Index) -> Iterator[str]:
    for rule in rules.rules:
        for phrase in rule.says:
            for at, part in enumerate(phrase.parts):
                for alternative in part:
                    taken = [_taker(index, rule, phrase, text) for text in _texts(phrase.parts, at, alternative)]
                    if all(taken):
                        word = " ".join(alternative) or "nothing"
                        yield f'{rule.where}: "{word}" in "{phrase.written}" is all taken by {taken[0]}; remove it'


def _taker(index: Index, rule: Rule, phrase: Phrase, text: str) -> str:
    """The rule that speaks before this phrase does; "" when none does."""
    for one, said in index.said_by(text):
        if one is rule:
            return "" if said is phrase else one.name
        if _asks_no_more(one, rule):
            return one.name
    return ""


def _asks_no_more(earlier: Rule, later: Rule) -> bool:
    """Whatever fits the conditions of the later one fits those of the earlier one too."""
    return not earlier.unless and all(
        not asked or (wanted and wanted <= asked)
        for asked, wanted in zip(earlier.conditions, later.conditions, strict=True)
    )


def _texts(parts: tuple[Choice, ...], at: int, alternative: tuple[str, ...]) -> Iterator[str]:
    """Texts that a phrase fits, with this alternative in this place and others in turn in the other places."""
    for turn in range(_TRIES if len(parts) > 1 else 1):
        chosen = [
            alternative if place == at else ("filler",) if part == GAP else part[turn % len(part)]
            for place, part in enumerate(parts)
        ]
        yield f" {' '.join(word for one in chosen for word in one)} "
