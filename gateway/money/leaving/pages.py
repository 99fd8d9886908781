"""``/-/cancel`` and ``/-/withdraw``: a form, a recap with its button, and what became of it.

Signed in, the subscription is known and nothing else is asked for. Signed out, a link goes to the
address that was typed, and whoever follows it confirms; the page says the same whether the address is
known or not. Looking at a link does nothing; its button does, once.

Code de la consommation, L.215-1-1 and D.215-1 to D.215-3 (cancelling in three clicks, by name, address,
reference and day wished), and directive 2011/83, article 11a (withdrawing by a button), say what a
page must ask for and what it may not.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from gateway.errors import LychgateError, StoreUnavailable, TooManyLogins
from gateway.identity.accounts import Account, Login
from gateway.identity.address import address
from gateway.model.leaving import LINK_HOURS, Leaving, Result, State, Way
from gateway.money.leaving.asked import (
    NAME_MAX,
    fields_of,
    of_account,
    of_anybody,
    once_of,
    plain,
    typed,
    url_of,
)
from gateway.money.leaving.carrying_out import Finder, chosen
from gateway.money.leaving.contracts import AHEAD_DAYS_MAX, Contract, day_wished
from gateway.money.leaving.ports import Requests
from gateway.money.leaving.receipts import Receipts
from gateway.money.leaving.turn import Turns
from gateway.rooms.asking import Ask, Reply
from gateway.rooms.pages import Pages, login_url
from gateway.rooms.routes import Doorway, router_of

_TOKEN_MAX = 100


class Accounts(Protocol):
    """Raises StoreUnavailable."""

    async def login(self, session_id: str, *, now: float) -> Login | None: ...

    async def account(self, reader_id: str, *, session_id: str, now: float) -> Account | None: ...


class Limits(Protocol):
    async def mail(self, network: str, address: str) -> None:
        """One mail, before it is written. Raises TooManyLogins, StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingPages:
    accounts: Accounts
    finder: Finder
    requests: Requests
    turns: Turns
    receipts: Receipts
    pages: Pages
    limits: Limits
    zone: ZoneInfo
    mails: bool

    def application(self, door: Doorway) -> Any:
        return router_of([route for way in Way for route in self._routes(door, way)])

    def _routes(self, door: Doorway, way: Way) -> list[Any]:
        url = url_of(way)
        return [
            door.route(url, lambda ask: self.show(ask, way)),
            door.route(url, lambda ask: self.send(ask, way), "POST"),
            door.named(f"{url}/{{name}}", lambda ask, token: self.look(ask, way, token)),
            door.named(f"{url}/{{name}}", lambda ask, token: self.follow(ask, way, token), "POST"),
        ]

    async def of_error(self, ask: Ask, error: LychgateError) -> Reply:
        """Raises it again where no page of this room is for it."""
        way = Way.WITHDRAW if ask.request.path.startswith(url_of(Way.WITHDRAW)) else Way.CANCEL
        if isinstance(error, TooManyLogins):
            reply = await self._failed(ask, way, "too-many", status=429)
            return reply.with_headers((b"retry-after", b"%d" % error.seconds))
        if isinstance(error, StoreUnavailable):
            reply = await self._failed(ask, way, "store-down", status=503)
            return reply.with_headers((b"retry-after", b"5"))
        raise error

    async def show(self, ask: Ask, way: Way) -> Reply:
        account = None if ask.asked("apart") == "1" else await self._reader(ask)
        if account is None:
            return await self._form(ask, way)
        return await self._own(ask, way, account)

    async def send(self, ask: Ask, way: Way) -> Reply:
        """A form was posted: of somebody signed in, or of anybody."""
        account = None if ask.written("apart") == "1" else await self._reader(ask)
        if account is None:
            return await self._ask(ask, way)
        if ask.written("change"):
            return await self._own(ask, way, account)
        found = await self._found(way, account, ask.now)
        named = [each for each in found if each.id == ask.written("subscription")]
        wished = day_wished(ask.written("wished").strip(), now=ask.now, zone=self.zone)
        if not named or wished is None:
            said = "leaving.bad-day" if named else ""
            return await self._own(ask, way, account, message=said)
        asked = of_account(ask, way, account, named[0], wished or "")
        known = await self.requests.known(asked.once)
        if known is not None:
            return await self._done(ask, known)
        if not self._can(way, named[0], ask.now):
            return await self._own(ask, way, account)
        if ask.written("confirm") != "yes":
            return await self._recap(ask, asked, [named[0]], action=url_of(way))
        if not await self.requests.begin(asked):
            return await self._done(ask, await self.requests.known(asked.once) or asked)
        return await self._done(ask, await self._taken(asked))

    async def look(self, ask: Ask, way: Way, token: str) -> Reply:
        """A mailed link was opened: the recap, and nothing happens yet."""
        asked = await self._of_token(ask, way, token)
        if asked is None:
            return await self._failed(ask, way, "over")
        if asked.state is not State.ASKED:
            return await self._done(ask, asked)
        found = await self.finder.seen(asked.email, now=ask.now)
        these = [each for each in found if each.id in chosen(asked, found, self.zone)]
        return await self._recap(ask, asked, these, action=f"{url_of(way)}/{token}")

    async def follow(self, ask: Ask, way: Way, token: str) -> Reply:
        """Its button was pressed: of a hundred at once, one counts."""
        asked = await self._of_token(ask, way, token)
        if asked is None:
            return await self._failed(ask, way, "over")
        if asked.state is not State.ASKED:
            return await self._done(ask, asked)
        if ask.written("change"):
            return await self._form(ask, way, **fields_of(asked))
        found = await self.finder.seen(asked.email, now=ask.now)
        named = [each.id for each in found if each.id == ask.written("subscription")]
        these = tuple(named) or chosen(asked, found, self.zone)
        if not await self.requests.accept(asked.once, subscriptions=these, now=ask.now):
            return await self._done(ask, await self.requests.known(asked.once) or asked)
        accepted = replace(asked, state=State.ACCEPTED, subscriptions=these, accepted_at=ask.now)
        return await self._done(ask, await self._taken(accepted))

    async def _taken(self, accepted: Leaving) -> Leaving:
        """It is noted, so were the store gone now, it is carried out later."""
        try:
            return await self.turns.take(accepted)
        except StoreUnavailable:
            return accepted

    async def _ask(self, ask: Ask, way: Way) -> Reply:
        """Of somebody we don't know: a link to the address, whoever's it is."""
        if "email" not in ask.form:
            # The form of somebody signed in, who has logged out elsewhere since: it never asked for one.
            return await self._form(ask, way)
        email = address(ask.written("email"))
        wished = day_wished(ask.written("wished").strip(), now=ask.now, zone=self.zone)
        said = ""
        if not email:
            said = "leaving.bad-address"
        elif not plain(ask.written("name"), NAME_MAX):
            said = "leaving.no-name"
        elif wished is None:
            said = "leaving.bad-day"
        if said or not self.mails:
            return await self._form(ask, way, message=said, status=400)
        await self.limits.mail(ask.network, email)
        token = secrets.token_urlsafe(32)
        asked = of_anybody(ask, way, once=once_of(token), email=email, wished=wished or "")
        await self.requests.ask(asked, self.receipts.link(asked, token))
        return await self._done(ask, asked)

    async def _own(self, ask: Ask, way: Way, account: Account, *, message: str = "") -> Reply:
        """The form of somebody whose subscriptions we know."""
        found = await self._found(way, account, ask.now)
        can = [each for each in found if self._can(way, each, ask.now)]
        return await self._form(
            ask,
            way,
            status=400 if message else 200,
            message=message,
            signed_in=True,
            who=account.name,
            email=account.email if account.email_verified else "",
            choices=can,
            others=[each for each in found if each not in can],
        )

    async def _form(
        self,
        ask: Ask,
        way: Way,
        *,
        status: int = 200,
        choices: Sequence[Contract] = (),
        others: Sequence[Contract] = (),
        **told: object,
    ) -> Reply:
        language = ask.language
        today = datetime.fromtimestamp(ask.now, self.zone).date()
        context: dict[str, Any] = {"message": "", "signed_in": False, **typed(ask), **told}
        return await self.pages.page(
            ask,
            "leaving",
            status=status,
            way=str(way),
            action=url_of(way),
            other_url=url_of(Way.WITHDRAW if way is Way.CANCEL else Way.CANCEL),
            choices=[self.receipts.contract(each, language) for each in choices],
            others=[self.receipts.contract(each, language) for each in others],
            first_day=today.isoformat(),
            last_day=(today + timedelta(days=AHEAD_DAYS_MAX)).isoformat(),
            mails=self.mails,
            login_url=login_url(url_of(way), language),
            **context,
        )

    async def _recap(
        self, ask: Ask, asked: Leaving, these: Sequence[Contract], *, action: str
    ) -> Reply:
        told = self.receipts.told(asked, ask.language)
        ends = [each.end_of(asked.wished, self.zone) for each in these]
        pairs = zip(these, ends, strict=True)
        later = any(end and each.ends_at and end > each.ends_at for each, end in pairs)
        return await self.pages.page(
            ask,
            "leaving-recap",
            action=action,
            wished_day=asked.wished,
            subscription=these[0].id if len(these) == 1 else "",
            choices=[
                self.receipts.contract(each, ask.language)
                | {"can": self._can(asked.way, each, asked.asked_at)}
                for each in these
            ],
            later=later,
            form_url=f"{url_of(asked.way)}?lang={ask.language}",
            **told,
        )

    async def _done(self, ask: Ask, asked: Leaving) -> Reply:
        state = "done" if asked.outcomes else "received"
        if any(each.result is Result.REFUSED for each in asked.outcomes):
            state = "refused"
        if asked.state is State.ASKED:
            state = "sent"
        told = self.receipts.told(asked, ask.language)
        return await self.pages.page(
            ask, "leaving-done", state=state, mails=self.mails, hours=LINK_HOURS, **told
        )

    async def _failed(self, ask: Ask, way: Way, said: str, *, status: int = 400) -> Reply:
        return await self.pages.page(
            ask, "leaving-failed", status=status, said=said, way=str(way), form_url=url_of(way)
        )

    async def _of_token(self, ask: Ask, way: Way, token: str) -> Leaving | None:
        """What a link leads to: one that waits, or was followed before."""
        if len(token) > _TOKEN_MAX:
            return None
        once = once_of(token)
        found = await self.requests.waiting(once, now=ask.now)
        if found is None:
            found = await self.requests.known(once)
            if found is not None and found.state is State.ASKED:
                return None  # nobody followed it in time
        return found if found is not None and found.way is way else None

    async def _reader(self, ask: Ask) -> Account | None:
        if not ask.session_id:
            return None
        login = await self.accounts.login(ask.session_id, now=ask.now)
        if login is None:
            return None
        return await self.accounts.account(
            login.reader_id, session_id=login.session_id, now=ask.now
        )

    async def _found(self, way: Way, account: Account, now: float) -> list[Contract]:
        """A withdrawal asks when it was made, which no webhook changes."""
        if way is Way.WITHDRAW:
            return await self.finder.of_reader(account.id, now=now)
        return await self.finder.standing(account.id, now=now)

    def _can(self, way: Way, contract: Contract, now: float) -> bool:
        if way is Way.WITHDRAW:
            return contract.can_withdraw(now, self.zone)
        return contract.can_cancel
