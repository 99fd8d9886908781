"""The signed word on a reader, verified without the library that signs it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.model.entitlement import Entitlement
from gateway.model.reader import ANONYMOUS, Reader
from gateway.origin.assertion import _ORDER, ASSERTION_SECONDS, Assertions
from tests.origin.records import SetClock

SITE = "https://news.test"
OLD, NEW = "an old secret of forty characters or more", "a new secret of forty characters or more"
READER = Reader(
    id="reader-1",
    email="reader@news.test",
    name="A Reader",
    entitlements=(Entitlement("gold", 0.0, 2000.0), Entitlement("basic", 0.0, 9000.0)),
)


def minting(*keys: str, clock: SetClock | None = None) -> Assertions:
    return Assertions(keys, issuer=SITE, clock=clock or SetClock(1000.0))


def raw(part: bytes | str) -> bytes:
    text = part.encode() if isinstance(part, str) else part
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def verified(word: bytes, key: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims. Raises InvalidSignature."""
    header, claims, signature = word.split(b".")
    point = (int.from_bytes(raw(key["x"])), int.from_bytes(raw(key["y"])))
    public = ec.EllipticCurvePublicNumbers(*point, ec.SECP256R1()).public_key()
    both = raw(signature)
    assert len(both) == 64
    der = encode_dss_signature(int.from_bytes(both[:32]), int.from_bytes(both[32:]))
    public.verify(der, header + b"." + claims, ec.ECDSA(SHA256()))
    return json.loads(raw(header)), json.loads(raw(claims))


def test_an_origin_can_verify_who_reads_and_what_is_open() -> None:
    assertions = minting(NEW)
    key = assertions.jwks()["keys"][0]
    header, claims = verified(assertions.mint(READER), key)
    assert header == {"alg": "ES256", "kid": key["kid"], "typ": "JWT"}
    assert claims == {
        "iss": SITE,
        "aud": SITE,
        "sub": "reader-1",
        "kind": "subscriber",
        "tiers": ["basic", "gold"],
        "iat": 1000,
        "exp": 1000 + ASSERTION_SECONDS,
    }


def test_nothing_is_said_of_nobody() -> None:
    assert minting(NEW).mint(ANONYMOUS) == b""


def test_every_worker_has_the_same_keys_and_each_secret_its_own() -> None:
    assert minting(NEW, OLD).jwks() == minting(NEW, OLD).jwks()
    assert verified(minting(NEW).mint(READER), minting(NEW).jwks()["keys"][0])
    with pytest.raises(InvalidSignature):
        verified(minting(NEW).mint(READER), minting(OLD).jwks()["keys"][0])


def test_keys_turn_with_the_cookies_newest_first() -> None:
    before, after = minting(OLD), minting(NEW, OLD)
    assert [key["kid"] for key in after.jwks()["keys"]] == [
        minting(NEW).jwks()["keys"][0]["kid"],
        before.jwks()["keys"][0]["kid"],
    ]
    header, _ = verified(after.mint(READER), after.jwks()["keys"][0])
    assert header["kid"] == after.jwks()["keys"][0]["kid"]
    assert verified(before.mint(READER), after.jwks()["keys"][1])


def test_the_key_document_tells_public_halves_alone() -> None:
    for key in minting(NEW, OLD).jwks()["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
        needed = json.dumps(
            {name: key[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":")
        )
        digest = hashlib.sha256(needed.encode()).digest()
        assert raw(key["kid"]) == digest, "a kid is the thumbprint of RFC 7638"


def test_a_word_is_given_again_for_a_quarter_of_its_life_and_never_beyond_a_change() -> None:
    clock = SetClock(1000.0)
    assertions = minting(NEW, clock=clock)
    key = assertions.jwks()["keys"][0]
    first = assertions.mint(READER)
    clock.at = 1014.0
    assert assertions.mint(READER) == first
    clock.at = 1015.0
    assert verified(assertions.mint(READER), key)[1]["iat"] == 1015
    clock.at = 900.0
    assert verified(assertions.mint(READER), key)[1]["iat"] == 900, "a clock set back"
    clock.at = 1999.0
    assert verified(assertions.mint(READER), key)[1]["tiers"] == ["basic", "gold"]
    clock.at = 2000.0
    assert verified(assertions.mint(READER), key)[1]["tiers"] == ["basic"]
    other = Reader(id="reader-2", entitlements=READER.entitlements)
    assert verified(assertions.mint(other), key)[1]["sub"] == "reader-2"


def test_the_order_of_the_curve_is_the_curves() -> None:
    """n·G is nowhere, so (n - 1)·G lies below G: the same x."""
    base = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers()
    last = ec.derive_private_key(_ORDER - 1, ec.SECP256R1()).public_key().public_numbers()
    assert base.x == last.x
    assert base.y != last.y
