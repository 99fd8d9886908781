"""The login way put together from the settings: providers, mail, roles, and the pages that say so.

Imported where there is a store, and no earlier: Authlib and the rest cost a start half a second.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from gateway.identity.cookies import CookieSigner
from gateway.login.account import AccountPages, Exporting, Forgetting, Subscriptions
from gateway.login.attempts import Attempts
from gateway.login.client import Client
from gateway.login.entering import Entering, Offer
from gateway.login.front import Front
from gateway.login.joining import Joins
from gateway.login.leaving import Leaving
from gateway.login.mailed_link import PROVIDER as MAIL
from gateway.login.mailed_link import MailedLink
from gateway.login.mailing import Mailing
from gateway.login.pages import Pages
from gateway.login.routes import Roads, router
from gateway.stores.accounts import Accounts
from gateway.stores.engine import Store
from gateway.stores.mailed import MailedLogins
from gateway.wiring.ground import Ground
from gateway.wiring.providers import provider_of
from gateway.wiring.staff import operators_of
from gateway.wiring.words import Held, Words

_PORTAL, _CANCEL = "/-/portal", "/-/cancel"
_CODE_PURPOSE = b"lychgate.mailed-code.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What the money way has for the login way. ``subscriptions`` None: nothing is sold here.
    ``form_targets``: where the account's button to the payment provider leads."""

    forgetting: Forgetting
    exporting: Exporting
    subscriptions: Subscriptions | None = None
    offer: Offer | None = None
    adopt_url: str = ""
    form_targets: tuple[str, ...] = ()


class Login:
    """``application`` answers where readers log in, and their account; ``close`` ends its connections."""

    def __init__(self, ground: Ground, *, paying: Paying) -> None:
        settings, store, clock = ground.settings, ground.store, ground.clock
        self._settings, self._paying = settings, paying
        self._client = Client()
        self.providers = {
            each.id: provider_of(each, client=self._client, clock=clock, settings=settings)
            for each in settings.login.provider
        }
        self._names = {each.id: each.name for each in self.providers.values()} | {MAIL: "e-mail"}
        self._keys = [key.get_secret_value() for key in settings.keys.cookie]
        self._cookie_name = ground.cookie_name
        self._secure = ground.secure
        self._limits = ground.limits
        self._pages = Pages(
            ground.templates,
            dress=ground.dress,
            dressed=bool(settings.site.shell),
            providers=self.providers.values(),
            mails=settings.mail is not None,
            adopt_url=paying.adopt_url,
            form_targets=paying.form_targets,
        )
        signer = CookieSigner(self._keys)
        accounts = Accounts(store)
        self._entering = Entering(
            accounts=accounts,
            signer=signer,
            cookie_name=self._cookie_name,
            secure=self._secure,
            offer=paying.offer,
        )
        self._mailing = self._mailing_on(store) if settings.mail is not None else None
        self._joins = Joins(
            accounts=accounts,
            pages=self._pages,
            mailing=self._mailing,
            names=self._names,
            demo_mail_url=ground.mail_shown_at,
        )
        roads = Roads(
            front=self._front(),
            mailed=self._mailed(ground.mail_shown_at),
            account=self._account(),
            leaving=Leaving(
                site_url=settings.site.url,
                providers=self.providers,
                entering=self._entering,
                pages=self._pages,
            ),
        )
        self.application = router(roads, ground.doorway(self._pages.of_error))

    def form_targets(self) -> list[str]:
        """Origins that a page's form for logging out may lead to."""
        return self._pages.form_targets()

    @property
    def mailing(self) -> Mailing | None:
        """None where there is no [mail]."""
        return self._mailing

    async def close(self) -> None:
        for provider in self.providers.values():
            await provider.close()
        await self._client.close()

    def _mailing_on(self, store: Store) -> Mailing:
        return Mailing(
            site_url=self._settings.site.url,
            mailed=MailedLogins(store),
            drawing=self._pages.drawing,
            limits=self._limits,
            keys=tuple(
                hmac.digest(key.encode(), _CODE_PURPOSE, hashlib.sha256) for key in self._keys
            ),
            cookie_name=self._cookie_name + b"-mail",
            secure=self._secure,
        )

    def _front(self) -> Front:
        return Front(
            site_url=self._settings.site.url,
            providers=self.providers,
            attempts=Attempts(self._keys, prefix=self._cookie_name),
            entering=self._entering,
            joins=self._joins,
            pages=self._pages,
            limits=self._limits,
        )

    def _mailed(self, demo_mail_url: str) -> MailedLink | None:
        if self._mailing is None:
            return None
        return MailedLink(
            site_url=self._settings.site.url,
            entering=self._entering,
            joins=self._joins,
            mailing=self._mailing,
            pages=self._pages,
            limits=self._limits,
            demo_mail_url=demo_mail_url,
        )

    def _account(self) -> AccountPages:
        settings = self._settings
        return AccountPages(
            site_url=settings.site.url,
            entering=self._entering,
            joins=self._joins,
            pages=self._pages,
            operators=operators_of(settings),
            words=Words(settings),
            subscriptions=self._paying.subscriptions or Held(settings),
            manage_url=_PORTAL if settings.stripe is not None else "",
            cancel_url=_CANCEL if settings.stripe is not None else "",
            forgetting=self._paying.forgetting,
            exporting=self._paying.exporting,
            names=self._names,
            languages=tuple(settings.site.languages),
        )
