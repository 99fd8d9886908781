"""The way out: logging out here and at the provider, and being logged out by the provider.

RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0) follows ours and never stands before it:
a provider that is away leaves nobody logged in. Back-channel logout (OpenID Connect Back-Channel
Logout 1.0) ends sessions by what the provider signed, and by nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import (
    LoginRefused,
    ProviderUnavailable,
    RequestRefused,
    StoreUnavailable,
)
from gateway.identity.accounts import Login
from gateway.login.checks import LogoutNotice
from gateway.login.entering import USED_SECONDS, Entering
from gateway.login.pages import Pages
from gateway.login.provider import Provider
from gateway.ops.logs import logger, shown
from gateway.rooms.asking import Ask, Reply, see_other
from gateway.rooms.pages import login_url
from gateway.rooms.return_to import return_to

LOGGED_OUT_URL = "/-/logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    site_url: str
    providers: Mapping[str, Provider]
    entering: Entering
    pages: Pages

    async def log_out(self, ask: Ask) -> Reply:
        """``POST /-/logout``: the session ends here first, then where it came from."""
        back = return_to(ask.written("return_to"), site_url=self.site_url)
        login = None
        try:
            login = await self.entering.login(ask)
            if ask.session_id:
                await self.entering.accounts.end(ask.session_id, now=ask.now)
        except StoreUnavailable as error:
            # Its row lives on for now; this browser forgets it all the same.
            logger("lychgate.login").error("session-not-ended", reason=error.reason)
        elsewhere = await self._elsewhere(login, back) if login else ""
        return self.entering.out(elsewhere or back)

    async def logged_out(self, ask: Ask) -> Reply:
        """``GET /-/logout``: where the provider sends the reader back, with our state. Raises
        StoreUnavailable: whether somebody is logged out is then not known."""
        back = return_to(ask.asked("state"), site_url=self.site_url)
        if back != "/":
            return see_other(back)
        if await self.entering.login(ask) is not None:
            # Typed, or an old tab: nobody has logged out, and the button that does it stands there.
            return see_other(login_url("/", ask.language))
        return await self.pages.page(
            ask, "logged-out", login_url=login_url("/", ask.language), home="/"
        )

    async def back_channel(self, ask: Ask, provider_id: str) -> Reply:
        """``POST /-/login/{provider}/backchannel-logout``, from the provider's own server."""
        provider = self.providers.get(provider_id)
        if provider is None:
            raise RequestRefused(404, "no-such-provider")
        try:
            notice = await provider.logged_out(ask.written("logout_token"), now=ask.now)
            ended = await self.entering.accounts.end_by_provider(
                notice.issuer,
                subject=notice.subject,
                provider_session=notice.session_id,
                said_at=notice.issued_at,
                used=_used(provider, notice),
                until=ask.now + USED_SECONDS,
                now=ask.now,
            )
        except LoginRefused as refused:
            _log(provider, refused.reason, refused.detail)
            return _answer(400, {"error": "invalid_request", "error_description": refused.reason})
        except (ProviderUnavailable, StoreUnavailable) as error:
            _log(provider, error.reason, "")
            return _answer(503, {"error": "temporarily_unavailable"})
        if not isinstance(ended, int):
            return _answer(400, {"error": "invalid_request", "error_description": "repeated"})
        return _answer(200, None)

    async def _elsewhere(self, login: Login, back: str) -> str:
        provider = self.providers.get(login.provider)
        if provider is None:
            return ""
        try:
            return await provider.end_session_url(
                id_token=login.id_token, back=f"{self.site_url}{LOGGED_OUT_URL}", state=back
            )
        except ProviderUnavailable:
            return ""  # the reader is logged out here, which is what was asked


def _used(provider: Provider, notice: LogoutNotice) -> str:
    """A name of any length, in the space that the store has for it."""
    named = f"{provider.id} {notice.issuer} {notice.token_id}"
    return f"logout {hashlib.sha256(named.encode()).hexdigest()}"


def _answer(status: int, body: dict[str, str] | None) -> Reply:
    headers = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
    return Reply(status, headers, json.dumps(body).encode() if body else b"")


def _log(provider: Provider, reason: str, detail: str) -> None:
    logger("lychgate.login").warning(
        "back-channel-logout-refused", reason=reason, detail=shown(detail), provider=provider.id
    )
