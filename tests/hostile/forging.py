"""Tokens as a provider signs them, and as a forger does: every algorithm, those that prove nothing
included.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

Words = Mapping[str, Any]


@cache
def signing_key(name: str) -> RSAKey:
    """Made once a run, for it takes a while."""
    return RSAKey.generate_key(2048)


@cache
def curve_key(name: str) -> ECKey:
    return ECKey.generate_key("P-256")


@dataclass(frozen=True, kw_only=True)
class Published:
    """``key`` names what signs, ``kid`` what it is called by, if at all."""

    key: str
    kid: str | None

    def document(self) -> dict[str, Any]:
        public = dict(signing_key(self.key).as_dict(private=False))
        public |= {"use": "sig", "alg": "RS256"}
        return public | ({"kid": self.kid} if self.kid is not None else {})


def signed_by(published: Published, claims: Words, header: Words, algorithm: str) -> str:
    """A compact JWS by any algorithm, those that prove nothing included."""
    head = {"alg": algorithm} | {k: v for k, v in header.items() if v is not None}
    body = json.dumps(dict(claims)).encode()
    if algorithm == "stray":  # the right algorithm, by a key that nobody published
        head["alg"] = "RS256"
    signing = f"{encoded(json.dumps(head).encode())}.{encoded(body)}"
    if algorithm == "none":
        return f"{signing}."
    if algorithm == "HS256":  # the public key, which everybody has, as the shared secret
        key = signing_key(published.key).as_pem(private=False)
        return f"{signing}.{encoded(hmac.digest(key, signing.encode(), hashlib.sha256))}"
    if algorithm == "stray":
        # By hand: the library won't write the headers that a forger would.
        stray = signing_key("stray").private_key
        assert stray is not None
        made = stray.sign(signing.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signing}.{encoded(made)}"
    if algorithm == "ES256":  # by a key that is published nowhere
        return jws.serialize_compact(head, body, curve_key("stray"), algorithms=["ES256"])
    key_ = signing_key(published.key)
    return jws.serialize_compact(head, body, key_, algorithms=[algorithm])


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
