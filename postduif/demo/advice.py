"""What to try on a demonstration that stays."""

from __future__ import annotations

from postduif.demo.daemon import LOG
from postduif.demo.workshop import Workshop

_TEXT = """
It all keeps running until Ctrl-C. In another terminal:

  export POSTDUIF_CONFIG={config}{alias}

  postduif queue summary          what waits: one letter, which its host turns away each time
  postduif why {stuck}
  postduif why {bounced}
  postduif why example.net
  postduif site show              where mail goes
  postduif queue hold --domain example.net --reason "just trying"
  postduif send --to you@example.net --subject Hello --file $POSTDUIF_CONFIG
  postduif why you@example.net
  postduif queue release --domain example.net

  postduif mailing list           the mailing that was sent
  postduif mailing results 1
  postduif mailing recipients 1 --state failed
  postduif mailing clone 1        a draft like it; postduif mailing --help has the rest
  postduif contact list --limit 5

Metrics  http://127.0.0.1:{metrics}/metrics
Log      {log}
SMTP     127.0.0.1:{smtp}; local parts that begin with tempfail, permfail, greylist, busy or slowreply do so
"""


def advice(workshop: Workshop, postduif: str, stuck: str, bounced: str) -> str:
    """The text. `postduif` is how the program is called here; `stuck` waits in the queue, `bounced` has come back."""
    return _TEXT.format(
        config=workshop.config,
        alias="" if postduif == "postduif" else f"\n  alias postduif={postduif}",
        metrics=workshop.metrics,
        smtp=workshop.smtp,
        log=workshop.directory / LOG,
        stuck=stuck,
        bounced=bounced,
    )
