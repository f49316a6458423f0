"""What the door and delivery ask about every recipient, answered from memory: may there be something against him?

"No" is certain. "Perhaps" comes with the subjects to look up on disk (`suppression_file.lookup`), which decides. In
memory there is a 64-bit fingerprint of every address that refuses mail, not the address, so a foreign one is taken for
it once in 2^64; and what was let go stays until the next start, which costs a look on disk for each mail to it (it may
have other entries, for other types of mail). Patterns are kept whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from postduif.address import Address
from postduif.bounce.address_state import Standing
from postduif.bounce.fingerprints import Fingerprints
from postduif.bounce.patterns import Patterns
from postduif.bounce.subject import ERASED_PREFIX, digest, is_erased, is_pattern, of_address
from postduif.bounce.suppression import Change
from postduif.bounce.suppression_file import IndexPage

PAGE = 5000
"""Entries of one page while loading: some 5 ms of work."""

_MASK = 0xFFFF_FFFF_FFFF_FFFF


class Suppressed:
    """The index. Every call is of the event loop's thread and touches no disk."""

    def __init__(self, secret: bytes) -> None:
        """`secret` is what erased people are hashed with."""
        self._secret = secret
        self._refusing = Fingerprints()
        self._with_errors = Fingerprints()
        self._erased = Fingerprints()
        self._patterns = Patterns()
        self._any_erased = False
        self._any_patterns = False

    def __len__(self) -> int:
        """Addresses and patterns that may refuse mail."""
        return len(self._refusing) + len(self._erased) + len(self._patterns)

    def suspects(self, address: Address) -> Sequence[str]:
        """Subjects to look up before mail goes there; none: it may go."""
        subject = of_address(address)
        found = hash(subject) & _MASK in self._refusing or (self._any_erased and self._is_erased(subject))
        if not found and not self._any_patterns:
            return ()
        matching = self._patterns.matching(subject)
        return [subject, *matching] if found else matching

    def has_errors(self, address: Address) -> bool:
        """Soft errors are being counted there: only then a delivery is an event worth recording."""
        return hash(of_address(address)) & _MASK in self._with_errors

    def load(self, page: IndexPage) -> None:
        """Take in a page of the file. Until the last one is in, a "no" is not certain."""
        for subject in page.refusing:
            self._add(subject)
        for subject in page.with_errors:
            self._with_errors.add(hash(subject) & _MASK)

    def update(self, changes: Iterable[Change]) -> None:
        """Take in what a committed batch changed, in the order of the commits."""
        for change in changes:
            standing = change.after.standing
            if standing.refuses:
                self._add(change.subject)
            if not change.type:
                note = self._with_errors.add if standing is Standing.WITH_ERRORS else self._with_errors.discard
                note(hash(change.subject) & _MASK)

    def _add(self, subject: str) -> None:
        if is_pattern(subject):
            self._patterns.add(subject)
            self._any_patterns = True
        elif is_erased(subject):
            self._erased.add(int(subject[ERASED_PREFIX : ERASED_PREFIX + 16], 16))
            self._any_erased = True
        else:
            self._refusing.add(hash(subject) & _MASK)

    def _is_erased(self, subject: str) -> bool:
        return int.from_bytes(digest(subject, self._secret)[:8], "big") in self._erased
