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
  postduif user link {guest}         another address that signs in to the pages

Metrics   http://127.0.0.1:{metrics}/metrics
Log       {log}
SMTP      127.0.0.1:{smtp}; local parts that begin with tempfail, permfail, greylist, busy or slowreply do so
Mail from outside comes in at 127.0.0.1:{inbound}; links in mail lead to http://127.0.0.1:{public}

The pages, with the mailing that was sent and a draft like it. Its readers go on reading: the figures move for some
minutes, and readers of whatever you send do the same. The address signs in once, within the hour:

  {link}
"""


def advice(workshop: Workshop, postduif: str, stuck: str, bounced: str, *, link: str, guest: str) -> str:
    """The text. `postduif` is how the program is called here; `stuck` waits in the queue, `bounced` has come back.

    `link` is an address of the pages, by which `guest` signs in.
    """
    return _TEXT.format(
        config=workshop.config,
        alias="" if postduif == "postduif" else f"\n  alias postduif={postduif}",
        metrics=workshop.metrics,
        smtp=workshop.smtp,
        inbound=workshop.inbound,
        public=workshop.public,
        link=link,
        guest=guest,
        log=workshop.directory / LOG,
        stuck=stuck,
        bounced=bounced,
    )
