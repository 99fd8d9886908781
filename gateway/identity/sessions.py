"""From a cookie to a reader: a bounded dictionary first, then the store.

The quick lane's question is ``cached``, a look-up without I/O. What is cached lives five minutes
while news of changes arrives, five seconds otherwise; the session's end is compared with the clock
each time, an entitlement's end by whoever judges. When the store can't answer, the last known
reader counts for five minutes, and after that the reader is anonymous.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import SessionInvalid, StoreUnavailable
from gateway.identity.cookies import CookieSigner, find
from gateway.model.reader import ANONYMOUS, Reader

CACHED_SECONDS = 300.0
CACHED_WITHOUT_NEWS_SECONDS = 5.0
NEWS_SILENCE_SECONDS = 1.5  # a poll a half second, and some slack for a busy loop
SESSIONS_MAX = 100_000
_SEEN_EVERY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Session:
    """``expires_at``: the sooner of the absolute and the idle end, in seconds since the epoch."""

    id: str
    reader: Reader
    expires_at: float


class SessionStore(Protocol):
    """Raises StoreUnavailable where it can't answer."""

    async def session(self, session_id: str, *, now: float) -> Session | None:
        """A live session; None for one that never was, ended, or was revoked."""

    async def seen(self, sightings: Mapping[str, float]) -> None:
        """Note when sessions were last seen."""


@dataclass(slots=True)
class _Known:
    session: Session
    checked_at: float


class SessionCache:
    """``last_news_at`` is written by whoever polls for news."""

    def __init__(self, *, store: SessionStore, signer: CookieSigner, cookie_name: bytes) -> None:
        self._store = store
        self._signer = signer
        self._cookie_name = cookie_name
        self._known: dict[bytes, _Known] = {}
        self._by_session: dict[str, set[bytes]] = {}
        self._asking: dict[str, asyncio.Future[Session | None]] = {}
        self._sightings: dict[str, float] = {}
        self._noted: dict[str, float] = {}
        self.last_news_at = 0.0

    def __len__(self) -> int:
        return len(self._known)

    def cached(self, raw: bytes, now: float) -> Reader | None:
        """The reader of a cookie's value, or None: ask the store. No I/O, no signature."""
        known = self._known.get(raw)
        if known is None or now >= known.session.expires_at:
            return None
        age = now - known.checked_at
        if age > CACHED_WITHOUT_NEWS_SECONDS and (
            age > CACHED_SECONDS or now - self.last_news_at > NEWS_SILENCE_SECONDS
        ):
            return None
        return known.session.reader

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
        return await self._ask(raw, session_id, now)

    async def _ask(self, raw: bytes, session_id: str, now: float) -> Reader:
        try:
            session = await self._one_at_a_time(session_id, now)
        except StoreUnavailable:
            known = self._known.get(raw)
            if (
                known
                and now < known.session.expires_at
                and now - known.checked_at <= CACHED_SECONDS
            ):
                return known.session.reader
            return ANONYMOUS
        if session is None or now >= session.expires_at:
            self.forget(session_id)
            return ANONYMOUS
        self._keep(raw, session, now)
        return session.reader

    async def _one_at_a_time(self, session_id: str, now: float) -> Session | None:
        """Many requests of one page ask the store once."""
        asking = self._asking.get(session_id)
        if asking is not None:
            return await asyncio.shield(asking)
        asking = self._asking[session_id] = asyncio.get_running_loop().create_future()
        try:
            session = await self._store.session(session_id, now=now)
        except BaseException as error:
            asking.set_exception(
                error if isinstance(error, Exception) else StoreUnavailable("the asker left")
            )
            asking.exception()  # whoever waits sees it; nobody waiting is no fault
            raise
        else:
            asking.set_result(session)
            return session
        finally:
            del self._asking[session_id]

    def _keep(self, raw: bytes, session: Session, now: float) -> None:
        while len(self._known) >= SESSIONS_MAX:
            oldest = next(iter(self._known))
            self.forget(self._known[oldest].session.id)
        self._known[raw] = _Known(session, now)
        self._by_session.setdefault(session.id, set()).add(raw)
        if now - self._noted.get(session.id, 0.0) >= _SEEN_EVERY_SECONDS:
            self._noted[session.id] = self._sightings[session.id] = now

    def forget(self, session_id: str) -> None:
        """News: the session changed or ended."""
        for raw in self._by_session.pop(session_id, ()):
            self._known.pop(raw, None)
        self._noted.pop(session_id, None)

    def forget_reader(self, reader_id: str) -> None:
        """News: what a reader may read changed."""
        ids = {k.session.id for k in self._known.values() if k.session.reader.id == reader_id}
        for session_id in ids:
            self.forget(session_id)

    def forget_all(self) -> None:
        """News was missed."""
        self._known.clear()
        self._by_session.clear()

    async def flush_sightings(self) -> None:
        """Hand the collected sightings to the store: at most one a session in five minutes."""
        sightings, self._sightings = self._sightings, {}
        if not sightings:
            return
        try:
            await self._store.seen(sightings)
        except StoreUnavailable:
            self._sightings = {**sightings, **self._sightings}
