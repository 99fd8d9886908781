"""The composition root: from settings to one worker's application. It reads as a table of contents.

What depends on what is said here and nowhere else. ``build`` opens nothing; ``startup`` connects,
``shutdown`` lets go, and between the two everything lives in one event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from gateway.bus.polling import Polling
from gateway.clock import Clock, SystemClock
from gateway.config import Settings
from gateway.edge.asked_labels import AskedLabels
from gateway.edge.entrance import Application, Entrance, Readers
from gateway.edge.failures import Failures
from gateway.edge.feed_items import FeedItems
from gateway.edge.forward_auth import ForwardAuth
from gateway.edge.gate import Gate
from gateway.edge.ingress import Ingress, known_hosts
from gateway.edge.pages import Pages
from gateway.edge.passing import Passing
from gateway.edge.protocol import Quick, decline, server_config
from gateway.edge.quick import QuickLane
from gateway.edge.records import Records
from gateway.edge.routes import Ours
from gateway.edge.showing import Showing
from gateway.edge.tunnel import Tunnels, TunnelSettings
from gateway.edge.upgrading import Upgrading
from gateway.errors import StoreUnavailable
from gateway.identity.cookies import CookieSigner, cookie_name
from gateway.identity.sessions import SessionCache, SessionStore
from gateway.model.fault import Fault
from gateway.ops.counters import Counters
from gateway.ops.logs import AccessLog, logger
from gateway.ops.notes import Notes
from gateway.origin.assertion import Assertions
from gateway.origin.cache import PageCache
from gateway.origin.fetch import Origin
from gateway.origin.settings import forward_settings, origin_of
from gateway.page.templates import SiteWords, Templates
from gateway.policy.compile import Policy
from gateway.policy.reload import PolicyHolder
from gateway.stores.engine import Store
from gateway.stores.news import Kind, News
from gateway.stores.openings import Openings
from gateway.stores.sessions import Sessions

CACHE_BYTES_MAX = 256 << 20
FLUSH_SECONDS = 1.0
SIGHTINGS_SECONDS = 30.0


@dataclass(slots=True, kw_only=True)
class Lychgate:
    """One worker. ``config`` serves it; the rest is for commands that ask without serving."""

    config: uvicorn.Config
    entrance: Entrance
    policies: PolicyHolder
    pages: Pages
    templates: Templates
    origin: Origin
    sessions: SessionCache
    counters: Counters
    access_log: AccessLog
    store: Store | None
    polling: Polling | None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def startup(self) -> None:
        await self.origin.open()
        background: list[Any] = [self._flush(), self.policies.watch()]
        if self.polling is not None:
            await self.polling.poll()
            background += [self.polling.run(), self._sightings()]
        self.tasks = [asyncio.create_task(each) for each in background]

    async def shutdown(self) -> None:
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.sessions.flush_sightings()
        self.access_log.flush()
        await self.origin.close()
        if self.store is not None:
            await self.store.close()

    def ready(self) -> bool:
        """Whether pages can be judged: a policy is loaded and the tasks are alive."""
        return bool(self.tasks) and not any(task.done() for task in self.tasks)

    def snapshot(self) -> dict[str, Any]:
        """Counters and gauges, for the supervisor."""
        self.counters.values = {
            "kept_pages": len(self.pages.cache),
            "kept_bytes": self.pages.cache.bytes_used,
            "sessions_cached": len(self.sessions),
            "policy_faults": len(self.policies.faults),
            "policy_rules": len(self.policies.current.rules),
            "origin_under_way": self.origin.under_way,
        }
        return {**self.counters.snapshot(), "policy_version": self.policies.current.version}

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            self.access_log.flush()

    async def _sightings(self) -> None:
        while True:
            await asyncio.sleep(SIGHTINGS_SECONDS)
            await self.sessions.flush_sightings()


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    readers: Readers | None = None,
    session_store: SessionStore | None = None,
    extra: Application | None = None,
    around: Callable[[Application], Application] | None = None,
) -> Lychgate:
    """``readers`` replaces sessions altogether (``--as``), ``session_store`` the store's own
    sessions (demo, try), ``extra`` answers reserved paths first and opens the preview; what
    ``around`` makes stands before everything, so there is no quick lane. Raises Faults."""
    clock = clock or SystemClock()
    keys = [key.get_secret_value() for key in settings.keys.cookie]
    name = cookie_name(settings.site.url)
    netloc = urlsplit(settings.site.url).netloc
    hosts = known_hosts(netloc, settings.site.aliases)
    counters = Counters()
    access_log = AccessLog(on=settings.ops.access_log)
    policies = PolicyHolder(settings.policies.folder, told=_reloaded)
    templates = _templates(settings)
    origin = origin_of(settings)
    forwarding = forward_settings(settings)
    store = None if session_store else Store(settings.store.url.get_secret_value())
    sessions = SessionCache(
        store=session_store or Sessions(_there(store)),
        signer=CookieSigner(keys),
        cookie_name=name,
    )
    cache = PageCache(bytes_max=CACHE_BYTES_MAX, hosts=hosts, clock=clock)
    failures = Failures(pages=templates, languages=tuple(settings.site.languages))
    ingress = Ingress(
        hosts=hosts,
        trusted_proxies=tuple(settings.server.trusted_proxies),
        cookie_names=(name,),
    )
    showing = Showing(
        draw_wall=templates.wall,
        failures=failures,
        feed_items=FeedItems(
            cache=cache, hosts=_own_hosts(settings), site_host=hosts[netloc.lower().encode()]
        ),
        vary_by_cookie=not settings.cdn.bypasses_our_cookie,
        explain_header=settings.server.explain_header,
    )
    passing = Passing(
        origin=origin,
        forwarding=forwarding,
        assertion=Assertions(keys, issuer=settings.site.url, clock=clock).mint,
    )
    pages = Pages(
        cache=cache,
        records=Records(
            origin=origin,
            forwarding=forwarding,
            asked_labels=AskedLabels(origin=origin, forwarding=forwarding),
            clock=clock,
            shared_identity=settings.origin.shared_identity,
        ),
        showing=showing,
        passing=passing,
        failures=failures,
        clock=clock,
        counters=counters,
    )
    notes = Notes(counters=counters, access_log=access_log, clock=clock)
    ours = Ours(
        templates=templates,
        failures=failures,
        forward_auth=ForwardAuth(ingress=ingress),
        readers=readers or sessions,
        policy=policies.get,
        cache=cache,
        jwks=Assertions(keys, issuer=settings.site.url, clock=clock).jwks(),
        purge_key=settings.keys.purge.get_secret_value() if settings.keys.purge else "",
        told_purge=_teller(store, clock),
        preview=extra is not None,
        clock=clock,
    )
    entrance = Entrance(
        ingress=ingress,
        gate=Gate(
            pages=pages,
            passing=passing,
            failures=failures,
            report_mode=settings.policies.mode == "report",
        ),
        upgrading=Upgrading(tunnels=_tunnels(settings), passing=passing),
        readers=readers or sessions,
        policy=policies.get,
        failures=failures,
        ours=ours.before(extra) if extra else ours,
        notes=notes,
        clock=clock,
        assumed=readers is not None,
    )
    quick: Quick = decline
    if readers is None and around is None and settings.policies.mode == "enforce":
        quick = QuickLane(
            targets=cache.targets,
            policy=policies.get,
            cached_reader=sessions.cached,
            cookie_name=name,
            ingress=ingress,
            showing=showing,
            counts=notes,
            clock=clock,
        )
    return Lychgate(
        config=server_config(around(entrance) if around else entrance, quick=quick),
        entrance=entrance,
        policies=policies,
        pages=pages,
        templates=templates,
        origin=origin,
        sessions=sessions,
        counters=counters,
        access_log=access_log,
        store=store,
        polling=_polling(store, sessions, policies, cache, clock) if store else None,
    )


def _tunnels(settings: Settings) -> Tunnels:
    timeouts = settings.origin
    return Tunnels(
        TunnelSettings.to(
            settings.site.origin,
            connect_seconds=timeouts.connect_timeout_seconds,
            answer_seconds=timeouts.read_timeout_seconds,
        )
    )


def _there(store: Store | None) -> Store:
    assert store is not None
    return store


def _templates(settings: Settings) -> Templates:
    folder = settings.templates.folder
    return Templates(
        [folder] if folder else [],
        site=SiteWords(
            name=settings.site.name,
            url=settings.site.url,
            languages=tuple(settings.site.languages),
            terms=settings.site.legal.terms,
            privacy=settings.site.legal.privacy,
            support=settings.site.legal.support,
        ),
    )


def _own_hosts(settings: Settings) -> frozenset[str]:
    urls = (settings.site.url, settings.site.origin)
    names = {urlsplit(url).netloc.lower() for url in urls}
    return frozenset({*names, *settings.site.aliases, settings.origin.host} - {""})


def _reloaded(policy: Policy, faults: tuple[Fault, ...]) -> None:
    log = logger("lychgate.policy")
    if faults:
        log.error("policy-faulty", kept=policy.version, faults=[str(fault) for fault in faults])
    else:
        log.info("policy-loaded", version=policy.version, rules=len(policy.rules))


def _teller(store: Store | None, clock: Clock) -> Callable[[str], Any]:
    async def tell(key: str) -> None:
        if store is not None:
            with contextlib.suppress(StoreUnavailable):
                await News(store).tell(Kind.PURGE, key, now=clock.now())

    return tell


def _polling(
    store: Store, sessions: SessionCache, policies: PolicyHolder, cache: PageCache, clock: Clock
) -> Polling:
    openings = Openings(store)

    async def hear(kind: str, key: str) -> None:
        if kind == Kind.SESSION:
            sessions.forget(key)
        elif kind == Kind.READER:
            sessions.forget_reader(key)
        elif kind == Kind.OPENING:
            with contextlib.suppress(StoreUnavailable):
                policies.open_stories(await openings.live(now=clock.now()))
        elif kind == Kind.PURGE:
            word, _, value = key.partition(":")
            cache.purge(**{word: value} if value else {"everything": True})

    def polled(now: float) -> None:
        sessions.last_news_at = now

    return Polling(
        source=News(store), clock=clock, hear=hear, polled=polled, missed=sessions.forget_all
    )
