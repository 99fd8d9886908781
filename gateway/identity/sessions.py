"""From a cookie to a reader: a bounded dictionary first, then the store.

The quick lane's question is ``cached``, a look-up without I/O. What is cached lives five minutes
while news of changes arrives, five seconds otherwise; the session's end is compared with the clock
each time, an entitlement's end by whoever judges. When the store can't answer, the last known
reader counts for five minutes, and after that the reader is anonymous; the store is left alone for
a second then, so that no page waits for it longer than once.

News may arrive while the store is being asked: what it answers then may be older than the news, so
it is good for the requests that waited, and not kept.

Sessions in use are asked for again before they are too old, many at once and by nobody's page
(``refresh``): one by one they cost a thousand times what a look-up does.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice, takewhile
from typing import Protocol

from gateway.errors import SessionInvalid, StoreUnavailable
from gateway.identity.bearer import NO_STANDING, Bearer
from gateway.identity.cookies import CookieSigner, find
from gateway.model.reader import ANONYMOUS, Reader, Standing

CACHED_SECONDS = 300.0
CACHED_WITHOUT_NEWS_SECONDS = 5.0
NEWS_SILENCE_SECONDS = 1.0
SESSIONS_MAX = 100_000
STANDINGS_MAX = 4_096
STORE_SECONDS = 2.0  # how long a page waits for the store
STORE_REST_SECONDS = 1.0
REFRESH_AFTER_SECONDS = 240.0
REFRESH_AT_ONCE = 200  # more hold up the pages for too long
_SEEN_EVERY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Session:
    """``expires_at``: the sooner of the absolute and the idle end, in seconds since the epoch;
    ``seen_expires_at``: the same of a session that is noted as seen just now."""

    id: str
    reader: Reader
    expires_at: float
    seen_expires_at: float = 0.0


class SessionStore(Protocol):
    """Raises StoreUnavailable where it can't answer."""

    async def session(self, session_id: str, *, now: float) -> Session | None:
        """A live session; None for one that never was, ended, or was revoked."""

    async def sessions(self, ids: Collection[str], *, now: float) -> Mapping[str, Session]:
        """Those of some sessions that are live, by their ids."""

    async def seen(self, sightings: Mapping[str, float]) -> None:
        """Note when sessions were last seen."""


