"""What the demo's identity provider publishes of itself, and what it signs, with a key made at start."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"
TOKEN_SECONDS = 300
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Tokens:
    """``clock`` gives seconds since the epoch."""

    def __init__(self, *, issuer: str, client_id: str, clock: Callable[[], float]) -> None:
        self._issuer, self._client_id, self._clock = issuer, client_id, clock
        self._key = ECKey.generate_key("P-256", auto_kid=True)

    def public_keys(self) -> dict[str, Any]:
        """RFC 7517, 5."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": ALGORITHM}]}

    def id_token(self, claims: Mapping[str, Any]) -> str:
        return self._signed("JWT", claims)

    def logout_token(self, *, subject: str, session_id: str) -> str:
        """OpenID Connect Back-Channel Logout 1.0, 2.4."""
        claims = {
            "sub": subject,
            "sid": session_id,
            "jti": secrets.token_urlsafe(16),
            "events": {_LOGOUT_EVENT: {}},
        }
        return self._signed("logout+jwt", claims)

    def of_ours(self, id_token: str) -> dict[str, Any] | None:
        """The claims of a token that was signed here for this client; None of any other. It may
        have run out (OpenID Connect RP-Initiated Logout 1.0, 2)."""
        try:
            claims = jwt.decode(id_token, self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None
        ours = claims.get("iss") == self._issuer and claims.get("aud") == self._client_id
        return claims if ours else None

    def _signed(self, kind: str, claims: Mapping[str, Any]) -> str:
        now = int(self._clock())
        told = {
            "iss": self._issuer,
            "aud": self._client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            **claims,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid, "typ": kind}, told, self._key)


def metadata(issuer: str) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0, 3."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "end_session_endpoint": f"{issuer}/logout",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ["openid", "email", "profile"],
        "claims_supported": ["sub", "sid", "name", "email", "email_verified", "groups"],
        "ui_locales_supported": ["fr", "en"],
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
    }
