"""What is Apple's own: a client secret that the publisher's key signs, anew for each use, and a name that
is posted beside the code.

https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.clock import Clock
from gateway.login.checks import name_of

ISSUER = "https://appleid.apple.com"
# Its `scopes_supported`: no `profile`.
SCOPES = ("openid", "email", "name")
_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleSecret:
    """``private_key`` is the PEM of the .p8 file."""

    team_id: str
    key_id: str
    client_id: str
    private_key: str = field(repr=False)
    audience: str
    clock: Clock

    def __call__(self) -> str:
        now = int(self.clock.now())
        header = {"alg": "ES256", "kid": self.key_id}
        claims = {
            "iss": self.team_id,
            "sub": self.client_id,
            "aud": self.audience,
            "iat": now,
            "exp": now + _SECONDS,
        }
        return jwt.encode(header, claims, ECKey.import_key(self.private_key))


def constant(secret: str) -> Callable[[], str]:
    """An ordinary secret, as something to be called."""
    return lambda: secret


def name_posted(parameters: Mapping[str, list[str]]) -> str:
    """The name of somebody who logs in for the first time: no token of Apple's holds it. Nobody's word but
    the browser's, as a name that is typed.

    https://developer.apple.com/documentation/signinwithapple/configuring-your-webpage-for-sign-in-with-apple
    """
    try:
        told = json.loads((parameters.get("user") or [""])[0])
    except (ValueError, RecursionError):
        return ""
    name = told.get("name") if isinstance(told, dict) else None
    if not isinstance(name, dict):
        return ""
    return name_of({"given_name": name.get("firstName"), "family_name": name.get("lastName")})
