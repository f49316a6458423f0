"""How glibc treats memory that is free again. Mail is bought and given back in pieces of some 100 KB all the time.

By default such pieces go back to the kernel at once and are bought anew, page by page: a tenth of the processor time of
a 100-KB message. Elsewhere than on glibc nothing is changed.
"""

from __future__ import annotations

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>
KEPT = 64 * 1024 * 1024
"""Octets at the end of the heap that are kept for what comes."""
LARGE = 4 * 1024 * 1024
"""Octets from which a piece goes back to the kernel as soon as it is free."""


def keep_memory() -> None:
    """For the rest of this process."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_TRIM_THRESHOLD, KEPT)
        mallopt(_M_MMAP_THRESHOLD, LARGE)
