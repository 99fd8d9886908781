"""The rooms of this very process: where readers log in, operators work, and Stripe's webhooks come in.

Made when the process begins to serve, for what they stand on takes half a second to import, and
commands that only ask the gate never open them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.clock import Clock
from gateway.config import Settings
from gateway.errors import DeskUnavailable, RequestRefused
from gateway.model.request import Request
from gateway.page.templates import Templates
from gateway.stores.engine import Store

if TYPE_CHECKING:
    from gateway.console.explain import Asking
    from gateway.wiring.adopting_room import AdoptingRoom
    from gateway.wiring.ground import Ground
    from gateway.wiring.login import Paying


@dataclass(slots=True, kw_only=True)
class RoomsHere:
    """An ASGI application for ``edge.reserved``. ``asking`` is known once the gate is there."""

    settings: Settings
    store: Store
    clock: Clock
    templates: Templates
    dress: Callable[[bytes, Request], Awaitable[bytes]]
    language_of: Callable[[Request], str]
    mail_shown_at: str = ""
    asking: Asking | None = None
    # By the first word of their paths; None for a room that this site's settings leave shut.
    _applications: dict[str, Any] = field(default_factory=dict)
    opened: list[Any] = field(default_factory=list)

    async def open(self) -> None:
        from gateway.wiring.adopting import exporting_of
        from gateway.wiring.adopting_room import AdoptingRoom
        from gateway.wiring.console import Console
        from gateway.wiring.ground import Ground
        from gateway.wiring.limits import Counting
        from gateway.wiring.login import Login, Paying
        from gateway.wiring.pages import adopt_url_of

        counting = Counting(self.settings, store=self.store, clock=self.clock)
        ground = Ground(
            settings=self.settings,
            store=self.store,
            clock=self.clock,
            limits=counting.limits,
            templates=self.templates,
            dress=self.dress,
            language_of=self.language_of,
            mail_shown_at=self.mail_shown_at,
        )
        adopting = AdoptingRoom(ground)
        paying = Paying(
            forgetting=adopting.erasing,
            exporting=exporting_of(self.store),
            offer=adopting.offer,
            adopt_url=adopt_url_of(self.settings),
        )
        if self.settings.stripe is not None:
            paying = self._sells(ground, adopting, paying)
        else:
            self._applications["plans"] = self._sells_nothing(ground)
        login = Login(ground, paying=paying)
        console = Console(
            self.settings,
            store=self.store,
            clock=self.clock,
            drawing=self.templates,
            language_of=self.language_of,
            asking=self._gate,
            mails=login.mailing,
            form_targets=login.form_targets,
        )
        self.opened += [adopting, console, login, counting]
        self._applications |= dict.fromkeys(("login", "logout", "account"), login.application)
        self._applications |= {"finance": console.application, "adopt": adopting.application}

    def _sells(self, ground: Ground, adopting: AdoptingRoom, paying: Paying) -> Paying:
        """What the login way is given where subscriptions are sold."""
        from gateway.wiring.leaving import LeavingRoom
        from gateway.wiring.money import Money
        from gateway.wiring.selling import SellingRoom, form_targets_of
        from gateway.wiring.subscribed import Subscribed

        money = Money(self.settings, store=self.store, clock=self.clock)
        leaving = LeavingRoom(ground)
        selling = SellingRoom(
            ground, adoptable=adopting.adopting.adoptable, adopt_url=paying.adopt_url
        )
        self.opened += [money, leaving, selling]
        self._applications["stripe"] = money.application
        self._applications |= dict.fromkeys(("cancel", "withdraw"), leaving.application)
        self._applications |= dict.fromkeys(("plans", "checkout", "portal"), selling.application)
        return replace(
            paying,
            subscriptions=Subscribed(self.settings, store=self.store, templates=self.templates),
            form_targets=form_targets_of(self.settings),
        )

    def _sells_nothing(self, ground: Ground) -> Any:
        from gateway.money.selling.unsold import NothingSold
        from gateway.wiring.ground import raised

        room = NothingSold(site_url=self.settings.site.url, pages=ground.pages())
        return room.application(ground.doorway(raised))

    async def close(self) -> None:
        for each in self.opened:
            await each.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not self._applications:
            raise DeskUnavailable("not open yet")
        application = self._applications.get(scope["path"].split("/")[2])
        if application is None:
            raise RequestRefused(404, "not-set-up")
        await application(scope, receive, send)

    def _gate(self) -> Asking:
        assert self.asking is not None, "the composition root gives it"
        return self.asking
