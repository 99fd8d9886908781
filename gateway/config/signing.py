"""The key that a client secret is signed with: read once as it will be, so that a broken one is a fault of
the config and not every login's."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

from gateway.config.values import _secret


def _signing_key(value: SecretStr) -> SecretStr:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(value.get_secret_value().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("a private key in PEM, without a password, is needed (.p8)") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("an elliptic curve key on P-256 is needed, for ES256")
    return value


SigningKey = Annotated[SecretStr, BeforeValidator(_secret), AfterValidator(_signing_key)]
