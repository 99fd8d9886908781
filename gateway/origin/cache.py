"""All kept pages, bounded in bytes, and what is remembered of pages that can't be kept.

A segmented LRU: a page is kept on probation until it is asked for again, so a crawler that asks for
everything once pushes out only what nobody came back to. Missing pages (404, 410) live apart, in a
twentieth of the space. Every operation is a few dictionary look-ups; nothing here waits.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cachetools import LRUCache

from gateway.clock import Clock
from gateway.origin.record import PageKey, PageRecord

UNKEEPABLE_SECONDS = 60.0
OTHER_SECONDS = 600.0
REMEMBERED_MAX = 50_000
_PROBATION_SHARE = 0.2
_MISSING_SHARE = 0.05
_MISSING = (404, 410)

T = TypeVar("T")


@dataclass(slots=True)
class _Segment:
    """Records in order of use, with their weights."""

    bytes_max: int
    bytes_used: int = 0
    records: OrderedDict[PageKey, PageRecord] = field(default_factory=OrderedDict)


class PageCache:
    """``hosts``: each Host header that readers may send → the host it means.

    ``targets`` is for the quick lane: Host header → raw target → record.
    """

    def __init__(self, *, bytes_max: int, hosts: Mapping[bytes, str], clock: Clock) -> None:
        self._clock = clock
        self._missing = _Segment(int(bytes_max * _MISSING_SHARE))
        rest = bytes_max - self._missing.bytes_max
        self._probation = _Segment(int(rest * _PROBATION_SHARE))
        self._protected = _Segment(rest - self._probation.bytes_max)
        by_host: dict[str, dict[bytes, PageRecord]] = {}
        self._by_host = by_host
        self.targets = {sent: by_host.setdefault(host, {}) for sent, host in hosts.items()}
        self._unkeepable: LRUCache[PageKey, float] = LRUCache(REMEMBERED_MAX)
        self._other: LRUCache[tuple[str, str], float] = LRUCache(REMEMBERED_MAX)
        self._flights: dict[PageKey, asyncio.Future[PageRecord | None]] = {}

    @property
    def bytes_used(self) -> int:
        return sum(segment.bytes_used for segment in self._segments())

    def __len__(self) -> int:
        return sum(len(segment.records) for segment in self._segments())

    def _segments(self) -> tuple[_Segment, _Segment, _Segment]:
        return self._missing, self._probation, self._protected

    def get(self, key: PageKey) -> PageRecord | None:
        """A record whatever its age. Being asked for twice takes it off probation."""
        for segment in (self._protected, self._missing):
            if key in segment.records:
                segment.records.move_to_end(key)
                return segment.records[key]
        record = self._probation.records.pop(key, None)
        if record is not None:
            weight = record.weight()
            self._probation.bytes_used -= weight
            self._add(self._protected, record, weight)
        return record

    def by_path(self, host: str, path: str) -> PageRecord | None:
        """The record of a page without a query, without counting as a use."""
        return self._by_host.get(host, {}).get(path.encode())

    def put(self, record: PageRecord) -> None:
        """Keep a record in place of any other of its key."""
        promoted = record.key in self._protected.records
        self.drop(record.key)
        if record.status in _MISSING:
            segment = self._missing
        else:
            segment = self._protected if promoted else self._probation
        self._unkeepable.pop(record.key, None)
        self._add(segment, record, record.weight())
        self._by_host.setdefault(record.key.host, {})[record.key.target] = record

    def _add(self, segment: _Segment, record: PageRecord, weight: int) -> None:
        segment.records[record.key] = record
        segment.bytes_used += weight

        def grew(by: int) -> None:
            if segment.records.get(record.key) is record:
                segment.bytes_used += by
                self._shrink(segment)

        record.grew = grew
        self._shrink(segment)

    def _shrink(self, segment: _Segment) -> None:
        while segment.bytes_used > segment.bytes_max and segment.records:
            key, record = segment.records.popitem(last=False)
            weight = record.weight()
            segment.bytes_used -= weight
            if segment is self._protected and weight <= self._probation.bytes_max:
                self._add(self._probation, record, weight)
            else:
                self._forget(key, record)

    def _forget(self, key: PageKey, record: PageRecord) -> None:
        record.grew = None
        targets = self._by_host.get(key.host, {})
        if targets.get(key.target) is record:
            del targets[key.target]

    def drop(self, key: PageKey) -> bool:
        """Whether there was such a record."""
        for segment in self._segments():
            record = segment.records.pop(key, None)
            if record is not None:
                segment.bytes_used -= record.weight()
                self._forget(key, record)
                return True
        return False

    def purge(self, *, path: str = "", tag: str = "", everything: bool = False) -> int:
        """Drop every record of a path (whatever its query), of a tag, or all; returns how many."""
        keys = [
            key
            for segment in self._segments()
            for key, record in segment.records.items()
            if everything or (path and key.path == path) or (tag and tag in record.tags)
        ]
        for key in keys:
            self.drop(key)
        return len(keys)

    def remember_unkeepable(self, key: PageKey) -> None:
        """Its requests neither queue nor share for a minute (hit-for-miss)."""
        self.drop(key)
        self._unkeepable[key] = self._clock.now() + UNKEEPABLE_SECONDS

    def known_unkeepable(self, key: PageKey) -> bool:
        return self._unkeepable.get(key, 0.0) > self._clock.now()

    def remember_other(self, host: str, path: str) -> None:
        """The path led to neither a page nor a feed."""
        self._other[(host, path)] = self._clock.now() + OTHER_SECONDS

    def known_as_other(self, host: str, path: str) -> bool:
        return self._other.get((host, path), 0.0) > self._clock.now()

    async def one_at_a_time(
        self,
        key: PageKey,
        make: Callable[[], Awaitable[T]],
        shareable: Callable[[T], PageRecord | None],
    ) -> T | PageRecord:
        """One fetch of a page at a time. Whoever waits shares the record that ``shareable`` gives; if
        it gives none, each asks for itself, without queueing again."""
        flight = self._flights.get(key)
        if flight is not None:
            shared = await asyncio.shield(flight)
            return shared if shared is not None else await make()
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        made: PageRecord | None = None
        try:
            result = await make()
            made = shareable(result)
            return result
        finally:
            del self._flights[key]
            flight.set_result(made)
