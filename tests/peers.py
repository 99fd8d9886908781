"""Real programs that tests run against, found or named; nothing is skipped but on request.

``PEERS=none`` leaves out what needs them, and says so. Otherwise a missing program is a failure.
"""

from __future__ import annotations

import os
from shutil import which

import pytest

# Debian keeps servers where only root looks.
PATHS = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def program(name: str) -> str:
    """The path of a program. Skips with PEERS=none, fails where it is missing."""
    if os.environ.get("PEERS") == "none":
        pytest.skip(f"PEERS=none leaves out what needs {name}")
    found = which(name, path=PATHS)
    if found is None:
        pytest.fail(f"{name} isn't installed; `sh tests/peers.sh test` installs or names it")
    return found
