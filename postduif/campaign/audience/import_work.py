"""Uploads taken in by threads of this process, so that a page that asked for it can be left and come back to.

How far each is stands in memory between chunks and on file at its end. A process that dies leaves the upload at
RUNNING: the same again goes on behind the last chunk, as an import from the command line does.

What is asked is done to what the asker saw: whoever saw other choices than are on file gets UploadChanged.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import NamedTuple

from postduif import log
from postduif.campaign.audience import uploads
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.import_choices import Choices, options_of
from postduif.campaign.audience.import_plan import digest, glance, plan
from postduif.campaign.audience.import_runs import Run, RunState
from postduif.campaign.audience.importing import Import
from postduif.campaign.audience.sheet import Sheet, open_sheet
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.uploads import Stage, Upload, UploadChanged, UploadFault
from postduif.clock import Clock
from postduif.errors import PostduifError

MAX_AT_ONCE = 2
REFUSED_SHOWN = 100
COUNTED = ("added", "updated", "skipped", "rejected")


class Progress(NamedTuple):
    """How far one is, in this moment."""

    part: float
    """Of the file, 0 to 1."""
    counts: dict[str, int]


class ImportWork:
    """All that is at work here."""

    def __init__(self, data_dir: Path, clock: Clock, closing: threading.Event) -> None:
        """`closing`: the process ends; what is at work stops behind its chunk."""
        self._data_dir = data_dir
        self._clock = clock
        self._closing = closing
        self._at: dict[str, Progress] = {}
        self._lock = threading.Lock()

    def choose(self, seen: Upload, choices: Choices) -> Upload:
        """Read it so. A trial with other choices is void. Raises UploadFault while it is at work, and afterwards."""
        with self._lock:
            there = self._to_take_in(seen)
            if choices == there.choices:
                return there
            made = there._replace(choices=choices, stage=Stage.NEW, wrong="")
            return uploads.save(self._data_dir, made, self._clock.time())

    def begin(self, seen: Upload, *, trial: bool) -> None:
        """Start, or go on. Raises UploadFault when it is at work already, was taken in, or too many are at work."""
        with self._lock:
            there = self._to_take_in(seen)
            if len(self._at) >= MAX_AT_ONCE:
                raise UploadFault(f"{MAX_AT_ONCE} files are being read already; wait until one is done")
            self._at[there.id] = Progress(0.0, dict.fromkeys(COUNTED, 0))
        try:
            stage = Stage.TRYING if trial else Stage.RUNNING
            begun = uploads.save(self._data_dir, there._replace(stage=stage, wrong="", refused=()), self._clock.time())
            threading.Thread(target=self._work, args=(begun, trial), name="import", daemon=True).start()
        except BaseException:
            self._forget(there)
            raise

    def discard(self, seen: Upload) -> None:
        """Away with it. What of it is taken in stays. Raises UploadFault while it is at work."""
        with self._lock:
            uploads.discard(self._data_dir, self._at_rest(seen))

    def progress(self, upload: Upload) -> Progress | None:
        """None: it is not at work."""
        with self._lock:
            return self._at.get(upload.id)

    def _at_rest(self, seen: Upload) -> Upload:
        """As it is on file, if it is to be read as was seen. The lock is held. Raises UploadFault."""
        if seen.id in self._at:
            raise UploadFault("this file is being read already; wait until that is over")
        there = uploads.find(self._data_dir, seen.id)
        if there.choices != seen.choices:
            raise UploadChanged("how this file is to be read was changed meanwhile; look at it again")
        return there

    def _to_take_in(self, seen: Upload) -> Upload:
        """The same, if that is not over. The lock is held. Raises UploadFault."""
        there = self._at_rest(seen)
        if there.stage is Stage.DONE:
            raise UploadFault("this file was taken in; upload it again")
        return there

    def _forget(self, upload: Upload) -> None:
        with self._lock:
            self._at.pop(upload.id, None)

    def _work(self, upload: Upload, trial: bool) -> None:  # noqa: FBT001  an argument of a thread
        try:
            after = self._read(upload, trial=trial)
        except PostduifError as error:
            after = upload._replace(stage=Stage.FAILED, wrong=uploads.said(self._data_dir, upload, error))
        except Exception as error:  # a mistake of ours must not leave a page that waits for ever
            log.error("failure", where="import", upload=upload.id, error=repr(error))
            after = upload._replace(stage=Stage.FAILED, wrong="a mistake of ours; the log of the server has more")
        try:
            uploads.save(self._data_dir, after, self._clock.time())
        except (PostduifError, OSError) as error:
            log.error("upload_lost", upload=upload.id, error=error)
        finally:
            self._forget(upload)

    def _read(self, upload: Upload, *, trial: bool) -> Upload:
        path, choices = uploads.path_of(self._data_dir, upload), upload.choices
        with audience(self._data_dir) as connection, suppression_link(self._data_dir) as link:
            sheet = open_sheet(path, choices.encoding, choices.delimiter, choices.sheet)
            begun = glance(sheet)
            options = options_of(choices, begun.heading)
            options = options._replace(source=options.source or upload.name)
            planned = plan(connection, sheet, options, begun)
            work = Import(connection, link, planned, options, self._clock.time)
            steps = work.trial() if trial else work.run(upload.name, digest(path, options, sheet.described))
            for run in steps:
                self._tell(upload, run, sheet)
                if not trial and upload.run != run.id:
                    upload = uploads.save(self._data_dir, upload._replace(run=run.id), self._clock.time())
                if self._closing.is_set() and run.state is RunState.RUNNING:
                    return upload._replace(stage=Stage.NEW if trial else Stage.RUNNING)
        refused = tuple((one.line, one.reason) for one in work.refused[:REFUSED_SHOWN])
        stage = Stage.TRIED if trial else Stage.DONE
        return upload._replace(stage=stage, counts=_counts(run), refused=refused)

    def _tell(self, upload: Upload, run: Run, sheet: Sheet) -> None:
        with self._lock:
            self._at[upload.id] = Progress(sheet.part, _counts(run))


def _counts(run: Run) -> dict[str, int]:
    return {name: getattr(run, name) for name in COUNTED}
