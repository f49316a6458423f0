"""`postduif mailing`: mailings from the draft to the results. Each command is in a file about one part of that life."""

from __future__ import annotations

import click

from postduif.cli.lazy import Lazy

COMMANDS = {
    "list": "mailing_list:list_",
    "show": "mailing_list:show",
    "log": "mailing_list:log",
    "create": "mailing_edit:create",
    "edit": "mailing_edit:edit",
    "clone": "mailing_edit:clone",
    "archive": "mailing_edit:archive",
    "delete": "mailing_edit:delete",
    "attach": "mailing_files:attach",
    "detach": "mailing_files:detach",
    "preview": "mailing_look:preview",
    "proof": "mailing_look:proof",
    "prepare": "mailing_prepare:prepare",
    "checks": "mailing_prepare:checks",
    "exclusions": "mailing_prepare:exclusions",
    "send": "mailing_send:send",
    "pause": "mailing_send:pause",
    "resume": "mailing_send:resume",
    "stop": "mailing_send:stop",
    "rate": "mailing_send:rate",
    "wave": "mailing_send:wave",
    "schedule": "mailing_schedule:schedule",
    "unschedule": "mailing_schedule:unschedule",
    "results": "mailing_results:results",
    "recipients": "mailing_results:recipients",
    "timeline": "mailing_results:timeline",
    "export": "mailing_results:export",
    "select": "mailing_results:select",
}


@click.command(cls=Lazy, modules=COMMANDS)
def command() -> None:
    """Mailings, from the draft to the results.

    The life of one: create, preview, prepare, checks, exclusions, proof, send, results. NUMBER is that of the mailing;
    `postduif mailing list` has them all. docs/mailings.md says what the states mean.
    """
