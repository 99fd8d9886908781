"""The policy of the moment: read again when its files change, and the last good one kept.

A faulty file changes nothing but ``faults``, which the log, the metrics and the console show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, tzinfo
from pathlib import Path

from gateway.errors import Faults
from gateway.model.fault import Fault
from gateway.model.opening import Opening
from gateway.policy.compile import Policy, compile_policy
from gateway.policy.load import load


class PolicyHolder:
    """``current`` is always a whole, good policy. ``told`` hears of each reload's outcome."""

    def __init__(
        self,
        folder: Path,
        *,
        timezone: tzinfo = UTC,
        told: Callable[[Policy, tuple[Fault, ...]], None] | None = None,
    ) -> None:
        """``timezone``: the site's. Raises Faults: a gateway doesn't start on a faulty policy."""
        self._folder = folder
        self._timezone = timezone
        self._told = told
        self.current: Policy = compile_policy(load(folder, timezone=timezone))
        self.faults: tuple[Fault, ...] = ()

    def get(self) -> Policy:
        return self.current

    def reload(self) -> bool:
        """Whether the files are good now."""
        try:
            source = load(self._folder, timezone=self._timezone)
            policy = compile_policy(source, openings=self.current.openings)
            self.current = policy.with_walls(self.current.walls)
            self.faults = ()
        except Faults as faulty:
            self.faults = faulty.faults
        if self._told is not None:
            self._told(self.current, self.faults)
        return not self.faults

    def open_stories(self, openings: Iterable[Opening]) -> None:
        """Take over what operators opened by hand."""
        wanted = tuple(openings)
        if wanted != self.current.openings:
            self.current = self.current.with_openings(wanted)

    def draw_walls_anew(self, walls: str) -> None:
        """Walls say something else from now on; ``walls`` stands for what they say."""
        if walls != self.current.walls:
            self.current = self.current.with_walls(walls)

    async def watch(self) -> None:
        """Reload on change, until cancelled."""
        from watchfiles import awatch

        async for changes in awatch(self._folder, step=100, debounce=400):
            if any(Path(path).suffix in (".yaml", ".yml") for _, path in changes):
                await asyncio.to_thread(self.reload)
