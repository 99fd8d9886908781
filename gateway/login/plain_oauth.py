"""Providers of plain OAuth 2, which prove nobody by themselves: GitHub and Facebook.

What they sign is nothing, so who came is asked of their API with the fresh access token, over TLS.
Of GitHub's addresses the primary one counts, and it must be verified; one of Facebook's never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import LoginRefused, ProviderUnavailable
from gateway.login import checks
from gateway.login.checks import LogoutNotice, Refusal
from gateway.login.client import Client, in_time
from gateway.login.provider import Proof
from gateway.login.token_client import Registration, TokenClient, redeemed, token_client
from gateway.model.identity import Identity


@dataclass(frozen=True, slots=True)
class Endpoints:
    """``answers_as`` follows the issuer of the config in the ``iss`` of a callback (RFC 9207)."""

    authorize: str
    token: str
    api: str
    scopes: tuple[str, ...]
    answers_as: str = ""


GITHUB = Endpoints(
    "https://github.com/login/oauth/authorize",
    "https://github.com/login/oauth/access_token",
    "https://api.github.com",
    ("read:user", "user:email"),
    # https://docs.github.com/en/apps/github-authentication-discovery-endpoints, "Issuer"
    answers_as="/login/oauth",
)
_GITHUB_ADDRESS = (("email", "email"), ("email_verified", "verified"))
FACEBOOK = Endpoints(
    "https://www.facebook.com/v23.0/dialog/oauth",
    "https://graph.facebook.com/v23.0/oauth/access_token",
    "https://graph.facebook.com/v23.0",
    ("public_profile", "email"),
)


class PlainOAuth:
    """Implements ``provider.Provider``; a kind tells how to ask who came."""

    form_post = False

    def __init__(
        self, registration: Registration, *, kind: str, endpoints: Endpoints, client: Client
    ) -> None:
        self._registered = registration
        self.id, self.name, self.issuer = registration.id, registration.name, registration.issuer
        self._who = {"github": self._at_github, "facebook": self._at_facebook}[kind]
        self._endpoints = endpoints
        self._client = client
        self._tokens: TokenClient | None = None

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
        more = {"login": login_hint} if login_hint else {}
        url, _ = self._token_client().create_authorization_url(
            self._endpoints.authorize,
            state=state,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
            **more,
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
        code = checks.check_callback(
            parameters,
            state=state,
            metadata_issuer=self.issuer.rstrip("/") + self._endpoints.answers_as,
            iss_required=False,
        )
        async with in_time():
            tokens = await redeemed(
                self._token_client(),
                self._endpoints.token,
                code=code,
                verifier=verifier,
                redirect_uri=redirect_uri,
            )
            return Proof(await self._who(tokens["access_token"]))

    async def end_session_url(self, *, id_token: str, back: str, state: str) -> str:
        return ""

    async def logged_out(self, logout_token: str, *, now: float) -> LogoutNotice:
        raise LoginRefused(Refusal.BAD_TOKEN, "this provider sends no logout tokens")

    def form_targets(self) -> tuple[str, ...]:
        parts = urlsplit(self._endpoints.authorize)
        return (f"{parts.scheme}://{parts.netloc}",)

    async def close(self) -> None:
        if self._tokens is not None:
            await self._tokens.aclose()

    async def _at_github(self, access_token: str) -> Identity:
        """https://docs.github.com/en/rest/users: the number stays when the login name changes.

        Addresses are withheld from an app that may not read them; the reader has none here then.
        """
        me = _object(await self._ask("/user", access_token))
        listed = await self._ask("/user/emails", access_token, withheld=(403, 404))
        addresses = listed if isinstance(listed, list) else []
        primary: dict[str, object] = next(
            (each for each in addresses if isinstance(each, dict) and each.get("primary") is True),
            {},
        )
        told = {name: primary.get(key) for name, key in _GITHUB_ADDRESS}
        return self._identity(me.get("id"), {"name": me.get("name"), **told})

    async def _at_facebook(self, access_token: str) -> Identity:
        me = _object(await self._ask("/me?fields=id,name,email", access_token))
        return self._identity(me.get("id"), {"name": me.get("name"), "email": me.get("email")})

    def _identity(self, subject: object, told: Mapping[str, object]) -> Identity:
        """``told`` in the words of OpenID Connect. Raises LoginRefused."""
        if isinstance(subject, bool) or not isinstance(subject, int | str) or not str(subject):
            raise LoginRefused(Refusal.BAD_SUBJECT)
        return checks.completed(Identity(self.issuer, str(subject)[:255]), told)

    async def _ask(self, path: str, access_token: str, *, withheld: tuple[int, ...] = ()) -> object:
        headers = {"authorization": f"Bearer {access_token}"}
        url = self._endpoints.api + path
        return await self._client.json(url, headers=headers, withheld=withheld)

    def _token_client(self) -> TokenClient:
        if self._tokens is None:
            method = "client_secret_post"
            self._tokens = token_client(self._registered, method=method)
        return self._tokens


def _object(told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ProviderUnavailable("not an object")
    return told
