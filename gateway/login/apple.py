"""Sign in with Apple's client secret: a JWT that the publisher's key signs, anew for each use.

https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.clock import Clock

ISSUER = "https://appleid.apple.com"
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
