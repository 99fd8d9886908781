"""The composition root: from settings to one worker's application. It reads as a table of contents.

What depends on what is said here and nowhere else. ``build`` opens nothing; ``startup`` connects,
``shutdown`` lets go, and between the two everything lives in one event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from gateway.bus.polling import Polling
from gateway.clock import Clock, SystemClock
from gateway.config import Settings
from gateway.console.explain import Asking
from gateway.edge.asked_labels import AskedLabels
from gateway.edge.entrance import Application, Entrance, Readers
from gateway.edge.failures import Failures
from gateway.edge.forward_auth import ForwardAuth
from gateway.edge.gate import Gate
from gateway.edge.ingress import Ingress, known_hosts
from gateway.edge.pages import Pages
from gateway.edge.passing import Passing
from gateway.edge.protocol import Quick, decline, server_config
from gateway.edge.quick import QuickLane
from gateway.edge.rate import RequestRate
from gateway.edge.records import Records
from gateway.edge.relay import DeskLine, Relay
from gateway.edge.reserved import ROOMS, Room
from gateway.edge.routes import Ours
from gateway.edge.shell_page import ShellPage
from gateway.edge.showing import Showing
from gateway.edge.upgrading import Upgrading
from gateway.identity.cookies import CookieSigner, cookie_name
from gateway.identity.sessions import SessionCache, SessionStore
from gateway.ops.counters import Counters
from gateway.ops.logs import AccessLog
from gateway.ops.notes import Notes
from gateway.origin.assertion import Assertions
from gateway.origin.cache import PageCache
from gateway.stores.engine import Store
from gateway.stores.sessions import Sessions
from gateway.wiring.news import bell, forgetting, polling, teller
from gateway.wiring.origin import forward_settings, origin_of, tunnels_of
from gateway.wiring.pages import (
    feed_items_of,
    help_page_of,
    policies_of,
    reserved_of,
    templates_of,
)
from gateway.wiring.rooms import RoomsHere
from gateway.wiring.running import Lychgate
from gateway.wiring.staff import newsroom_of
from gateway.wiring.walls import Walls

CACHE_BYTES_MAX = 256 << 20


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    readers: Readers | None = None,
    session_store: SessionStore | None = None,
    extra: Application | None = None,
    around: Callable[[Application], Application] | None = None,
    mail_shown_at: str = "",
    desk: str = "",
    last_good: Path | None = None,
) -> Lychgate:
    """``readers`` replaces sessions altogether (``--as``), ``session_store`` the store's own
    sessions (demo, try), ``extra`` answers reserved paths first and opens the preview; what
    ``around`` makes stands before everything, so there is no quick lane. ``mail_shown_at`` is where
    the demo shows its mail. ``desk`` is the socket of the process that readers log in at; without
    it they do so here. ``last_good`` is where processes of one `serve` leave the policy that a new one
    among them starts with while its files are faulty. Raises Faults."""
    parts = _Parts(settings, clock or SystemClock(), readers, session_store, last_good)
    if desk:
        parts.rooms = DeskLine(desk)
    elif parts.store is not None:
        parts.rooms = parts.rooms_here(parts.store, mail_shown_at)
    entrance = parts.entrance(extra)
    if isinstance(parts.rooms, RoomsHere):
        parts.rooms.asking = Asking(
            ingress=parts.ingress,
            gate=entrance.gate,
            policy=parts.policies.get,
            host=urlsplit(settings.site.url).netloc,
            faults=lambda: parts.policies.faults,
        )
    enforced = settings.policies.mode == "enforce"
    quick: Quick = parts.quick() if enforced and not readers and not around else decline
    news = parts.polling()
    return Lychgate(
        config=server_config(around(entrance) if around else entrance, quick=quick),
        entrance=entrance,
        policies=parts.policies,
        pages=parts.pages,
        templates=parts.templates,
        origin=parts.origin,
        sessions=parts.sessions,
        counters=parts.counters,
        access_log=parts.access_log,
        store=parts.store,
        rooms=parts.rooms,
        polling=news,
        bell=bell(settings.bus.url.get_secret_value(), parts.store, news),
        clock=parts.clock,
    )


class _Parts:
    """Everything that depends on the settings alone, in the order in which one needs another."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        readers: Readers | None,
        session_store: SessionStore | None,
        last_good: Path | None,
    ) -> None:
        self.settings, self.clock = settings, clock
        beside_others = last_good is not None and last_good.exists()
        self.keys = [key.get_secret_value() for key in settings.keys.cookie]
        self.cookie_name = cookie_name(settings.site.url)
        self.hosts = known_hosts(urlsplit(settings.site.url).netloc, settings.site.aliases)
        self.counters = Counters()
        self.access_log = AccessLog(on=settings.ops.access_log)
        self.notes = Notes(counters=self.counters, access_log=self.access_log, clock=clock)
        self.rate = RequestRate(settings.limits.requests_per_second)
        self.policies = policies_of(settings, last_good)
        self.templates = templates_of(settings, beside_others=beside_others)
        self.walls = Walls(settings, self.templates)
        self.origin = origin_of(settings)
        self.assertions = Assertions(self.keys, issuer=settings.site.url, clock=clock)
        self.store = None if session_store else Store(settings.store.url.get_secret_value())
        newsroom = newsroom_of(settings).reads
        self.sessions = SessionCache(
            store=session_store or Sessions(self.store, newsroom=newsroom),  # type: ignore[arg-type]  # one is given
            signer=CookieSigner(self.keys),
            cookie_name=self.cookie_name,
        )
        self.assumed = readers is not None
        self.readers: Readers = readers or self.sessions
        self.cache = PageCache(bytes_max=CACHE_BYTES_MAX, hosts=self.hosts, clock=clock)
        self.failures = Failures(
            pages=self.templates,
            languages=tuple(settings.site.languages),
            decided=self.notes.decided,
        )
        self.ingress = Ingress(
            hosts=self.hosts,
            trusted_proxies=tuple(settings.server.trusted_proxies),
            cookie_names=(self.cookie_name,),
        )
        self.passing = Passing(
            origin=self.origin,
            forwarding=forward_settings(settings),
            assertion=self.assertions.mint,
        )
        self.showing = self._showing()
        self.pages = self._pages()
        self.shell = ShellPage(
            path=settings.site.shell,
            origin=self.origin,
            forwarding=self.passing.forwarding,
            readers=self.readers,
            policy=self.policies.get,
            clock=clock,
        )
        self.rooms: RoomsHere | DeskLine | None = None

    def _showing(self) -> Showing:
        return Showing(
            draw_wall=self.walls.draw,
            failures=self.failures,
            feed_items=feed_items_of(self.settings, self.hosts, cache=self.cache),
            decided=self.notes.decided,
            vary_by_cookie=not self.settings.cdn.bypasses_our_cookie,
            explain_header=self.settings.server.explain_header,
        )

    def _pages(self) -> Pages:
        forwarding = self.passing.forwarding
        records = Records(
            origin=self.origin,
            forwarding=forwarding,
            asked_labels=AskedLabels(origin=self.origin, forwarding=forwarding),
            clock=self.clock,
            shared_identity=self.settings.origin.shared_identity,
            label_lag_seconds=self.settings.policies.label_lag_seconds,
        )
        return Pages(
            cache=self.cache,
            records=records,
            showing=self.showing,
            passing=self.passing,
            failures=self.failures,
            clock=self.clock,
            counters=self.counters,
        )

    def entrance(self, extra: Application | None) -> Entrance:
        """The full lane, from the door to the last byte."""
        ours = self._ours(preview=extra is not None)
        rest = ours.before(extra) if extra else ours
        reserved = reserved_of(self.settings, self.hosts, rooms=self._rooms(), rest=rest)
        reports = self.settings.policies.mode == "report"
        return Entrance(
            ingress=self.ingress,
            gate=Gate(
                pages=self.pages, passing=self.passing, failures=self.failures, report_mode=reports
            ),
            upgrading=Upgrading(tunnels=tunnels_of(self.settings), passing=self.passing),
            readers=self.readers,
            policy=self.policies.get,
            failures=self.failures,
            ours=reserved,
            notes=self.notes,
            clock=self.clock,
            rate=self.rate,
            assumed=self.assumed,
            explain_header=self.settings.server.explain_header,
        )

    def _ours(self, *, preview: bool) -> Ours:
        purge = self.settings.keys.purge
        return Ours(
            templates=self.templates,
            failures=self.failures,
            forward_auth=ForwardAuth(ingress=self.ingress),
            help_page=help_page_of(
                self.settings,
                store=self.store,
                templates=self.templates,
                ingress=self.ingress,
                pages=self.pages,
                policy=self.policies.get,
                forget=forgetting(self.store, self.sessions, self.clock),
            ),
            readers=self.readers,
            policy=self.policies.get,
            cache=self.cache,
            jwks=self.assertions.jwks(),
            purge_key=purge.get_secret_value() if purge else "",
            told_purge=teller(self.store, self.clock),
            preview=preview,
            shell=self.shell,
            clock=self.clock,
        )

    def _rooms(self) -> tuple[Room, ...]:
        """Where readers log in and operators work: here, or at the desk."""
        if isinstance(self.rooms, DeskLine):
            host = urlsplit(self.settings.site.url).netloc.encode()
            return (Room(ROOMS, Relay(line=self.rooms, host=host, clock=self.clock)),)
        return (Room(ROOMS, self.rooms),) if self.rooms else ()

    def rooms_here(self, store: Store, mail_shown_at: str) -> RoomsHere:
        return RoomsHere(
            settings=self.settings,
            store=store,
            clock=self.clock,
            templates=self.templates,
            dress=self.shell.around,
            language_of=self.failures.language,
            mail_shown_at=mail_shown_at,
        )

    def quick(self) -> Quick:
        return QuickLane(
            targets=self.cache.targets,
            policies=self.policies,
            sessions=self.sessions,
            cookie_name=self.cookie_name,
            ingress=self.ingress,
            showing=self.showing,
            rate=self.rate,
            counters=self.counters,
            access_log=self.access_log,
            clock=self.clock,
        )

    def polling(self) -> Polling | None:
        if self.store is None:
            return None
        return polling(self.store, self.sessions, self.policies, self.cache, self.walls, self.clock)


__all__ = ["Lychgate", "build"]
