"""Finds the first rule that fits, asking only rules of which the reply has the rarest word or a code.

What a rule needs is kept as its clues, in the order of the rules: each phrase is one, and each rule without phrases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from postduif.bounce.phrase import Phrase
from postduif.bounce.rule import Rule, Rules

_OTHER = "#"
"""Stands for words that no rule knows."""


class Index:
    """All rules, by what in a reply can make them fit."""

    def __init__(self, rules: Rules) -> None:
        self._clues: list[tuple[Rule, Phrase | None]] = []
        for rule in rules.rules:
            self._clues += [(rule, phrase) for phrase in rule.says or (None,)]
        named = [(one.name, phrase) for one in rules.providers for phrase in one.says]
        every = [phrase for _, phrase in (*self._clues, *named) if phrase]
        often = Counter(word for phrase in every for word in phrase.words)
        excluded = [phrase for rule in rules.rules for phrase in rule.unless]
        self._known = frozenset(often).union(*(phrase.words for phrase in excluded))
        self._by_word = _by_rarest([phrase for _, phrase in self._clues], often)
        self._by_status: defaultdict[str, list[int]] = defaultdict(list)
        self._by_code: defaultdict[int, list[int]] = defaultdict(list)
        for number, (rule, phrase) in enumerate(self._clues):
            if phrase is None:
                for status in rule.statuses:
                    self._by_status[status].append(number)
                for code in rule.codes if not rule.statuses else ():
                    self._by_code[code].append(number)
        self._named = named
        self._named_by_word = _by_rarest([phrase for _, phrase in named], often)
        self._hosts = {host: one.name for one in rules.providers for host in (one.name, *one.hosts)}

    def known(self, said: Iterable[str]) -> str:
        """The text as ` word word `, with one `#` for all words in a row that no rule knows."""
        known = self._known
        text = f" {' '.join([word if word in known else _OTHER for word in said])} "
        while f" {_OTHER} {_OTHER} " in text:
            text = text.replace(f" {_OTHER} {_OTHER} ", f" {_OTHER} ")
        return text

    def provider(self, name: str) -> str:
        """The provider that a host, a domain or a provider's own name stands for; "" when it is none we know."""
        name = name.rstrip(".").lower()
        while name:
            if name in self._hosts:
                return self._hosts[name]
            name = name.partition(".")[2]
        return ""

    def find(self, text: str, code: int, statuses: Sequence[str], provider: str) -> Rule | None:
        """The first rule that fits a text of known words."""
        numbers = _candidates(self._by_word, text)
        numbers.update(self._by_code.get(code, ()), *(self._by_status.get(status, ()) for status in statuses))
        for number in sorted(numbers):
            rule, phrase = self._clues[number]
            if (phrase is None or phrase.fits(text)) and self._allows(rule, text, code, statuses, provider):
                return rule
        return None

    def said_by(self, text: str) -> Iterator[tuple[Rule, Phrase]]:
        """Every phrase that fits a text of words, in the order of the rules, whatever else the rules ask."""
        for number in sorted(_candidates(self._by_word, text)):
            rule, phrase = self._clues[number]
            if phrase is not None and phrase.fits(text):
                yield rule, phrase

    def _allows(self, rule: Rule, text: str, code: int, statuses: Sequence[str], provider: str) -> bool:
        return (
            (not rule.codes or code in rule.codes)
            and (not rule.statuses or not rule.statuses.isdisjoint(statuses))
            and (not rule.providers or (provider or self._named_in(text)) in rule.providers)
            and not any(phrase.fits(text) for phrase in rule.unless)
        )

    def _named_in(self, text: str) -> str:
        for number in sorted(_candidates(self._named_by_word, text)):
            name, phrase = self._named[number]
            if phrase.fits(text):
                return name
        return ""


def _candidates(by_word: dict[str, list[int]], text: str) -> set[int]:
    return {number for word in set(text.split()) for number in by_word.get(word, ())}


def _by_rarest(phrases: Sequence[Phrase | None], often: Counter[str]) -> dict[str, list[int]]:
    """Places of phrases under words of which a text must have one: those of the part that is rarest in all rules."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, phrase in enumerate(phrases):
        if phrase is None:
            continue
        needed = [
            {min(one, key=lambda word: (often[word], -len(word))) for one in part}
            for part in phrase.parts
            if part and all(part)
        ]
        for word in min(needed, key=lambda part: sum(often[word] for word in part)):
            found[word].append(number)
    return dict(found)
