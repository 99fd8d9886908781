"""The console put together from the settings: its rooms' lines of the route table, in one frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from gateway.clock import Clock
from gateway.config import Settings
from gateway.console.explain import Asking
from gateway.console.frame import Action, Frame, with_home
from gateway.console.reader_acts import Mails
from gateway.console.routes import router
from gateway.console.words import Words
from gateway.edge.rate import network_of
from gateway.errors import LychgateError
from gateway.identity.cookies import CookieSigner, cookie_name
from gateway.model.request import Request
from gateway.rooms.asking import Ask, Reply
from gateway.rooms.pages import Drawing, Pages
from gateway.rooms.routes import Doorway
from gateway.stores.accounts import Accounts
from gateway.stores.audit import Audit
from gateway.stores.engine import Store
from gateway.wiring.console_people import people_actions
from gateway.wiring.journal import WaitingCounts, journal_actions, journal_of
from gateway.wiring.news import teller
from gateway.wiring.staff import operators_of
from gateway.wiring.syncing import door_of
from gateway.wiring.words import Words as SiteWords


class Console:
    """``application`` answers below ``/-/finance``; ``frame.actions`` is its whole route table."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        clock: Clock,
        drawing: Drawing,
        language_of: Callable[[Request], str],
        asking: Callable[[], Asking],
        mails: Mails | None,
        form_targets: Callable[[], Iterable[str]],
    ) -> None:
        self._settings, self._store, self._asking, self._mails = settings, store, asking, mails
        self._clock = clock
        self._door = door_of(settings) if settings.stripe is not None else None
        self.frame = with_home(
            Frame(
                accounts=Accounts(store),
                operators=operators_of(settings),
                audit=Audit(store),
                # The publisher's own page isn't set around this one: its scripts would read it.
                pages=Pages(drawing, dress=_undressed, dressed=False, form_targets=form_targets),
                words=Words(timezone=settings.site.timezone),
                actions=self._actions(drawing),
                counting=WaitingCounts(journal_of(settings, store)),
                languages=SiteWords(settings).languages("en"),
                plans=_plans(settings),
            )
        )
        door = Doorway(
            signer=CookieSigner([key.get_secret_value() for key in settings.keys.cookie]),
            cookie_name=cookie_name(settings.site.url),
            clock=clock,
            network_of=network_of,
            language_of=language_of,
            of_error=_of_error,
        )
        self.application = router(self.frame, door)

    async def close(self) -> None:
        if self._door is not None:
            await self._door.close()

    def _actions(self, drawing: Drawing) -> tuple[Action, ...]:
        lists = journal_actions(
            self._settings, store=self._store, text=drawing.text, door=self._door
        )
        people = people_actions(
            self._settings,
            store=self._store,
            door=self._door,
            asking=self._asking,
            mails=self._mails,
            drawing=drawing,
            purge=teller(self._store, self._clock),
        )
        return (*lists, *people)


def _plans(settings: Settings) -> dict[str, Mapping[str, str]]:
    """A tier by the name of the smallest plan that opens it, as its readers know it."""
    names: dict[str, Mapping[str, str]] = {}
    for plan in sorted(settings.plan, key=lambda one: len(one.tiers)):
        for tier in plan.tiers:
            names.setdefault(tier, plan.name)
    return names


async def _undressed(page: bytes, request: Request) -> bytes:
    return page


async def _of_error(ask: Ask, error: LychgateError) -> Reply:
    """The entrance has a page for each."""
    raise error
