"""The rooms of this very process: where readers log in, operators work, and Stripe's webhooks come in.

Made when the process begins to serve, for what they stand on takes half a second to import, and
commands that only ask the gate never open them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.clock import Clock
from gateway.config import Settings
from gateway.edge.rate import network_of
from gateway.errors import DeskUnavailable, RequestRefused
from gateway.model.request import Request
from gateway.page.templates import Templates
from gateway.stores.engine import Store

if TYPE_CHECKING:
    from gateway.console.explain import Asking
    from gateway.login.account import Subscriptions
    from gateway.wiring.adopting_room import AdoptingRoom
    from gateway.wiring.leaving import LeavingRoom
    from gateway.wiring.login import Login
    from gateway.wiring.money import Money
    from gateway.wiring.selling import SellingRoom

_FINANCE = "/-/finance"
_MONEY = frozenset(("plans", "checkout", "portal", "cancel", "withdraw", "adopt", "stripe"))


@dataclass(slots=True, kw_only=True)
class RoomsHere:
    """An ASGI application for ``edge.reserved``. ``asking`` is known once the gate is there."""

    settings: Settings
    store: Store
    clock: Clock
    templates: Templates
    dress: Callable[[bytes], Awaitable[bytes]]
    language_of: Callable[[Request], str]
    mail_shown_at: str = ""
    asking: Asking | None = None
    _login: Login | None = None
    _adopting: AdoptingRoom | None = None
    _console: Any = None
    _money: Money | None = None
    _leaving: LeavingRoom | None = None
    _selling: SellingRoom | None = None

    async def open(self) -> None:
        from gateway.wiring.adopting_room import AdoptingRoom
        from gateway.wiring.login import Login, Paying
        from gateway.wiring.pages import adopt_url_of

        self._adopting = AdoptingRoom(
            self.settings,
            store=self.store,
            clock=self.clock,
            drawing=self.templates,
            dress=self.dress,
            network_of=network_of,
            language_of=self.language_of,
            demo_mail_url=self.mail_shown_at,
        )
        self._login = Login(
            self.settings,
            store=self.store,
            clock=self.clock,
            drawing=self.templates,
            dress=self.dress,
            network_of=network_of,
            language_of=self.language_of,
            paying=Paying(
                forgetting=self._adopting.erasing,
                subscriptions=self._subscribed(),
                offer=self._adopting.offer,
                adopt_url=adopt_url_of(self.settings),
                form_targets=self._form_targets(),
            ),
            demo_mail_url=self.mail_shown_at,
        )
        self._console = self._made_console()
        if self.settings.stripe is not None:
            from gateway.wiring.money import Money

            self._money = Money(self.settings, store=self.store, clock=self.clock)
            self._leaving = self._made_leaving()
            self._selling = self._made_selling(self._adopting)

    async def close(self) -> None:
        if self._console is not None:
            await self._console.close()
        if self._money is not None:
            await self._money.close()
        if self._leaving is not None:
            await self._leaving.close()
        if self._selling is not None:
            await self._selling.close()
        if self._login is not None:
            await self._login.close()
        if self._adopting is not None:
            await self._adopting.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._login is None:
            raise DeskUnavailable("not open yet")
        path = scope["path"]
        if path.split("/")[2] in _MONEY:
            if self._money is None:
                raise RequestRefused(404, "no-stripe")
            application = self._money.application
            if path.split("/")[2] == "adopt":
                application = self._adoption()
            elif path.split("/")[2] in ("cancel", "withdraw") and self._leaving is not None:
                application = self._leaving.application
            elif path.split("/")[2] in ("plans", "checkout", "portal"):
                assert self._selling is not None, "it opens with the money way"
                application = self._selling.application
        elif path == _FINANCE or path.startswith(f"{_FINANCE}/"):
            application = self._console.application
        else:
            application = self._login.application
        await application(scope, receive, send)

    def _made_console(self) -> Any:
        from gateway.wiring.console import Console

        return Console(
            self.settings,
            store=self.store,
            clock=self.clock,
            drawing=self.templates,
            language_of=self.language_of,
            asking=self._gate,
            mails=self._login.mailing if self._login is not None else None,
        )

    def _subscribed(self) -> Subscriptions | None:
        if self.settings.stripe is None:
            return None
        from gateway.wiring.subscribed import Subscribed

        return Subscribed(self.settings, store=self.store, templates=self.templates)

    def _made_selling(self, adopting: AdoptingRoom) -> SellingRoom:
        from gateway.wiring.pages import adopt_url_of
        from gateway.wiring.selling import SellingRoom

        return SellingRoom(
            self.settings,
            store=self.store,
            clock=self.clock,
            templates=self.templates,
            dress=self.dress,
            network_of=network_of,
            language_of=self.language_of,
            adoptable=adopting.adopting.adoptable,
            adopt_url=adopt_url_of(self.settings),
        )

    def _form_targets(self) -> tuple[str, ...]:
        if self.settings.stripe is None:
            return ()
        from gateway.wiring.selling import form_targets_of

        return form_targets_of(self.settings)

    def _made_leaving(self) -> LeavingRoom:
        from gateway.wiring.leaving import LeavingRoom

        return LeavingRoom(
            self.settings,
            store=self.store,
            clock=self.clock,
            drawing=self.templates,
            dress=self.dress,
            network_of=network_of,
            language_of=self.language_of,
        )

    def _adoption(self) -> Any:
        if self._adopting is None or self._adopting.application is None:
            raise RequestRefused(404, "no-mail")
        return self._adopting.application

    def _gate(self) -> Asking:
        assert self.asking is not None, "the composition root gives it"
        return self.asking
