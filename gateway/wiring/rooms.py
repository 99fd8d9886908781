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
    from gateway.wiring.adopting_room import AdoptingRoom
    from gateway.wiring.login import Login
    from gateway.wiring.money import Money

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

    async def open(self) -> None:
        from gateway.wiring.adopting_room import AdoptingRoom
        from gateway.wiring.login import Login
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
            forgetting=self._adopting.erasing,
            offer=self._adopting.offer,
            adopt_url=adopt_url_of(self.settings),
            demo_mail_url=self.mail_shown_at,
        )
        self._console = self._made_console()
        if self.settings.stripe is not None:
            from gateway.wiring.money import Money

            self._money = Money(self.settings, store=self.store, clock=self.clock)

    async def close(self) -> None:
        if self._console is not None:
            await self._console.close()
        if self._money is not None:
            await self._money.close()
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
        )

    def _adoption(self) -> Any:
        if self._adopting is None or self._adopting.application is None:
            raise RequestRefused(404, "no-mail")
        return self._adopting.application

    def _gate(self) -> Asking:
        assert self.asking is not None, "the composition root gives it"
        return self.asking
