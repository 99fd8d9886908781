"""All kept pages, bounded in bytes, and what is remembered of pages that can't be kept.

Two queues, as in S3-FIFO: a page starts on probation and is protected only once it was asked for
again, so a crawler that asks for everything once pushes out what nobody came back to. When space
runs out, probation gives way while it has more than its fifth. Using a page sets a flag and moves
nothing, so both lanes can. Missing pages (404, 410) live apart, in a twentieth
of the space. Nothing here waits but for a fetch of the same page.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cachetools import LRUCache

from gateway.clock import Clock
from gateway.errors import OriginFailed
from gateway.origin.record import PageKey, PageRecord

UNKEEPABLE_SECONDS = 60.0
OTHER_SECONDS = 600.0
REMEMBERED_MAX = 50_000
_OTHER_TARGET_BYTES_MAX = 1024  # of any query that anyone thinks of
_PROBATION_SHARE = 0.2
_MISSING_SHARE = 0.05
_MISSING = (404, 410)

T = TypeVar("T")


@dataclass(slots=True)
class _Segment:
    """Records, oldest first."""

    bytes_max: int
    bytes_used: int = 0
    records: OrderedDict[PageKey, PageRecord] = field(default_factory=OrderedDict)

    def give(self, record: PageRecord) -> None:
        self.records[record.key] = record
        self.bytes_used += record.weighed

    def take(self, key: PageKey) -> PageRecord | None:
        record = self.records.pop(key, None)
        if record is not None:
            self.bytes_used -= record.weighed
        return record

    def oldest(self) -> PageRecord:
        key = next(iter(self.records))
        record = self.take(key)
        assert record is not None
        return record


@dataclass(slots=True)
class _Flight:
    """A fetch under way. It lands with a record to share, None (each asks for itself), or the
    origin's failure. ``abandoned``: who made it left. ``purged``: what it brings may be old."""

    landed: asyncio.Future[PageRecord | OriginFailed | None]
    abandoned: bool = False
    purged: bool = False


