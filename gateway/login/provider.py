"""The one door to login providers: what a login needs of any of them, and OpenID Connect.

``token_client`` draws up the authorization request and the token request, with PKCE and the client's
proof; what its library leaves unchecked (the id token's claims, the response's issuer, the metadata) is
checked in ``checks``, and keys live in ``keys``. Every error that comes out of here is one of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from gateway.clock import Clock
from gateway.errors import LoginRefused, ProviderUnavailable
from gateway.login import checks
from gateway.login.checks import LogoutNotice, Metadata, Refusal
from gateway.login.client import Client, in_time
from gateway.login.keys import THROTTLE_SECONDS, Kept, Keys, NamedKey, read_keys
from gateway.login.token_client import Registration, TokenClient, redeemed, token_client
from gateway.model.identity import Identity

_WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a callback proved. ``id_token`` is what logging out at the provider may need."""

    identity: Identity
    id_token: str = ""


class Provider(Protocol):
    """``form_post``: its callback is a form posted from its own site.

    Each method raises ProviderUnavailable, within three seconds; ``identify`` also LoginRefused.
    """

    id: str
    name: str
    issuer: str
    form_post: bool

    async def authorization_url(
        self,
        *,
        state: str,
        nonce: str,
        verifier: str,
        redirect_uri: str,
        language: str = "",
        fresh: bool = False,
        login_hint: str = "",
    ) -> str: ...

    async def identify(
        self,
        parameters: Mapping[str, list[str]],
        *,
        state: str,
        nonce: str,
        verifier: str,
        redirect_uri: str,
        now: float,
    ) -> Proof: ...

    async def end_session_url(self, *, id_token: str, back: str, state: str) -> str:
        """Where the reader logs out at the provider too; empty where it has no such place."""

    async def logged_out(self, logout_token: str, *, now: float) -> LogoutNotice: ...

    def form_targets(self) -> tuple[str, ...]:
        """Origins that a form of ours may be redirected to, as far as they are known; what isn't is asked
        for, and the next page has it."""

    async def close(self) -> None: ...


