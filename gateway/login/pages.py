"""The pages of the login way: the ways in, listed, and what is said when a login fails."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import quote

from gateway.errors import (
    LoginRefused,
    LychgateError,
    ProviderUnavailable,
    StoreUnavailable,
    TooManyLogins,
)
from gateway.login.failing import STATUSES, Failing, told
from gateway.login.provider import Provider
from gateway.model.request import Request
from gateway.ops.logs import logger, shown
from gateway.rooms import pages as rooms
from gateway.rooms.asking import Ask, Reply
from gateway.rooms.pages import Drawing, login_url

ROUNDS_MAX = 3


def provider_url(provider: str, return_to: str, language: str, **more: str) -> str:
    told = "".join(f"&{name}={quote(value, safe='/')}" for name, value in more.items())
    return f"/-/login/{provider}?return_to={quote(return_to, safe='/')}&lang={language}{told}"


class Pages(rooms.Pages):
    """Those of the login way: they list the providers, whose own pages a form may lead to. ``adopt_url``
    is for those who pay already; empty where nothing is sold. ``form_targets`` are further origins."""

    def __init__(
        self,
        drawing: Drawing,
        *,
        dress: Callable[[bytes, Request], Awaitable[bytes]],
        dressed: bool,
        providers: Iterable[Provider],
        mails: bool,
        adopt_url: str = "",
        form_targets: Iterable[str] = (),
    ) -> None:
        self._providers, self._further_targets = tuple(providers), tuple(form_targets)
        super().__init__(drawing, dress=dress, dressed=dressed, form_targets=self.form_targets)
        self.mails = mails
        self.adopt_url = adopt_url

    def form_targets(self) -> list[str]:
        """Where a form may lead: to log out is a form that ends at the provider."""
        targets = [origin for each in self._providers for origin in each.form_targets()]
        return [*targets, *self._further_targets]

    async def failed(
        self,
        ask: Ask,
        failing: Failing,
        *,
        provider: Provider | None = None,
        return_to: str = "/",
        round_: int = 1,
        retry_after: int = 0,
        error_id: str = "",
    ) -> Reply:
        """Says what happened and offers a fresh start, three times; then only the other ways."""
        loop = round_ >= ROUNDS_MAX and failing is not Failing.CANCELLED
        again = ""
        if provider is not None and not loop:
            again = provider_url(provider.id, return_to, ask.language, round=str(round_ + 1))
        reply = await self.page(
            ask,
            "login-failed",
            status=STATUSES.get(failing, 400),
            said=str(Failing.LOOP if loop else failing),
            provider=provider.name if provider else "",
            again_url=again,
            others=[each for each in self.ways(ask, return_to) if not _is(each, provider)],
            mail=self.mails,
            login_url=login_url(return_to, ask.language),
            help_url=f"/-/help?from={quote(return_to, safe='/')}&lang={ask.language}",
            error_id=error_id or ask.request.id or secrets.token_hex(6),
        )
        if reply.status == 503:
            retry_after = retry_after or 5
        if not retry_after:
            return reply
        return reply.with_headers((b"retry-after", b"%d" % retry_after))

    async def of_error(
        self,
        ask: Ask,
        error: LychgateError,
        *,
        provider: Provider | None = None,
        return_to: str = "/",
        round_: int = 1,
    ) -> Reply:
        """The page of an error that a road raised. Raises it again where no page of ours is for it."""
        if isinstance(error, LoginRefused):
            failing = told(error.reason)
        elif isinstance(error, ProviderUnavailable):
            failing = Failing.PROVIDER_DOWN
        elif isinstance(error, TooManyLogins):
            failing = Failing.TOO_MANY
        elif isinstance(error, StoreUnavailable):
            failing = Failing.STORE_DOWN
        else:
            raise error
        detail = getattr(error, "detail", "")
        name = provider.id if provider else ""
        logger("lychgate.login").warning(
            "login-failed", reason=error.reason, detail=shown(detail), provider=name
        )
        return await self.failed(
            ask,
            failing,
            provider=provider,
            return_to=return_to,
            round_=round_,
            retry_after=error.seconds if isinstance(error, TooManyLogins) else 0,
        )

    def ways(self, ask: Ask, return_to: str, **more: str) -> list[dict[str, str]]:
        """The providers, as a page lists them."""
        return [
            {
                "id": each.id,
                "name": each.name,
                "url": provider_url(each.id, return_to, ask.language, **more),
            }
            for each in self._providers
        ]


def _is(way: dict[str, str], provider: Provider | None) -> bool:
    return provider is not None and way["id"] == provider.id