class PageCache:
    """``hosts``: each Host header that readers may send → the host it means.

    ``targets`` is for the quick lane: Host header → raw target → record; who shows a record from it
    sets ``used``.
    """

    def __init__(self, *, bytes_max: int, hosts: Mapping[bytes, str], clock: Clock) -> None:
        self._clock = clock
        self._missing = _Segment(int(bytes_max * _MISSING_SHARE))
        rest = bytes_max - self._missing.bytes_max
        self._probation = _Segment(int(rest * _PROBATION_SHARE))
        self._protected = _Segment(rest - self._probation.bytes_max)
        self._segments = (self._protected, self._probation, self._missing)
        by_host: dict[str, dict[bytes, PageRecord]] = {}
        self._by_host = by_host
        self.targets = {sent: by_host.setdefault(host, {}) for sent, host in hosts.items()}
        self._unkeepable: LRUCache[PageKey, float] = LRUCache(REMEMBERED_MAX)
        self._other: LRUCache[PageKey, float] = LRUCache(REMEMBERED_MAX)
        self._flights: dict[PageKey, _Flight] = {}

    @property
    def bytes_used(self) -> int:
        return sum(segment.bytes_used for segment in self._segments)

    def __len__(self) -> int:
        return sum(len(segment.records) for segment in self._segments)

    def get(self, key: PageKey) -> PageRecord | None:
        """A record whatever its age."""
        record = self._by_host.get(key.host, {}).get(key.target)
        if record is not None:
            record.used = True
        return record

    def glance(self, key: PageKey) -> PageRecord | None:
        """The same without counting as a use."""
        return self._by_host.get(key.host, {}).get(key.target)

    def put(self, record: PageRecord) -> None:
        """Keep a record in place of any other of its key; not one that a purge overtook."""
        flight = self._flights.get(record.key)
        if flight is not None and flight.purged:
            return
        missing = record.status in _MISSING
        protected = not missing and record.key in self._protected.records
        self.drop(record.key)
        self._unkeepable.pop(record.key, None)
        self._by_host.setdefault(record.key.host, {})[record.key.target] = record
        record.weighed = record.weight()
        if missing:
            self._add(self._missing, record)
        else:
            self._add(self._protected if protected else self._probation, record)

    def _add(self, segment: _Segment, record: PageRecord) -> None:
        segment.give(record)

        def grew(by: int) -> None:
            home = next((s for s in self._segments if s.records.get(record.key) is record), None)
            if home is not None:
                record.weighed += by
                home.bytes_used += by
                self._shrink(home, record)

        record.grew = grew
        self._shrink(segment, record)

    def _shrink(self, segment: _Segment, newest: PageRecord) -> None:
        """Back within bounds. A page too heavy goes itself, and pushes out no other."""
        if newest.weighed > min(segment.bytes_max, self._probation.bytes_max):
            self.drop(newest.key)
        while self._missing.bytes_used > self._missing.bytes_max:
            self._forget(self._missing.oldest())
        room = self._probation.bytes_max + self._protected.bytes_max
        while self._probation.bytes_used + self._protected.bytes_used > room:
            on_probation = self._probation.bytes_used > self._probation.bytes_max
            full = self._probation if on_probation else self._protected
            record = full.oldest()
            if record.used:
                record.used = False
                self._protected.give(record)
            else:
                self._forget(record)

    def _forget(self, record: PageRecord) -> None:
        record.grew = None
        targets = self._by_host.get(record.key.host, {})
        if targets.get(record.key.target) is record:
            del targets[record.key.target]

    def drop(self, key: PageKey) -> bool:
        """Whether there was such a record."""
        for segment in self._segments:
            record = segment.take(key)
            if record is not None:
                self._forget(record)
                return True
        return False

    def purge(self, *, path: str = "", tag: str = "", everything: bool = False) -> int:
        """Drop every record of a path (whatever its query), of a tag, or all; returns how many.

        A fetch under way may bring what was just purged: it is neither kept nor shared. What tags
        it will bear isn't known, so each may bear this one.
        """
        for key, flight in self._flights.items():
            flight.purged = flight.purged or bool(everything or tag) or key.path == path
        for key in [key for key in self._other if everything or (path and key.path == path)]:
            del self._other[key]
        keys = [
            key
            for segment in self._segments
            for key, record in segment.records.items()
            if everything or (path and key.path == path) or (tag and tag in record.tags)
        ]
        for key in keys:
            self.drop(key)
        return len(keys)

    def remember_unkeepable(self, key: PageKey) -> None:
        """Its requests neither queue nor share for a minute (hit-for-miss)."""
        self.drop(key)
        self._unkeepable[key] = self._clock.monotonic() + UNKEEPABLE_SECONDS

    def known_unkeepable(self, key: PageKey) -> bool:
        return self._unkeepable.get(key, 0.0) > self._clock.monotonic()

    def remember_other(self, key: PageKey) -> None:
        """The page turned out to be neither a page nor a feed. Not so its path: whoever asks an article
        for such a face of it, by whatever query, closes nothing else."""
        if len(key.target) <= _OTHER_TARGET_BYTES_MAX:
            self._other[key] = self._clock.monotonic() + OTHER_SECONDS

    def known_as_other(self, key: PageKey) -> bool:
        return self._other.get(key, 0.0) > self._clock.monotonic()

    async def one_at_a_time(
        self,
        key: PageKey,
        make: Callable[[], Awaitable[T]],
        shareable: Callable[[T], PageRecord | None],
    ) -> T | PageRecord:
        """One fetch of a page at a time. Whoever waits shares the record that ``shareable`` gives, or
        the origin's failure; where it gives none, each asks for itself, without queueing again."""
        while (flight := self._flights.get(key)) is not None:
            if flight.purged:
                return await make()
            landed = await asyncio.shield(flight.landed)
            if isinstance(landed, OriginFailed):
                raise landed.with_traceback(None)
            if landed is not None:
                return landed
            if not flight.abandoned:
                return await make()
        flight = self._flights[key] = _Flight(asyncio.get_running_loop().create_future())
        outcome: PageRecord | OriginFailed | None = None
        try:
            result = await make()
            outcome = None if flight.purged else shareable(result)
        except OriginFailed as error:
            outcome = error
            raise
        except asyncio.CancelledError:
            flight.abandoned = True
            raise
        finally:
            del self._flights[key]
            flight.landed.set_result(outcome)
        return result
