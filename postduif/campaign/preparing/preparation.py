"""Prepare a mailing: its people are found and judged, its content is composed, and a queue file is made of both.

Nothing is sent. It may be stopped at any moment, by a person or a crash, and nothing is left of it then but the report
of the one before. What it found is in the report whether it succeeded or not: targeted = excluded + to deliver.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from postduif.address import parse
from postduif.campaign.audience.suppression_link import SuppressionLink
from postduif.campaign.audience.target import CHUNK, Recipient, Target, target
from postduif.campaign.audience.target_ahead import ahead
from postduif.campaign.checks import asking, sieve, typology
from postduif.campaign.checks.facts import Counts as CheckedCounts
from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.filters import Held, History, sifted
from postduif.campaign.checks.finding import Finding
from postduif.campaign.checks.rule import Phase
from postduif.campaign.checks.spam import SpamScore
from postduif.campaign.checks.spam_scores import spam_scores
from postduif.campaign.content.composing import Composed
from postduif.campaign.content.deco_mail import deco_format
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.proofs import seed_values
from postduif.campaign.mailings.record import Counts, Mailing
from postduif.campaign.preparing import known
from postduif.campaign.preparing.composition import compose
from postduif.campaign.preparing.outside import with_outside
from postduif.campaign.preparing.places import Places
from postduif.campaign.preparing.report import FromSource, Report, said
from postduif.campaign.preparing.sampling import Sampling
from postduif.campaign.preparing.values import PREFIX, named
from postduif.campaign.preparing.waves import sizes
from postduif.campaign.tracking import links
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.envelope import Envelope
from postduif.errors import PostduifError, TemplateError
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.stored import dump
from postduif.mta.merged import order_of, packed
from postduif.mta.resolver import Resolver
from postduif.queue.mailing import Terms
from postduif.queue.mailing_file import Excluded, MailingFile
from postduif.queue.mailing_file import Target as Row

READ_APART = 20_000  # people: from here on they are read in a process of its own
LOOK_EVERY = 0.5  # seconds between looks whether it is still wanted


class Stopped(PostduifError):  # noqa: N818  the name says what is the case
    """Somebody stopped it, or edited the mailing."""


class Work(NamedTuple):
    """What a preparation is given."""

    mailing: Mailing
    draft: Draft
    """With its files."""
    config: Config
    audience: sqlite3.Connection
    suppressions: SuppressionLink
    history: Callable[[float], History]
    """For a number of days, what people had."""
    before: tuple[int, ...]
    """Recipients of the mailings before."""
    clock: Clock
    wanted: Callable[[], bool]
    """It is still to be prepared."""
    progress: Callable[[int, int], None]
    """Told how many of how many people were looked at."""


class Prepared(NamedTuple):
    """What came of it."""

    report: Report
    counts: Counts


def prepare(work: Work) -> Prepared:
    """Make the queue file, unless a check forbids it. Blocks for as long as it takes.

    Raises Stopped, and PostduifError for what is wrong with target, disk or settings; nothing is left then.
    """
    return _Preparation(work).run()


def look(work: Work) -> Report:
    """What the checks say that need no preparation. Raises PostduifError for a target that cannot be."""
    return _Preparation(work).look().report


class _Preparation:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._now = work.clock.time()
        self._started = time.monotonic()
        self._typology = typology.load(work.mailing.draft.typology)
        self._findings: list[Finding] = []
        self._report = Report(work.mailing.number, work.mailing.run.preparation, self._now)
        self._excluded: Counter[str] = Counter()
        self._deco = 0
        self._looked = self._started

    def run(self) -> Prepared:
        with self._apart(self._gathered()) as gathered:
            names, composed, facts = self._begun(gathered)
            if composed is None or typology.stops(self._findings):
                return self._ended()
            return self._written(gathered, names, composed, facts)

    def look(self) -> Prepared:
        """Only what needs no preparation."""
        self._begun(self._gathered())
        return self._ended()

    def _gathered(self) -> Target:
        work = self._work
        spec = work.mailing.draft.target
        found = target(work.audience, work.config.server.data_dir, work.suppressions, spec, self._now)
        sources = tuple(FromSource(*one) for one in found.gathered.sources)
        self._report = replace(self._report, sources=sources, notes=found.gathered.notes)
        return found

    @contextlib.contextmanager
    def _apart(self, gathered: Target) -> Iterator[Target]:
        """The same target; many people are read in a process of its own, which begins while the content is composed."""
        if gathered.gathered.people < READ_APART:
            yield gathered
            return
        work = self._work
        data_dir, spec = work.config.server.data_dir, work.mailing.draft.target
        with ahead(work.audience, data_dir, spec, self._now) as recipients:
            yield gathered._replace(recipients=recipients)

    def _begun(self, gathered: Target) -> tuple[Mapping[str, str], Composed | None, Facts]:
        """The content is composed and looked at. With the columns of the names there are."""
        work = self._work
        names = named(work.audience, gathered.columns)
        composed, fault = self._composed(names)
        facts = known.of_content(self._now, work.draft, composed, fault)
        facts = replace(
            facts,
            mail_type=work.mailing.draft.target.mail_type,
            limits=self._typology.limits,
            before=work.before,
            sending=known.of_sending(work.mailing, gathered.gathered.people, self._now),
            public_url=work.config.web.public_url or "",
        )
        wanted = [rule.id for rule, _ in self._typology.rules()]
        facts = with_outside(facts, work.config, work.clock, wanted)
        self._check(facts, Phase.CONTENT)
        return names, composed, facts

    def _composed(self, names: Collection[str]) -> tuple[Composed | None, str]:
        try:
            return compose(self._work.draft, self._work.mailing, self._work.config, names), ""
        except TemplateError as error:
            return None, str(error)

    # --- the file

    def _written(self, gathered: Target, names: Mapping[str, str], composed: Composed, facts: Facts) -> Prepared:
        merge = compile_content(composed.content, names)
        order = order_of(merge)
        file = self._file(composed, names)
        try:
            sampling = Sampling(merge, gathered.gathered.people, self._work.config.web.public_url)
            for chunk in _chunks(self._sifted(gathered.recipients([names[name] for name in order]))):
                self._take(chunk, file, sampling, gathered.gathered.people)
            self._add_seeds(file, order, sampling.first)
            facts = replace(facts, counts=self._counts(), rendered=sampling.found(), spam=self._spam(sampling.sample))
            self._check(facts, Phase.TARGET)
            self._check(facts, Phase.END)
            waves = sizes(self._work.mailing.draft.waves, self._report.to_deliver)
            self._report = replace(
                self._report,
                waves=tuple(waves),
                rendered=sampling.rendered,
                largest=facts.rendered.largest,
                empty=facts.rendered.empty,
            )
            self._see_wanted()
            if typology.stops(self._findings):
                file.discard()
            else:
                links.write(file.finish(waves), composed.tracked)
        except BaseException:
            file.discard()
            raise
        return self._ended()

    def _take(self, chunk: Sequence[Recipient], file: MailingFile, sampling: Sampling, people: int) -> None:
        file.exclude([Excluded(one.contact, one.child, one.address, one.cause) for one in chunk if one.cause])
        taken = [one for one in chunk if not one.cause]
        file.add([(address, values, contact, child, False) for contact, child, address, values, _ in taken])
        sampling.look(taken)
        self._count(chunk, taken, people)

    def _file(self, composed: Composed, names: Collection[str]) -> MailingFile:
        work, draft = self._work, self._work.mailing.draft
        sender = parse(composed.content.sender.address)
        return MailingFile(
            Places(work.config.server.data_dir).prepared_folder,
            work.mailing.number,
            dump(composed.content, names),
            Envelope(sender, header_from=sender.domain),
            Terms(draft.stream, draft.target.mail_type, draft.rate, draft.priority),
            composed.journal,
        )

    def _sifted(self, recipients: Iterator[Recipient]) -> Iterator[Recipient]:
        sieves = self._typology.sieves
        dead = self._dead_domains() if any(isinstance(one, sieve.DeadDomains) for one in sieves) else {}
        seed = b"%d" % self._work.mailing.number
        return sifted(recipients, sieve.made(sieves, dead=dead, seed=seed, history=self._work.history))

    def _dead_domains(self) -> dict[str, Held]:
        rows = self._work.audience.execute(
            "SELECT DISTINCT substr(subject, instr(subject, '@') + 1) FROM contact JOIN temp.target_member USING (id)"
        ).fetchall()

        async def ask() -> dict[str, Held]:
            resolver = Resolver(self._work.config.dns, self._work.clock)
            try:
                return await asking.without_mail(resolver, [domain for (domain,) in rows if domain])
            finally:
                await resolver.close()

        return asyncio.run(ask())

    def _add_seeds(self, file: MailingFile, order: Sequence[str], sample: Mapping[str, object]) -> None:
        for seed in self._work.draft.seeds:
            own = seed_values(seed, sample)
            own |= {f"{PREFIX}{name}": value for name, value in own.items() if "." not in name}
            address = str(parse(seed.address))
            file.add([Row(address, packed([own.get(name.removesuffix("[]")) for name in order]), 0, seed=True)])
        self._report = replace(self._report, seeds=len(self._work.draft.seeds))

    # --- figures and findings

    def _count(self, chunk: Sequence[Recipient], taken: Sequence[Recipient], people: int) -> None:
        self._excluded.update(one.cause for one in chunk if one.cause)
        domains = Counter(one.address.rpartition("@")[2] for one in taken)
        self._deco += sum(number for domain, number in domains.items() if deco_format(domain))
        self._report = replace(
            self._report,
            targeted=self._report.targeted + len(chunk),
            to_deliver=self._report.to_deliver + len(taken),
            excluded=dict(self._excluded),
        )
        self._work.progress(self._report.targeted, max(people, self._report.targeted))
        if time.monotonic() - self._looked >= LOOK_EVERY:
            self._looked = time.monotonic()
            self._see_wanted()

    def _see_wanted(self) -> None:
        if not self._work.wanted():
            raise Stopped(f"the preparation of mailing {self._work.mailing.number} was stopped; nothing was sent")

    def _counts(self) -> CheckedCounts:
        (everybody,) = self._work.audience.execute("SELECT count(*) FROM contact").fetchone()
        report = self._report
        return CheckedCounts(report.targeted, report.excluded, report.to_deliver, everybody, self._deco)

    def _spam(self, sample: bytes) -> tuple[SpamScore, ...]:
        return asyncio.run(spam_scores(self._work.config.campaign, sample)) if sample else ()

    def _check(self, facts: Facts, phase: Phase) -> None:
        self._findings += typology.look(self._typology, facts, phase)

    def _ended(self) -> Prepared:
        seconds = round(time.monotonic() - self._started, 3)
        report = replace(self._report, seconds=seconds, findings=tuple(said(one) for one in self._findings))
        excluded = report.targeted - report.to_deliver
        return Prepared(report, Counts(report.targeted, excluded, report.errors, report.warnings))


def _chunks(recipients: Iterator[Recipient]) -> Iterator[list[Recipient]]:
    with contextlib.suppress(StopIteration):
        while chunk := list(islice(recipients, CHUNK)):
            yield chunk
