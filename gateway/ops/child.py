"""A process of `serve` as its supervisor sees it: what it last said, and when to start it again."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

BACK_OFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0
SILENT_SECONDS = 5.0  # a child that reports each second and hasn't for so long isn't ready
STUCK_SECONDS = 60.0  # and this long without a word, it won't come back by itself


@dataclass(slots=True)
class Child:
    """``number`` is stable; the process changes. ``ready`` is what it last said of itself, and
    ``process`` is None while none runs."""

    number: int
    module: str
    process: subprocess.Popen[bytes] | None = None
    reader: int = -1
    ready: bool = False
    heard_at: float = 0.0
    failures: int = 0
    started_at: float = 0.0
    rest: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.module.rpartition('.')[2]} {self.number}"

    def pause_seconds(self, now: float) -> float:
        """How long to wait before the next start, now that it died: the sooner, the longer."""
        self.failures = 1 if now - self.started_at > STEADY_SECONDS else self.failures + 1
        return BACK_OFF_SECONDS[min(self.failures, len(BACK_OFF_SECONDS)) - 1]

    def stuck(self, now: float) -> bool:
        return now - max(self.heard_at, self.started_at) > STUCK_SECONDS

    def why_not_ready(self, now: float) -> str | None:
        if not self.ready:
            return f"{self.name} isn't ready"
        if now - self.heard_at > SILENT_SECONDS:
            return f"{self.name} is silent"
        return None
