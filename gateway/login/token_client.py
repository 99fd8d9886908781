"""From a code to tokens: the door to Authlib, which draws up the token request and the client's proof.

What comes back is a provider's word and nothing more: an access token that could be none is refused
here, all else that is said of it in ``checks``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from gateway.errors import LoginRefused, ProviderUnavailable
from gateway.login.client import ANSWER_SECONDS, parsed, transport
from gateway.login.refusal import Refusal

SCOPES = ("openid", "email", "profile")
# RFC 6750, 2.1 allows fewer; what can't stand in a header line is no token.
_ACCESS_TOKEN = re.compile(r"[\x21-\x7e]+")


class TokenClient(AsyncOAuth2Client):  # type: ignore[misc]  # Authlib is untyped
    """Authlib's, one for all logins: so it keeps no token."""

    def parse_response_token(self, resp: httpx2.Response) -> dict[str, Any]:
        said = parsed(resp.content)
        if not isinstance(said, dict):
            raise ProviderUnavailable("no token response")
        if "error" in said or resp.status_code >= 400:
            if resp.status_code >= 500:
                raise ProviderUnavailable(f"status {resp.status_code}")
            raise OAuthError(str(said.get("error", "")), "")
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the publisher registered at a provider. ``secret`` is called at each use, for some are
    signed anew. ``name_posted`` reads a name beside the code, where the tokens hold none."""

    id: str
    name: str
    issuer: str
    client_id: str
    secret: Callable[[], str]
    scopes: tuple[str, ...] = SCOPES
    form_post: bool = False
    wants_groups: bool = False
    name_posted: Callable[[Mapping[str, list[str]]], str] | None = None


def token_client(registration: Registration, *, method: str) -> TokenClient:
    """``method``: how the client proves itself (OpenID Connect Core 1.0, section 9)."""
    client = TokenClient(
        client_id=registration.client_id,
        client_secret=registration.secret(),
        token_endpoint_auth_method=method,
        code_challenge_method="S256",
        scope=" ".join(registration.scopes),
        transport=transport(),
        timeout=ANSWER_SECONDS,
        follow_redirects=False,
        trust_env=False,
    )
    client.register_client_auth_method(("client_secret_basic", _basic))
    return client


def _basic(client: Any, method: str, uri: str, headers: Any, body: str) -> tuple[str, Any, str]:
    """RFC 6749, 2.3.1: both are form-encoded before they are joined, which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body


async def redeemed(
    client: TokenClient, url: str, *, code: str, verifier: str, redirect_uri: str
) -> dict[str, Any]:
    """The token endpoint's answer. Raises LoginRefused, ProviderUnavailable."""
    try:
        tokens: dict[str, Any] = await client.fetch_token(
            url,
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=redirect_uri,
        )
    except OAuthError as error:
        raise LoginRefused(Refusal.CODE_REFUSED, str(error.error)[:100]) from None
    access_token = tokens.get("access_token")
    if not isinstance(access_token, str) or not _ACCESS_TOKEN.fullmatch(access_token):
        raise LoginRefused(Refusal.MISSING_TOKEN, "access_token")
    return tokens
