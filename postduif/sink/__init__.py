"""A test MX: takes mail at line speed, verifies it, and misbehaves when asked.

`Sink` runs one inside an event loop; `postduif sink` runs one on the command line. The session (`session.py`) knows no
sockets and the rules (`rules.py`, `referee.py`) no SMTP. It promises nothing about keeping mail: it is for tests only.
"""

from postduif.sink.figures import Figures
from postduif.sink.received import Received, Signature
from postduif.sink.rules import Rules
from postduif.sink.sink import Sink

__all__ = ["Figures", "Received", "Rules", "Signature", "Sink"]
