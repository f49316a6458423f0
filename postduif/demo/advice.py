"""What to try on a demonstration that stays."""

from __future__ import annotations

from postduif.demo.daemon import LOG
from postduif.demo.workshop import Workshop

_TEXT = """
It all keeps running until Ctrl-C. In another terminal:

  export POSTDUIF_CONFIG={config}
  {postduif} queue summary                     what waits: one letter that its host turns away each time
  {postduif} why {stuck}       why it waits, and until when
  {postduif} why {bounced}   why this one never came
  {postduif} site show                         the road it takes
  {postduif} queue hold --domain example.net --reason "just trying"
  {postduif} send --to you@example.net --subject Hello --file {config}
  {postduif} why you@example.net
  {postduif} queue release --domain example.net

Metrics: http://127.0.0.1:{metrics}/metrics    Log: {log}
SMTP: 127.0.0.1:{smtp}; at any domain tempfail*, permfail*, greylist*, busy* and slowreply* do what they say.
"""


def advice(workshop: Workshop, postduif: str, stuck: str, bounced: str) -> str:
    """The text. `postduif` is how the program is called here; `stuck` waits in the queue, `bounced` has come back."""
    return _TEXT.format(
        config=workshop.config,
        postduif=postduif,
        metrics=workshop.metrics,
        smtp=workshop.smtp,
        log=workshop.directory / LOG,
        stuck=stuck,
        bounced=bounced,
    )
