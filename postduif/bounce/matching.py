"""Finds the first rule that fits, without asking every rule: each phrase is looked up by its rarest word."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from postduif.bounce.phrase import Phrase
from postduif.bounce.rule import Rule, Rules

_RUN = re.compile("(?: #)+ ")


class Index:
    """All rules, by what in a reply can make them fit."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules.rules
        phrases = [(rank, phrase) for rank, rule in enumerate(rules.rules) for phrase in rule.says]
        named = [(place, phrase) for place, provider in enumerate(rules.providers) for phrase in provider.says]
        excluded = [phrase for rule in rules.rules for phrase in rule.unless]
        every = [phrase for _, phrase in (*phrases, *named)]
        often = Counter(word for phrase in every for word in phrase.words)
        self._known = {*often, *(word for phrase in excluded for word in phrase.words)}
        self._by_word = _by_rarest(phrases, often)
        self._providers = rules.providers
        self._provider_by_word = _by_rarest(named, often)
        self._hosts = {host: one.name for one in rules.providers for host in (one.name, *one.hosts)}
        self._by_status: defaultdict[str, list[int]] = defaultdict(list)
        self._by_code: defaultdict[int, list[int]] = defaultdict(list)
        for rank, rule in enumerate(rules.rules):
            if rule.says:
                continue
            for status in rule.statuses:
                self._by_status[status].append(rank)
            for code in rule.codes if not rule.statuses else ():
                self._by_code[code].append(rank)

    def known(self, said: Iterable[str]) -> str:
        """The text as ` word word `, with one `#` for words that no rule knows."""
        known = self._known
        return _RUN.sub(" # ", f" {' '.join([word if word in known else '#' for word in said])} ")

    def provider(self, name: str) -> str:
        """The provider that a host, a domain or a provider's own name stands for; "" when it is none we know."""
        name = name.rstrip(".").lower()
        while name:
            if name in self._hosts:
                return self._hosts[name]
            name = name.partition(".")[2]
        return ""

    def find(self, text: str, code: int, statuses: tuple[str, ...], provider: str) -> Rule | None:
        """The first rule that fits a text of known words."""
        provider = provider or self._named_in(text)
        best = len(self._rules)
        ranks = [rank for status in statuses for rank in self._by_status.get(status, ())]
        for rank in sorted([*ranks, *self._by_code.get(code, ())]):
            if rank < best and self._allows(self._rules[rank], text, code, statuses, provider):
                best = rank
        for word in set(text.split()):
            for rank, phrase in self._by_word.get(word, ()):
                if rank >= best:
                    break
                if phrase.fits(text) and self._allows(self._rules[rank], text, code, statuses, provider):
                    best = rank
        return self._rules[best] if best < len(self._rules) else None

    def _named_in(self, text: str) -> str:
        best = len(self._providers)
        for word in text.split():
            for place, phrase in self._provider_by_word.get(word, ()):
                if place < best and phrase.fits(text):
                    best = place
        return self._providers[best].name if best < len(self._providers) else ""

    @staticmethod
    def _allows(rule: Rule, text: str, code: int, statuses: tuple[str, ...], provider: str) -> bool:
        return (
            (not rule.codes or code in rule.codes)
            and (not rule.providers or provider in rule.providers)
            and (not rule.statuses or not rule.statuses.isdisjoint(statuses))
            and not any(phrase.fits(text) for phrase in rule.unless)
        )


def _by_rarest(phrases: list[tuple[int, Phrase]], often: Counter[str]) -> dict[str, list[tuple[int, Phrase]]]:
    """Phrases under words of which a text must have one: those of the part whose words are rarest in all rules."""
    found: defaultdict[str, list[tuple[int, Phrase]]] = defaultdict(list)
    for rank, phrase in phrases:
        needed = [
            {min(one, key=lambda word: (often[word], -len(word))) for one in part}
            for part in phrase.parts
            if part and all(part)
        ]
        for word in min(needed, key=lambda part: sum(often[word] for word in part)):
            found[word].append((rank, phrase))
    return dict(found)
