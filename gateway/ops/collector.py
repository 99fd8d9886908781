"""The garbage collector of a process that serves for weeks."""

from __future__ import annotations

import gc

# Python's 700 are reached twice in the cutting of one long page, whose objects need no collector.
YOUNG_MAX = 10_000


def settle() -> None:
    """What there is by now stays: the collector needn't look at it again, and looks less often at what
    is made from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX)
