"""The manual's page about faults of others, made from the tables that the tests drive.

`python -m tests.faults.page > docs/receiver-faults.md` writes it anew.
"""

from __future__ import annotations

import textwrap
from itertools import groupby
from pathlib import Path

from tests.faults.table import STAGES, Case, Row, dns_cases, rows

TEXT = Path(__file__).with_name("page.md")
_ABOUT = {
    "STARTTLS": 'With `tls = "opportunistic"`. The host is remembered as one whose TLS is broken for '
    "`delivery.broken_tls_memory`, except after 421.",
    "STARTTLS, required": 'With `tls = "required"` nothing is ever sent in the clear.',
    "MAIL": "With CHUNKING the first mail of a connection is one write: the host may have all of it before it says "
    "a word.",
    "in data": "Of a mail so large that its end has not left yet; one that has is as after the dot. While a part of it "
    "waits in our own buffer, the wait is 180 seconds for each block, and a 4xx or 5xx ends the connection: nobody "
    "knows what the next reply would be about.",
    "after the dot": "The final dot, or the last octet of BDAT LAST. 421 is a no like any 4yz: the host has not taken "
    "the mail, and says so (RFC 5321 4.2.5).",
    "after 250": "Before our next command: the mail is delivered, and stays so.",
}


def page() -> str:
    """The whole page."""
    by_stage = {stage: list(some) for stage, some in groupby(rows(), key=lambda row: row.stage)}
    receivers = "\n".join(_stage(stage, by_stage[stage]) for stage in STAGES)
    dns = "| DNS says | Then | Status |\n| --- | --- | --- |\n" + "".join(map(_case, dns_cases()))
    return TEXT.read_text(encoding="utf-8").format(receivers=receivers.rstrip(), dns=dns.rstrip())


def _stage(stage: str, some: list[Row]) -> str:
    about = f"\n{textwrap.fill(_ABOUT[stage], 118, break_on_hyphens=False)}\n" if stage in _ABOUT else ""
    head = f"### {stage[0].upper()}{stage[1:]}\n{about}\n| Fault | Then | Status and text | After | Connection |\n"
    return head + "| --- | --- | --- | --- | --- |\n" + "".join(map(_row, some))


def _row(row: Row) -> str:
    faults = ", ".join(row.faults)
    if row.modes != STAGES[row.stage]:
        faults += f" ({' or '.join(row.modes)})"
    then = row.happens + (f"; the next mail: {row.next_mail}" if row.next_mail else "")
    after = f"{row.after:g} s" if row.after else ""
    return f"| {faults} | {then} | {row.code} {row.status} {row.says} | {after} | {row.connection} |\n"


def _case(case: Case) -> str:
    status = f"{case.code} {case.status}" if case.happens != "delivered" else ""
    return f"| {case.says} | {case.happens} | {status} |\n"


if __name__ == "__main__":
    print(page(), end="")
