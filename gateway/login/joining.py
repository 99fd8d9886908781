"""One address, two ways in: the reader proves the address, and the two are one account.

A provider says who somebody is and that an address is theirs; an account with that address is there
already. Nothing is linked on a provider's word alone: a code goes to the address, and comes back in
the very browser that logged in. Or the reader keeps two accounts, knowingly.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gateway.identity.accounts import Accounts
from gateway.identity.mailed import Mailed, Purpose
from gateway.login.mailing import Mailing
from gateway.login.pages import Pages
from gateway.login.provider import Provider
from gateway.model.identity import Identity
from gateway.rooms.asking import Ask, Reply, see_other
from gateway.rooms.pages import login_url

CODE_URL = "/-/login/code"
APART_URL = "/-/login/code/apart"
_TOLD_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Joins:
    """``mailing`` is None where no mail is set up. ``names``: what ways to log in are called.
    ``demo_mail_url`` is where the demo shows its mails; empty elsewhere."""

    accounts: Accounts
    pages: Pages
    mailing: Mailing | None
    names: dict[str, str]
    demo_mail_url: str = ""

    async def ask(self, ask: Ask, provider: Provider, identity: Identity, back: str) -> Reply:
        """The address is another account's: a code is mailed there, and asked for."""
        if self.mailing is None:
            return await self._elsewhere(ask, provider, identity, back)
        carried = {"identity": asdict(identity), "provider": provider.id}
        cookie = await self.mailing.send(
            ask,
            purpose=Purpose.JOIN,
            email=identity.email,
            back=back,
            carried=carried,
            provider=provider.name,
        )
        return see_other(f"{CODE_URL}?lang={ask.language}").with_cookies(cookie)

    async def page(self, ask: Ask, mailed: Mailed, *, wrong: bool) -> Reply:
        provider = str(mailed.carried["provider"])
        return await self.pages.page(
            ask,
            "login-join",
            status=400 if wrong else 200,
            code_url=CODE_URL,
            separate_url=APART_URL,
            email=mailed.email,
            provider=self.names.get(provider, provider),
            wrong=wrong,
            mailed=True,
            demo_mail_url=self.demo_mail_url,
            ways=[],
            login_url=login_url(mailed.return_to, ask.language),
        )

    async def tell_of_new_way(self, ask: Ask, reader_id: str, name: str) -> None:
        """A mail to each address that the account has proved, for one of them alone may be in other hands:
        whoever didn't add it wants to know. The first way of all is nobody's news."""
        if self.mailing is None:
            return
        account = await self.accounts.account(reader_id, session_id="", now=ask.now)
        if account is None or len(account.ways) == 1:
            return
        own = [account.email] if account.email_verified else []
        proved = dict.fromkeys([*own, *(each.email for each in account.ways if each.proved)])
        for email in list(proved)[:_TOLD_MAX]:
            await self.mailing.notice(ask, email, kind="new-way", provider=name)

    async def _elsewhere(
        self, ask: Ask, provider: Provider, identity: Identity, back: str
    ) -> Reply:
        """Without mail: the way that was there first proves the account, and can add this one."""
        known = await self.accounts.ways_of_address(identity.email)
        return await self.pages.page(
            ask,
            "login-join",
            status=409,
            code_url=CODE_URL,
            separate_url="",
            email=identity.email,
            provider=provider.name,
            wrong=False,
            mailed=False,
            ways=[self.names.get(each, each) for each in known],
            login_url=login_url(back, ask.language),
        )


def carried_identity(carried: Any) -> Identity:
    """As ``Joins.ask`` put it into the store."""
    told = dict(carried["identity"])
    return Identity(**{**told, "groups": tuple(told["groups"])})
