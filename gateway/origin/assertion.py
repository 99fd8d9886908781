"""The signed word on a signed-in reader, which the origin may verify instead of trusting a header.

A JWT (EdDSA) of one minute, in ``Lychgate-Reader``; the keys stand at ``/-/jwks.json``. They are
derived from the cookie keys (HKDF, RFC 5869), so all workers and nodes share them without a store,
and they turn with those. The door to joserfc.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.clock import Clock
from gateway.model.reader import Reader

ASSERTION_SECONDS = 60
_PURPOSE = b"lychgate reader assertion v1"


class Assertions:
    """``keys`` newest first, as configured for cookies; ``issuer`` is the site's URL."""

    def __init__(self, keys: Sequence[str], *, issuer: str, clock: Clock) -> None:
        self._keys = [_derived(key) for key in keys]
        self._issuer = issuer
        self._clock = clock

    def mint(self, reader: Reader) -> bytes:
        """Who the reader is and what tiers are open now; empty for the anonymous reader."""
        if not reader.id:
            return b""
        now = self._clock.now()
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": reader.id,
            "kind": str(reader.kind(now)),
            "tiers": sorted(reader.tiers(now)),
            "iat": int(now),
            "exp": int(now) + ASSERTION_SECONDS,
        }
        newest = self._keys[0]
        header = {"alg": "Ed25519", "kid": newest.thumbprint(), "typ": "JWT"}
        return jwt.encode(header, claims, newest, algorithms=["Ed25519"]).encode()

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public halves, newest first (RFC 7517)."""
        return {
            "keys": [
                {
                    **key.as_dict(private=False),
                    "kid": key.thumbprint(),
                    "use": "sig",
                    "alg": "Ed25519",
                }
                for key in self._keys
            ]
        }


def _derived(secret: str) -> OKPKey:
    seed = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    private = Ed25519PrivateKey.from_private_bytes(seed)
    encoded = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return OKPKey.import_key(encoded)
