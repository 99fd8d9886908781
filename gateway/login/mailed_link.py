"""The mailed road: an address is typed, a link and a code go there, and either logs in.

Looking at a link does nothing, for mail programs look at links too: GET shows a button, POST logs
in, once. It says the same whether the address is known or not, because an unknown one may register.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.errors import LoginRefused, LychgateError
from gateway.identity.accounts import Entered, Joining, NotEntered
from gateway.identity.mailed import Mailed, Purpose
from gateway.login.address import email_address
from gateway.login.entering import Entering
from gateway.login.failing import Failing
from gateway.login.joining import CODE_URL, Joins, carried_identity
from gateway.login.limits import Limits
from gateway.login.mailing import Mailing, token_hash
from gateway.login.pages import Pages
from gateway.model.identity import MAIL_ISSUER, Identity
from gateway.rooms.asking import Ask, Reply, see_other
from gateway.rooms.pages import login_url
from gateway.rooms.return_to import return_to

PROVIDER = "mail"
_TOKEN_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MailedLink:
    """``demo_mail_url`` is where the demo shows its mails; empty elsewhere."""

    site_url: str
    entering: Entering
    joins: Joins
    mailing: Mailing
    pages: Pages
    limits: Limits
    demo_mail_url: str = ""

    async def ask_for(self, ask: Ask) -> Reply:
        """``POST /-/login/mail``: the address was typed."""
        written = ask.written("email").strip()
        back = return_to(ask.written("return_to"), site_url=self.site_url)
        try:
            email = email_address(written)
        except LoginRefused:
            return await self._choose(ask, back, written)
        try:
            adding_to = await self._adding_to(ask)
            if ask.written("add") == "1" and not adding_to:
                # A login would make an account of the address that was to be added.
                return see_other(login_url(back, ask.language))
            cookie = await self.mailing.send(
                ask,
                purpose=Purpose.ADD if adding_to else Purpose.LOGIN,
                email=email,
                back=back,
                carried={"reader_id": adding_to} if adding_to else None,
            )
        except LychgateError as error:
            return await self.pages.of_error(ask, error, return_to=back)
        return see_other(f"{CODE_URL}?lang={ask.language}").with_cookies(cookie)

    async def look(self, ask: Ask, token: str) -> Reply:
        """``GET /-/login/mail/{token}``: a button."""
        mailed = await self._found(ask, token)
        if mailed is None:
            return await self.pages.failed(ask, Failing.EXPIRED)
        ask = _as_asked_for(ask, mailed)
        return await self.pages.page(
            ask,
            "login-link",
            action=f"/-/login/mail/{token}",
            email=mailed.email,
            foreign=self._foreign(ask, mailed),
            return_to=mailed.return_to,
        )

    async def follow(self, ask: Ask, token: str) -> Reply:
        """``POST /-/login/mail/{token}``. A browser that didn't ask for it has seen the address and
        confirmed it: whoever mails their own link to somebody else logs nobody in unseen."""
        mailed = await self._found(ask, token)
        if mailed is None:
            return await self._over(ask)
        if self._foreign(ask, mailed) and ask.written("confirm") != "1":
            return await self.look(ask, token)
        return await self._enter(ask, mailed)

    async def code(self, ask: Ask, *, wrong: bool = False) -> Reply:
        """``GET /-/login/code``: where the code is typed, in the browser that asked for it."""
        browser = self.mailing.browser(ask)
        mailed = None
        if browser:
            mailed = await self.mailing.mailed.waiting(token_hash(browser), now=ask.now)
        if mailed is not None and mailed.purpose is Purpose.JOIN:
            return await self.joins.page(ask, mailed, wrong=wrong)
        if mailed is None and wrong:
            return await self._over(ask)
        back = mailed.return_to if mailed else "/"
        return await self.pages.page(
            ask,
            "login-sent",
            status=400 if wrong else 200,
            email=mailed.email if mailed else "",
            code_url=CODE_URL,
            return_to=back,
            wrong=wrong,
            login_url=login_url(back, ask.language),
            demo_mail_url=self.demo_mail_url,
        )

    async def type_code(self, ask: Ask) -> Reply:
        """``POST /-/login/code``."""
        browser = self.mailing.browser(ask)
        code = "".join(c for c in ask.written("code") if c.isascii() and c.isdigit())
        try:
            await self.limits.login(ask.network)
            mailed = None
            if browser and len(code) == 6:
                hashed = self.mailing.code_hashes(browser, code)
                mailed = await self.mailing.mailed.try_code(
                    token_hash(browser), hashed, now=ask.now
                )
            return await (self._enter(ask, mailed) if mailed else self.code(ask, wrong=True))
        except LychgateError as error:
            return await self.pages.of_error(ask, error)

    async def apart(self, ask: Ask) -> Reply:
        """``POST /-/login/code/apart``: the reader wants an account of its own for the new way."""
        browser = self.mailing.browser(ask)
        mailed = None
        if browser:
            mailed = await self.mailing.mailed.waiting(token_hash(browser), now=ask.now)
        if mailed is None or mailed.purpose is not Purpose.JOIN:
            return await self.pages.failed(ask, Failing.EXPIRED)
        return await self._enter(ask, mailed, joining=Joining.APART)

    async def _enter(self, ask: Ask, mailed: Mailed, *, joining: Joining = Joining.PROVED) -> Reply:
        ask, adding_to = _as_asked_for(ask, mailed), ""
        if mailed.purpose is Purpose.JOIN:
            identity = carried_identity(mailed.carried)
            provider = str(mailed.carried["provider"])
        else:
            identity = Identity(MAIL_ISSUER, mailed.email, mailed.email, email_verified=True)
            provider = PROVIDER
        if mailed.purpose is Purpose.ADD:
            adding_to = await self._still(ask, str(mailed.carried["reader_id"]))
            if not adding_to:
                return await self.pages.failed(ask, Failing.EXPIRED)
        entered = await self.entering.enter(
            ask,
            identity,
            provider=provider,
            used=mailed.used_key,
            joining=joining,
            adding_to=adding_to,
        )
        if not isinstance(entered, Entered):
            taken = entered is NotEntered.IDENTITY_TAKEN
            failing = Failing.TAKEN if taken else Failing.EXPIRED
            return await self.pages.failed(ask, failing, return_to=mailed.return_to)
        if entered.added:
            name = self.joins.names.get(provider, provider)
            await self.joins.tell_of_new_way(ask, entered.reader_id, name)
        return await self.entering.back(ask, entered, mailed.return_to)

    async def _found(self, ask: Ask, token: str) -> Mailed | None:
        if len(token) > _TOKEN_MAX:
            return None
        return await self.mailing.mailed.find(token_hash(token), now=ask.now)

    def _foreign(self, ask: Ask, mailed: Mailed) -> bool:
        browser = self.mailing.browser(ask)
        return not browser or token_hash(browser) != mailed.browser_hash

    async def _adding_to(self, ask: Ask) -> str:
        login = await self.entering.login(ask) if ask.written("add") == "1" else None
        return login.reader_id if login else ""

    async def _still(self, ask: Ask, reader_id: str) -> str:
        """The reader, if it is still they who are logged in here."""
        login = await self.entering.login(ask)
        return reader_id if login and login.reader_id == reader_id else ""

    async def _over(self, ask: Ask) -> Reply:
        """It has served, or came too late. Whoever is in by it, having pressed twice, goes on."""
        if await self.entering.login(ask):
            return see_other(return_to(ask.written("return_to"), site_url=self.site_url))
        return await self.pages.failed(ask, Failing.EXPIRED)

    async def _choose(self, ask: Ask, back: str, written: str) -> Reply:
        return await self.pages.page(
            ask,
            "login",
            status=400,
            providers=self.pages.ways(ask, back),
            mail=True,
            mail_url="/-/login/mail",
            adopt_url=self.pages.adopt_url,
            return_to=back,
            message="login.mail.bad-address",
            email=written[:320],
            register=ask.written("register") == "1",
        )


def _as_asked_for(ask: Ask, mailed: Mailed) -> Ask:
    """In the language of the page on which the letter was asked for, unless the address says another:
    a link is followed, and a code typed, in whatever browser is at hand."""
    if ask.asked("lang") or not mailed.language:
        return ask
    return replace(ask, language=mailed.language)