class SessionCache:
    """``last_news_at`` is written by whoever polls for news. From ``steady_from`` to
    ``steady_until`` a bearer is good while its ``until`` is ahead, and nothing else need be asked."""

    def __init__(self, *, store: SessionStore, signer: CookieSigner, cookie_name: bytes) -> None:
        self._store = store
        self._signer = signer
        self._cookie_name = cookie_name
        self._known: dict[bytes, Bearer] = {}  # in the order of their checks
        self._by_session: dict[str, set[bytes]] = {}
        self._by_reader: dict[str, set[str]] = {}
        self._asking: dict[bytes, tuple[int, asyncio.Task[Reader]]] = {}
        self._news = 0  # counts news, so that an answer can be told to be older than some
        self._sightings: dict[str, float] = {}
        self._noted: dict[str, float] = {}
        self._in_vain_at = self._stood_last_at = self._until = -math.inf
        self._standings: dict[Standing, int] = {}
        self._numbers = count(NO_STANDING + 1)
        self.last_news_at = 0.0

    def __len__(self) -> int:
        return len(self._known)

    @property
    def last_news_at(self) -> float:
        return self._last_news_at

    @last_news_at.setter
    def last_news_at(self, now: float) -> None:
        self._last_news_at = now
        self.steady_from = max(now - NEWS_SILENCE_SECONDS, self._stood_last_at)
        self.steady_until = now + NEWS_SILENCE_SECONDS

    def cached(self, raw: bytes, now: float) -> Reader | None:
        """The reader of a cookie's value, or None: ask the store. No I/O, no signature."""
        bearer = self.bearer(raw, now)
        return bearer.reader if bearer is not None else None

    def bearer(self, raw: bytes, now: float) -> Bearer | None:
        """The same with what else is known; its ``standing`` is that of ``now``."""
        known = self._known.get(raw)
        if known is None:
            return None
        if (
            now >= known.until or (now < self._stood_last_at and now < known.stands_from)
        ) and not self._stand(known, now):
            return None
        if (
            abs(now - self._last_news_at) > NEWS_SILENCE_SECONDS
            and now - known.checked_at > CACHED_WITHOUT_NEWS_SECONDS
        ):
            return None
        known.used = True
        return known

    def _stand(self, known: Bearer, now: float) -> bool:
        """How a session stands now, and whether it is still good."""
        ends = min(known.checked_at + CACHED_SECONDS, known.expires_at)
        # Before its check: a clock that was set back, and nothing can be said of it.
        if not known.checked_at <= now < ends:
            return False
        standing, changes_at = known.reader.standing(now)
        if standing not in self._standings:
            if len(self._standings) >= STANDINGS_MAX:
                self._standings.clear()
            self._standings[standing] = next(self._numbers)  # none is ever given twice
        known.standing = self._standings[standing]
        known.stands_from = now
        if now > self._stood_last_at:
            self._stood_last_at = now
            self.steady_from = max(self.steady_from, now)
        # One float for all that end within one second: it is near where it is looked at so often.
        until = float(math.floor(min(ends, changes_at)))
        if until != self._until:
            self._until = until
        known.until = self._until
        return True

    async def reader_of(self, cookie_header: bytes | None, now: float) -> Reader:
        """The reader that a request's cookies prove; anonymous where they prove nothing."""
        raw = find(cookie_header, self._cookie_name) if cookie_header else None
        if raw is None:
            return ANONYMOUS
        reader = self.cached(raw, now)
        if reader is not None:
            return reader
        try:
            session_id = self._signer.verify(raw)
        except SessionInvalid:
            return ANONYMOUS
        if 0.0 <= now - self._in_vain_at < STORE_REST_SECONDS:
            last = self._last_known(raw, now)
            if last is not None:
                return last
        return await self._ask(raw, session_id, now)

    async def _ask(self, raw: bytes, session_id: str, now: float) -> Reader:
        """Many requests of one page ask the store once; one that leaves doesn't end the asking."""
        asked_before, asking = self._asking.get(raw, (-1, None))
        if asking is None or asked_before != self._news:
            asking = asyncio.create_task(self._look_up(raw, session_id, now, self._news))
            self._asking[raw] = (self._news, asking)
        return await asyncio.shield(asking)

    async def _look_up(self, raw: bytes, session_id: str, now: float, news: int) -> Reader:
        try:
            async with asyncio.timeout(STORE_SECONDS):
                session = await self._store.session(session_id, now=now)
        except (StoreUnavailable, TimeoutError):
            self._in_vain_at = now
            return self._last_known(raw, now) or ANONYMOUS
        finally:
            if self._asking.get(raw, (-1, None))[1] is asyncio.current_task():
                del self._asking[raw]
        session = _live(session, session_id, now)
        if news == self._news:
            self._keep(raw, session, now)
        return session.reader

    def _last_known(self, raw: bytes, now: float) -> Reader | None:
        known = self._known.get(raw)
        if (
            known is None
            or now >= known.expires_at
            or not 0.0 <= now - known.checked_at <= CACHED_SECONDS
        ):
            return None
        return known.reader

    def _keep(self, raw: bytes, session: Session, now: float) -> None:
        while len(self._known) >= SESSIONS_MAX and raw not in self._known:
            self._drop(next(iter(self._known.values())).session_id)
        before = self._known.pop(raw, None)
        if before is not None:
            before.let_go()
        reader, ends = session.reader, session.expires_at
        if reader.id:
            self._by_reader.setdefault(reader.id, set()).add(session.id)
            if now - self._noted.get(session.id, -math.inf) >= _SEEN_EVERY_SECONDS:
                self._noted[session.id] = self._sightings[session.id] = now
                # The store hears of it later: nobody is idle who was here just now.
                ends = max(ends, session.seen_expires_at)
        known = Bearer(now, NO_STANDING, False, reader, now, session.id, now, ends)
        self._stand(known, now)
        self._known[raw] = known
        self._by_session.setdefault(session.id, set()).add(raw)

    def _drop(self, session_id: str) -> None:
        for raw in self._by_session.pop(session_id, ()):
            bearer = self._known.pop(raw)
            bearer.let_go()
            reader_id = bearer.reader.id
            sessions = self._by_reader.get(reader_id, set())
            sessions.discard(session_id)
            if not sessions:
                self._by_reader.pop(reader_id, None)
        self._noted.pop(session_id, None)

    def forget(self, session_id: str) -> None:
        """News: the session changed or ended."""
        self._news += 1
        self._drop(session_id)

    def forget_reader(self, reader_id: str) -> None:
        """News: what a reader may read changed."""
        self._news += 1
        for session_id in tuple(self._by_reader.get(reader_id, ())):
            self._drop(session_id)

    def forget_all(self) -> None:
        """News was missed."""
        self._news += 1
        for bearer in self._known.values():
            bearer.let_go()
        for each in (self._known, self._by_session, self._by_reader, self._noted):
            each.clear()

    async def refresh(self, now: float) -> None:
        """Check sessions that are in use and soon too old; let go of those that are too old.

        What can't be asked now is asked for at the next turn, or by its page."""
        due = {known.session_id for known in self._aging(now) if known.used}
        waiting = iter(sorted(due))
        while ids := tuple(islice(waiting, REFRESH_AT_ONCE)):
            news = self._news
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    found = await self._store.sessions(ids, now=now)
            except (StoreUnavailable, TimeoutError):
                return
            if news != self._news:
                return
            for session_id in ids:
                session = _live(found.get(session_id), session_id, now)
                bearing = tuple(self._by_session.get(session_id, ()))
                if not session.reader.id:
                    self._drop(session_id)  # it is no reader's any more
                for raw in bearing:
                    self._keep(raw, session, now)

    def _aging(self, now: float) -> Iterator[Bearer]:
        """Those checked a while ago, oldest first; what is too old is dropped on the way."""
        for known in tuple(takewhile(lambda each: _is_aging(each, now), self._known.values())):
            if 0.0 <= now - known.checked_at <= CACHED_SECONDS:
                yield known
            else:
                self._drop(known.session_id)

    async def flush_sightings(self) -> None:
        """Hand the collected sightings to the store: of each session, one in five minutes."""
        sightings, self._sightings = self._sightings, {}
        if not sightings:
            return
        try:
            await self._store.seen(sightings)
        except StoreUnavailable:
            self._sightings = {**sightings, **self._sightings}


def _live(session: Session | None, session_id: str, now: float) -> Session:
    """An id that is over never begins again: its bearer needn't ask at every page."""
    if session is None or now >= session.expires_at:
        return Session(session_id, ANONYMOUS, math.inf)
    return session


def _is_aging(known: Bearer, now: float) -> bool:
    return not 0.0 <= now - known.checked_at < REFRESH_AFTER_SECONDS
