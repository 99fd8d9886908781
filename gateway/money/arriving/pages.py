"""``/-/adopt``: where a reader asks for the link to what they pay already, and takes it along.

The page says the same of every address. Looking at a link does nothing, for mail programs look at links
too: GET shows a button, and names the account that the subscription will belong to; POST takes it,
once. Whoever isn't logged in yet logs in on the way; meanwhile their browser keeps the link.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from gateway.errors import TooManyLogins
from gateway.identity.accounts import Account, Accounts
from gateway.identity.address import address
from gateway.identity.cookies import set_cookie
from gateway.model.adoption import Link
from gateway.money.arriving.adopting import ASKED_MINUTES, PAGE_URL, Adopting
from gateway.rooms.asking import Ask, Reply, see_other
from gateway.rooms.pages import Pages, login_url
from gateway.rooms.return_to import return_to
from gateway.rooms.routes import Doorway, router_of

_TOKEN_MAX = 100
_KEPT = "mine"  # the name of the link that the browser keeps
_COOKIE_SECONDS = 3600
_SAID = frozenset(("sent", "done"))


class Limits(Protocol):
    async def mail(self, network: str, address: str) -> None:
        """Raises TooManyLogins and StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptingPages:
    """``cookie_name`` is the one that a browser keeps a link under. ``demo_mail_url`` is where the demo
    shows its mails; empty elsewhere."""

    site_url: str
    adopting: Adopting
    accounts: Accounts
    pages: Pages
    limits: Limits
    cookie_name: bytes
    secure: bool
    demo_mail_url: str = ""

    def application(self, door: Doorway) -> Any:
        return router_of(
            [
                door.route(PAGE_URL, self.show),
                door.route(PAGE_URL, self.ask_for, "POST"),
                door.named(f"{PAGE_URL}/{{name}}", self.look),
                door.named(f"{PAGE_URL}/{{name}}", self.take, "POST"),
            ]
        )

    async def show(self, ask: Ask) -> Reply:
        """``GET /-/adopt``."""
        said = ask.asked("said")
        return await self._page(ask, state=said if said in _SAID else "form")

    async def ask_for(self, ask: Ask) -> Reply:
        """``POST /-/adopt``: an address was typed."""
        written, back = ask.written("email").strip(), self._back(ask.written("return_to"))
        email = address(written)
        if not email:
            wrong = "login.mail.bad-address"
            return await self._page(ask, state="form", status=400, message=wrong, email=written)
        try:
            await self.limits.mail(ask.network, email)
        except TooManyLogins as many:
            wrong = "login-failed.too-many.text"
            reply = await self._page(ask, state="form", status=429, message=wrong, email=written)
            return reply.with_headers((b"retry-after", b"%d" % many.seconds))
        await self.adopting.ask(email, language=ask.language, return_to=back, now=ask.now)
        return see_other(page_url(back, ask.language, said="sent"))

    async def look(self, ask: Ask, name: str) -> Reply:
        """``GET /-/adopt/{token}``: a button, or the way to log in first."""
        token = self._token(ask, name)
        link = await self._found(ask, token)
        if link is None:
            return await self._over(ask)
        account = await self._reader(ask)
        kept = set_cookie(self.cookie_name, token, secure=self.secure, seconds=_COOKIE_SECONDS)
        reply = await self.pages.page(
            ask,
            "adopt-link",
            action=f"{PAGE_URL}/{_KEPT}",
            signed_in=account is not None,
            who=(account.email or account.name) if account else "",
            login_url=login_url(f"{PAGE_URL}/{_KEPT}", ask.language),
        )
        return reply.with_cookies(kept)

    async def take(self, ask: Ask, name: str) -> Reply:
        """``POST /-/adopt/{token}``."""
        token = self._token(ask, name)
        account = await self._reader(ask)
        if account is None:
            return await self.look(ask, name)
        taken = None
        if 0 < len(token) <= _TOKEN_MAX:
            taken = await self.adopting.take(token, account.id, now=ask.now)
        if taken is None:
            return await self._over(ask)
        over = set_cookie(self.cookie_name, "", secure=self.secure, seconds=0)
        done = page_url(self._back(taken.return_to), ask.language, said="done")
        return see_other(done).with_cookies(over)

    async def _page(
        self, ask: Ask, *, state: str, status: int = 200, message: str = "", email: str = ""
    ) -> Reply:
        back = self._back(ask.written("return_to") or ask.asked("return_to"))
        account = await self._reader(ask)
        proved = account.email if account is not None and account.email_verified else ""
        seems = bool(proved and state == "form" and await self.adopting.adoptable(proved))
        return await self.pages.page(
            ask,
            "adopt",
            status=status,
            state=state,
            action=PAGE_URL,
            email=email[:320] or proved,
            seems=seems,
            message=message,
            minutes=ASKED_MINUTES,
            return_to=back,
            again_url=page_url(back, ask.language),
            demo_mail_url=self.demo_mail_url,
        )

    async def _over(self, ask: Ask) -> Reply:
        reply = await self._page(ask, state="over", status=400)
        return reply.with_cookies(set_cookie(self.cookie_name, "", secure=self.secure, seconds=0))

    async def _found(self, ask: Ask, token: str) -> Link | None:
        if not 0 < len(token) <= _TOKEN_MAX:
            return None
        return await self.adopting.find(token, now=ask.now)

    def _token(self, ask: Ask, name: str) -> str:
        if name != _KEPT:
            return name
        found = [value for key, value in ask.cookies if key == self.cookie_name]
        return found[0].decode("latin-1") if len(found) == 1 else ""

    async def _reader(self, ask: Ask) -> Account | None:
        if not ask.session_id:
            return None
        login = await self.accounts.login(ask.session_id, now=ask.now)
        if login is None:
            return None
        return await self.accounts.account(login.reader_id, session_id="", now=ask.now)

    def _back(self, written: str) -> str:
        return return_to(written, site_url=self.site_url)


def page_url(back: str, language: str, *, said: str = "") -> str:
    told = f"&said={said}" if said else ""
    return f"{PAGE_URL}?return_to={quote(back, safe='/')}&lang={language}{told}"