class OpenIDProvider:
    """Implements ``Provider`` by discovery (OpenID Connect Discovery 1.0)."""

    def __init__(self, registration: Registration, *, client: Client, clock: Clock) -> None:
        self._registered = registration
        self.id, self.name = registration.id, registration.name
        self.issuer, self.form_post = registration.issuer, registration.form_post
        self._client = client
        self._metadata: Kept[Metadata] = Kept(fetch=self._fetch_metadata, clock=clock)
        self._keys = Keys(Kept(fetch=self._fetch_keys, clock=clock))
        self._tokens: TokenClient | None = None
        self._clock = clock
        self._ask_at = -math.inf
        self._asking: asyncio.Task[None] | None = None

    async def authorization_url(
        self,
        *,
        state: str,
        nonce: str,
        verifier: str,
        redirect_uri: str,
        language: str = "",
        fresh: bool = False,
        login_hint: str = "",
    ) -> str:
        async with in_time():
            metadata = await self._metadata.get()
        more = {"nonce": nonce, "ui_locales": language, "login_hint": login_hint}
        if self.form_post:
            more["response_mode"] = "form_post"
        if fresh:
            more["prompt"] = "login"
        url, _ = self._token_client(metadata).create_authorization_url(
            metadata.authorization_endpoint,
            state=state,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            **{name: value for name, value in more.items() if value},
        )
        return str(url)

    async def identify(
        self,
        parameters: Mapping[str, list[str]],
        *,
        state: str,
        nonce: str,
        verifier: str,
        redirect_uri: str,
        now: float,
    ) -> Proof:
        async with in_time():
            metadata = await self._metadata.get()
            code = checks.check_callback(
                parameters,
                state=state,
                metadata_issuer=metadata.issuer,
                iss_required=metadata.iss_in_response,
            )
            # Asking and verifying take half a millisecond each: others have their turn in between.
            await asyncio.sleep(0)
            tokens = await self._redeem(metadata, code, verifier, redirect_uri)
            await asyncio.sleep(0)
            id_token, access_token = tokens.get("id_token"), tokens["access_token"]
            if not isinstance(id_token, str):
                raise LoginRefused(Refusal.MISSING_TOKEN, "id_token")
            claims, algorithm = await self._keys.verified(id_token, algorithms=metadata.algorithms)
            identity = checks.check_id_token(
                claims,
                issuer=metadata.issuer,
                client_id=self._registered.client_id,
                nonce=nonce,
                now=now,
                access_token=access_token,
                algorithm=algorithm,
            )
            identity = await self._completed(metadata, identity, access_token)
        if not identity.name and self._registered.name_posted is not None:
            identity = replace(identity, name=self._registered.name_posted(parameters))
        return Proof(identity, id_token)

    async def end_session_url(self, *, id_token: str, back: str, state: str) -> str:
        async with in_time():
            endpoint = (await self._metadata.get()).end_session_endpoint
        if not endpoint:
            return ""
        told = {
            "id_token_hint": id_token,
            "client_id": self._registered.client_id,
            "post_logout_redirect_uri": back,
            "state": state,
        }
        mark = "&" if "?" in endpoint else "?"
        return endpoint + mark + urlencode({name: value for name, value in told.items() if value})

    async def logged_out(self, logout_token: str, *, now: float) -> LogoutNotice:
        async with in_time():
            metadata = await self._metadata.get()
            claims, _ = await self._keys.verified(logout_token, algorithms=metadata.algorithms)
        return checks.check_logout_token(
            claims, issuer=metadata.issuer, client_id=self._registered.client_id, now=now
        )

    def form_targets(self) -> tuple[str, ...]:
        metadata = self._metadata.value
        if metadata is None:
            self._ask_ahead()
        endpoint = metadata.end_session_endpoint if metadata else ""
        parts = urlsplit(endpoint or self.issuer)
        return (f"{parts.scheme}://{parts.netloc}",)

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        if self._tokens is not None:
            await self._tokens.aclose()

    def _ask_ahead(self) -> None:
        """Once in a while, beside the page that is being drawn."""
        now = self._clock.monotonic()
        if now >= self._ask_at:
            self._ask_at = now + THROTTLE_SECONDS
            self._asking = asyncio.create_task(self._asked_ahead())

    async def _asked_ahead(self) -> None:
        with contextlib.suppress(ProviderUnavailable):
            async with in_time():
                await self._metadata.get()

    async def _redeem(
        self, metadata: Metadata, code: str, verifier: str, redirect_uri: str
    ) -> dict[str, Any]:
        client = self._token_client(metadata)
        client.client_secret = self._registered.secret()
        tokens = await redeemed(
            client, metadata.token_endpoint, code=code, verifier=verifier, redirect_uri=redirect_uri
        )
        if str(tokens.get("token_type", "")).lower() != "bearer":
            raise LoginRefused(Refusal.CODE_REFUSED, "token_type")
        return tokens

    async def _completed(
        self, metadata: Metadata, identity: Identity, access_token: str
    ) -> Identity:
        """With what only the userinfo endpoint tells, where something is missing."""
        missing = not identity.email or (self._registered.wants_groups and not identity.groups)
        if not metadata.userinfo_endpoint or not missing:
            return identity
        told = await self._client.json(
            metadata.userinfo_endpoint, headers={"authorization": f"Bearer {access_token}"}
        )
        return checks.completed(identity, checks.check_userinfo(told, subject=identity.subject))

    async def _fetch_metadata(self) -> Metadata:
        document = await self._client.json(self.issuer.rstrip("/") + _WELL_KNOWN)
        try:
            return checks.check_metadata(document, issuer=self.issuer)
        except LoginRefused as refused:
            raise ProviderUnavailable(str(refused)) from None

    async def _fetch_keys(self) -> tuple[NamedKey, ...]:
        metadata = await self._metadata.get()
        return read_keys(await self._client.json(metadata.jwks_uri))

    def _token_client(self, metadata: Metadata) -> TokenClient:
        if self._tokens is None:
            methods = metadata.token_auth_methods
            post = "client_secret_post" in methods and "client_secret_basic" not in methods
            self._tokens = token_client(
                self._registered, method="client_secret_post" if post else "client_secret_basic"
            )
        return self._tokens
