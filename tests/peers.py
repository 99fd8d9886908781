"""Real programs that tests run against, found or named; nothing is skipped but on request.

``PEERS=none`` leaves out what needs them, and the run's last lines say which (``tests/conftest.py``).
Otherwise a missing program is a failure that says what to install.
"""

from __future__ import annotations

import os
from shutil import which

import pytest

# Debian keeps servers where only root looks.
PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_SAID = "PEERS=none leaves out what needs "


def program(name: str) -> str:
    """The path of a program. Skips with PEERS=none, fails where it is missing."""
    if os.environ.get("PEERS") == "none":
        pytest.skip(f"{_SAID}{name}")
    found = which(name, path=PATHS)
    if found is None:
        pytest.fail(
            f"{name} isn't installed; `sh tests/peers.sh test` (or sites) installs or names it"
        )
    return found


def left_out(reason: str) -> str:
    """The program that a skipped test asked for; empty where it was skipped for something else."""
    return reason.partition(_SAID)[2]
