"""``/-/account``: what a reader sees and changes of their own. Every change is a POST of its own page.

What must not be here: what a subscription costs or how it is paid; the money way says that through
``Subscriptions``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from gateway.errors import StoreUnavailable, StripeRefused, StripeUnavailable
from gateway.identity.accounts import Account, Login, Paid
from gateway.identity.roles import Operators
from gateway.login.entering import Entering
from gateway.login.joining import Joins
from gateway.login.pages import Pages
from gateway.model.language import nearest
from gateway.ops.logs import logger
from gateway.rooms.asking import PRIVATE, Ask, Reply, see_other
from gateway.rooms.pages import login_url
from gateway.rooms.return_to import return_to

ACCOUNT_URL = "/-/account"
_NAME_MAX = 80


class Words(Protocol):
    """Times and languages as a page says them."""

    def day(self, instant: float, language: str) -> str: ...

    def moment(self, instant: float, language: str) -> str: ...

    def languages(self, language: str) -> Sequence[tuple[str, str]]:
        """Code and name of each language of the site, named in ``language``."""

    def country(self, code: str, language: str) -> str: ...


class Forgetting(Protocol):
    async def forget(self, reader: str, *, by: str, now: float) -> None:
        """All that is kept of a reader goes, once what they pay has ended. Raises StripeUnavailable or
        StripeRefused, and then nothing has gone; and StoreUnavailable."""


class Exporting(Protocol):
    async def export(self, reader: str) -> dict[str, Any]:
        """All that is kept of a reader and of nobody else, but what opens something. Raises
        StoreUnavailable."""


class Subscriptions(Protocol):
    """What a reader has subscribed to, as the account page shows it."""

    async def shown(self, account: Account, language: str, now: float) -> Paid: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPages:
    """``manage_url`` and ``cancel_url`` are empty where nothing is sold."""

    site_url: str
    entering: Entering
    joins: Joins
    pages: Pages
    operators: Operators
    words: Words
    subscriptions: Subscriptions
    forgetting: Forgetting
    exporting: Exporting
    names: Mapping[str, str]
    languages: tuple[str, ...]
    manage_url: str = ""
    cancel_url: str = ""

    async def show(self, ask: Ask) -> Reply:
        found = await self._signed_in(ask)
        if isinstance(found, Reply):
            return found
        chosen = nearest(found[1].language, self.languages)
        if not ask.asked("lang") and chosen:
            ask = replace(ask, language=chosen)  # what the reader chose here, over the browser's
        return await self._page(ask, *found)

    async def rename(self, ask: Ask) -> Reply:
        found = await self._signed_in(ask)
        if isinstance(found, Reply):
            return found
        name = " ".join("".join(c for c in ask.written("name") if c.isprintable()).split())
        language = ask.written("language")
        if language not in self.languages:
            language = found[1].language
        await self.entering.accounts.rename(
            found[0].reader_id, name=name[:_NAME_MAX], language=language, now=ask.now
        )
        return see_other(f"{ACCOUNT_URL}?said=saved&lang={language or ask.language}")

    async def end_sessions(self, ask: Ask) -> Reply:
        """One by its key; or all others; or, with ``everywhere``, this one too."""
        found = await self._signed_in(ask)
        if isinstance(found, Reply):
            return found
        login, accounts = found[0], self.entering.accounts
        if ask.written("everywhere") == "1":
            await accounts.end_all(login.reader_id, now=ask.now)
            return self.entering.out(login_url(ACCOUNT_URL, ask.language))
        if ask.written("all") == "1":
            await accounts.end_all(login.reader_id, but=login.session_id, now=ask.now)
        else:
            await accounts.end_by_key(login.reader_id, ask.written("key"), now=ask.now)
        return see_other(f"{ACCOUNT_URL}?said=ended&lang={ask.language}")

    async def remove_way(self, ask: Ask) -> Reply:
        found = await self._signed_in(ask)
        if isinstance(found, Reply):
            return found
        done = await self.entering.accounts.remove_way(
            found[0].reader_id, ask.written("key"), now=ask.now
        )
        said = "removed" if done else "last-way"
        return see_other(f"{ACCOUNT_URL}?said={said}&lang={ask.language}")

    async def export(self, ask: Ask) -> Reply:
        """All that is kept of the reader, as JSON to keep."""
        found = await self._signed_in(ask)
        if isinstance(found, Reply):
            return found
        kept = await self.exporting.export(found[0].reader_id)
        headers = (
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-disposition", b'attachment; filename="account.json"'),
            *PRIVATE,
        )
        text = json.dumps(kept, indent=2, ensure_ascii=False)
        # Half a surrogate pair, which JSON can say and UTF-8 can't, stays as JSON writes it.
        return Reply(200, headers, text.encode("utf-8", "backslashreplace"))

    async def erase(self, ask: Ask) -> Reply:
        """Asks once more; with ``confirm=yes`` it is done, and can't be undone. A subscription ends with
        it, so where that can't be ended just now nothing is erased either."""
        found = await self._signed_in(ask)
        if isinstance(found, Reply):
            return found
        login, account = found
        if ask.written("confirm") != "yes":
            return await self._erase_page(ask, account)
        try:
            await self.forgetting.forget(login.reader_id, by=login.reader_id, now=ask.now)
        except (StripeUnavailable, StripeRefused) as error:
            logger("lychgate.login").error("not-erased", reason=error.reason, detail=error.detail)
            later = await self._erase_page(ask, account, status=503, later=True)
            return later.with_headers((b"retry-after", b"60"))
        if self.joins.mailing is not None and account.email_verified:
            with contextlib.suppress(StoreUnavailable):  # done is done, told or not
                await self.joins.mailing.notice(ask, account.email, kind="erased")
        # No address for it: nobody else could be told that an account of theirs is erased.
        return self.entering.ended(await self.pages.page(ask, "account-erased", home="/"))

    async def _erase_page(
        self, ask: Ask, account: Account, *, status: int = 200, later: bool = False
    ) -> Reply:
        paid = await self.subscriptions.shown(account, ask.language, ask.now)
        return await self.pages.page(
            ask,
            "account-erase",
            status=status,
            email=account.email,
            plan=", ".join(dict.fromkeys(str(each["plan"]) for each in paid.held)),
            later=later,
            action=f"{ACCOUNT_URL}/erase",
            account_url=ACCOUNT_URL,
        )

    async def _signed_in(self, ask: Ask) -> tuple[Login, Account] | Reply:
        """Whoever is logged in; or the way to the login page and back here."""
        login, account = await self.entering.login(ask), None
        if login is not None:
            account = await self.entering.accounts.account(
                login.reader_id, session_id=login.session_id, now=ask.now
            )
        if login is None or account is None:
            return see_other(login_url(ACCOUNT_URL, ask.language))
        return login, account

    async def _page(self, ask: Ask, login: Login, account: Account) -> Reply:
        words, language = self.words, ask.language
        chosen = nearest(account.language, self.languages)
        paid = await self.subscriptions.shown(account, language, ask.now)
        return await self.pages.page(
            ask,
            "account",
            reader={
                "name": account.name,
                "email": account.email,
                "email_verified": account.email_verified,
                "language": chosen,
                "member_since": words.day(account.created_at, language),
            },
            subscriptions=paid.held,
            ended=paid.ended,
            manage_url=self.manage_url,
            cancel_url=self.cancel_url if any(each.get("paid") for each in paid.held) else "",
            adopt_url=self.pages.adopt_url,
            ways=self._ways(account),
            add_ways=self._further_ways(ask, account),
            add_mail=self.pages.mails,
            mail_url="/-/login/mail",
            sessions=[
                {
                    "key": each.key,
                    "device": each.device,
                    "place": words.country(each.country, language) or _place(each.network),
                    "last_seen": words.moment(each.last_seen_at, language),
                    "current": each.current,
                }
                for each in account.sessions
            ],
            roles=sorted(self.operators.roles(login)),
            message=_said(ask),
            languages=[
                {"code": code, "name": name, "chosen": code == chosen}
                for code, name in words.languages(language)
            ],
            return_to=return_to(ask.asked("return_to"), site_url=self.site_url),
        )

    def _further_ways(self, ask: Ask, account: Account) -> list[dict[str, str]]:
        known = {each.provider for each in account.ways}
        back = f"{ACCOUNT_URL}?said=added"
        listed = self.pages.ways(ask, back, add="1")
        return [each for each in listed if each["id"] not in known]

    def _ways(self, account: Account) -> list[dict[str, object]]:
        return [
            {
                "key": each.key,
                "name": self.names.get(each.provider, each.provider),
                "detail": each.email,
                "removable": len(account.ways) > 1,
            }
            for each in account.ways
        ]


def _place(network: str) -> str:
    """A network as an address with a blank, where nobody tells the country."""
    mark = ":" if ":" in network else "."
    return f"{network}{mark}*" if network else ""


_SAID = frozenset(("saved", "ended", "removed", "last-way", "added"))


def _said(ask: Ask) -> str:
    said = ask.asked("said")
    return f"account.said.{said}" if said in _SAID else ""
