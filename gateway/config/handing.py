"""What the supervisor hands to each process of its own, at its birth and at every rebirth.

    python -m MODULE LISTENING_FD REPORT_FD FOLDER < settings

One that is forked has it in memory. The settings are those that `serve` began with. A process that read
the file itself might find it faulty by then, or changed: beside others with another key it would know none
of their readers. They come through a pipe, since secrets stand in them and a command can be seen by all.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.config.sections import Settings


@dataclass(frozen=True, slots=True)
class Handed:
    """Descriptors of the public listener and of the pipe to report to. ``folder`` is one that nobody
    else can enter, so that whoever speaks on a socket in it is one of us."""

    settings: Settings
    listening_fd: int
    report_fd: int
    folder: Path

    @property
    def desk(self) -> str:
        """The socket of the process where readers log in."""
        return str(self.folder / "desk")

    @property
    def last_good_policy(self) -> Path:
        return self.folder / "policy"


def packed(settings: Settings) -> bytes:
    return pickle.dumps(settings)


def take(arguments: Sequence[str], packed_settings: BinaryIO) -> Handed:
    """What ``arguments`` and the standard input of such a process say."""
    settings: Settings = pickle.load(packed_settings)  # noqa: S301 - our own supervisor packed it
    return Handed(settings, int(arguments[0]), int(arguments[1]), Path(arguments[2]))
