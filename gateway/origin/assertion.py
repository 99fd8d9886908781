"""The signed word on a signed-in reader, which the origin may verify instead of trusting a header.

A JWT (ES256, which every library verifies) of one minute, in ``Lychgate-Reader``; the keys stand at
``/-/jwks.json``. They are derived from the cookie keys (HKDF, RFC 5869), so all workers and nodes
share them without a store, and they turn with those. The door to joserfc.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cachetools import LRUCache
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.clock import Clock
from gateway.model.reader import Reader

ASSERTION_SECONDS = 60
_GIVEN_AGAIN_SECONDS = 15  # an origin has three quarters of a minute to look at any of them
_GIVEN_MAX = 4096
_PURPOSE = b"lychgate reader assertion v1"
# The order of P-256 (SEC 2, section 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_Said = tuple[str, str, tuple[str, ...]]


class Assertions:
    """``keys`` newest first, as configured for cookies; ``issuer`` is the site's URL."""

    def __init__(self, keys: Sequence[str], *, issuer: str, clock: Clock) -> None:
        self._keys = [_derived(key) for key in keys]
        self._header = {"alg": "ES256", "kid": self._keys[0].thumbprint(), "typ": "JWT"}
        self._issuer = issuer
        self._clock = clock
        self._given: LRUCache[_Said, tuple[float, bytes]] = LRUCache(_GIVEN_MAX)

    def mint(self, reader: Reader) -> bytes:
        """Who the reader is and what tiers are open now; empty for the anonymous reader."""
        if not reader.id:
            return b""
        now = self._clock.now()
        said = (reader.id, str(reader.kind(now)), tuple(sorted(reader.tiers(now))))
        minted_at, word = self._given.get(said, (0.0, b""))
        if not 0 <= now - minted_at < _GIVEN_AGAIN_SECONDS:
            word = self._signed(said, int(now))
            self._given[said] = (now, word)
        return word

    def _signed(self, said: _Said, now: int) -> bytes:
        subject, kind, tiers = said
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": subject,
            "kind": kind,
            "tiers": list(tiers),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        return jwt.encode(self._header, claims, self._keys[0], algorithms=["ES256"]).encode()

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public halves, newest first (RFC 7517)."""
        return {
            "keys": [
                {
                    **key.as_dict(private=False),
                    "kid": key.thumbprint(),
                    "use": "sig",
                    "alg": "ES256",
                }
                for key in self._keys
            ]
        }


def _derived(secret: str) -> ECKey:
    """The same key for the same secret, evenly spread (FIPS 186-5, A.2.1)."""
    seed = HKDF(SHA256(), length=48, salt=None, info=_PURPOSE).derive(secret.encode())
    private = derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, SECP256R1())
    encoded = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ECKey.import_key(encoded)
