"""The policy of the moment: read again when its files change, and the last good one kept.

A faulty file changes nothing but ``faults``, which the log, the metrics and the console show. A process
that starts while it is faulty goes on with what the others of its `serve` judge by: ``kept`` is where
they leave the text of it for each other.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, tzinfo
from pathlib import Path

from gateway.errors import Faults
from gateway.model.fault import Fault
from gateway.model.opening import Opening
from gateway.policy.compile import Policy, compile_policy
from gateway.policy.load import files_of, load_texts, read_files

LOOK_SECONDS = 0.4
_Files = list[tuple[str, str]]
_Stamp = tuple[tuple[str, int, int, int], ...]


class PolicyHolder:
    """``current`` is always a whole, good policy. ``told`` hears of each reload's outcome."""

    def __init__(
        self,
        folder: Path,
        *,
        timezone: tzinfo = UTC,
        kept: Path | None = None,
        told: Callable[[Policy, tuple[Fault, ...]], None] | None = None,
    ) -> None:
        """``timezone``: the site's. Raises Faults: a gateway doesn't start on a faulty policy, unless
        it runs already."""
        self._folder = folder
        self._timezone = timezone
        self._kept = kept
        self._told = told
        self._read = _stamp(folder)
        self._asked = asyncio.Event()
        self.faults: tuple[Fault, ...] = ()
        try:
            self.current: Policy = self._loaded()
        except Faults as faulty:
            left = _left_by_others(kept)
            if left is None:
                raise
            self.current, self.faults = self._compiled(left), faulty.faults
            if told is not None:
                told(self.current, self.faults)

    def get(self) -> Policy:
        return self.current

    def reload(self) -> bool:
        """Whether the files are good now. Reading many rules takes a second: an event loop asks
        ``watch`` for it instead (``ask``)."""
        return self._take(self._read_anew())

    def ask(self) -> None:
        """Have ``watch`` reload, whether or not a file looks changed. From its event loop."""
        self._asked.set()

    def _read_anew(self) -> Policy | tuple[Fault, ...]:
        self._read = _stamp(self._folder)
        try:
            return self._loaded()
        except Faults as faulty:
            return faulty.faults

    def _take(self, read: Policy | tuple[Fault, ...]) -> bool:
        """Where stories are opened and walls drawn too, so that none of it said meanwhile is lost."""
        if isinstance(read, Policy):
            now = self.current
            self.current = read.with_walls(now.walls).with_openings(now.openings)
            self.faults = ()
        else:
            self.faults = read
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
        """Reload on change and when asked, one at a time, until cancelled.

        The folder is looked at, for whoever listens to it hears nothing once it is another one of its
        name (a link set anew, a volume), or of what changed before. A file that changed between two
        looks is still being written.
        """
        before = self._read
        while True:
            asked = await self._asked_by_now()
            now = await asyncio.to_thread(_stamp, self._folder)
            if asked or (now == before and now != self._read):
                self._take(await asyncio.to_thread(self._read_anew))
            before = now

    async def _asked_by_now(self) -> bool:
        """At once if so; whoever asks during a reload is answered by another."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._asked.wait()
                self._asked.clear()
                return True
        return False

    def _loaded(self) -> Policy:
        files = read_files(self._folder)
        policy = self._compiled(files)
        if self._kept is not None:
            _leave(files, self._kept)
        return policy

    def _compiled(self, files: _Files) -> Policy:
        return compile_policy(load_texts(files, timezone=self._timezone))


def _stamp(folder: Path) -> _Stamp:
    """Differs once a file of the policy was written, came or went."""
    found = []
    for path in files_of(folder):
        with suppress(OSError):
            seen = path.stat()
            found.append((path.name, seen.st_mtime_ns, seen.st_size, seen.st_ino))
    return tuple(found)


def _leave(files: _Files, kept: Path) -> None:
    """A full disk costs a later replacement its last good policy, and this process nothing."""
    written = kept.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        written.write_text(json.dumps(files), "utf-8")
        written.replace(kept)


def _left_by_others(kept: Path | None) -> _Files | None:
    with suppress(OSError):
        if kept is not None:
            return [(name, text) for name, text in json.loads(kept.read_text("utf-8"))]
    return None
