"""Who goes first where processors are short: the workers, for readers wait for them."""

from __future__ import annotations

import os
import sys

DESK = 5
BACKGROUND = 10
_SWITCH_SECONDS = 0.0005


def stand_behind(nice: int) -> None:
    """For a process that no article waits for. ``nice`` as nice(2) has it.

    Its store works in threads, which take turns with its event loop: at the interpreter's own 5 ms a
    turn, a busy loop would hold up a transaction several times over, and the file's lock with it.
    """
    os.nice(nice)
    sys.setswitchinterval(_SWITCH_SECONDS)
