"""What a client asks of the demo's identity provider, and what is wrong with it. Pure.

Each function takes the fields of a query or a form. Where it came from, codes, keys and sessions
are ``identity``'s.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qs, unquote_plus

FIELDS_MAX = 50
BYTES_MAX = 16 << 10
# What the page with the readers carries from the request to the choice; anything else is dropped.
CARRIED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "ui_locales",
)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256, RFC 7636, 4.2
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1
_TAG = re.compile(r"\b(fr|en)\b", re.IGNORECASE)


class Refused(Exception):
    """An OAuth error of the token endpoint (RFC 6749, 5.2)."""

    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error
        super().__init__(error)


def fields(encoded: bytes) -> dict[str, str] | None:
    """None where a name comes twice (RFC 6749, 3.1) or it can't be read."""
    if len(encoded) > BYTES_MAX:
        return None
    try:
        read = parse_qs(
            encoded.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
    except ValueError:
        return None
    if any(len(values) > 1 for values in read.values()):
        return None
    # RFC 6749, 3.1: a parameter without a value is treated as if it were left out.
    return {name: values[0] for name, values in read.items() if values[0]}


def unknown(asked: Mapping[str, str], *, client_id: str, redirect_uris: Collection[str]) -> bool:
    """Whether an answer may not be sent to the address that it names (RFC 6749, 4.1.2.1)."""
    return asked.get("client_id") != client_id or asked.get("redirect_uri") not in redirect_uris


def fault(asked: Mapping[str, str]) -> str:
    """The error of an authorization request whose client is known; empty where it's good."""
    if "request" in asked:
        return "request_not_supported"
    if "request_uri" in asked:
        return "request_uri_not_supported"
    if asked.get("response_type") != "code":
        return "unsupported_response_type" if "response_type" in asked else "invalid_request"
    if "openid" not in asked.get("scope", "").split():
        return "invalid_scope"
    if asked.get("response_mode", "query") != "query":
        return "invalid_request"
    if asked.get("code_challenge_method") != "S256":
        return "invalid_request"
    if not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        return "invalid_request"
    prompts = asked.get("prompt", "").split()
    return "invalid_request" if "none" in prompts and len(prompts) > 1 else ""


def credentials(authorization: str, form: Mapping[str, str]) -> tuple[str, str]:
    """The client's name and secret: client_secret_basic, whose parts are form-encoded first (RFC
    6749, 2.3.1), or client_secret_post. Raises Refused where both are used."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    if "client_secret" in form:
        raise Refused(400, "invalid_request")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def verified(verifier: str, challenge: str) -> bool:
    """RFC 7636, 4.6."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return bool(_VERIFIER.fullmatch(verifier)) and same(_unpadded(digest), challenge)


def token_hash(token: str) -> str:
    """``at_hash``: OpenID Connect Core 1.0, 3.1.3.6."""
    return _unpadded(hashlib.sha256(token.encode()).digest()[:16])


def same(said: str, expected: str) -> bool:
    return hmac.compare_digest(said.encode(), expected.encode())


def language(ui_locales: str, accept_language: str) -> str:
    """``fr`` or ``en``: the first of them that is named, as readers list what they prefer."""
    found = _TAG.search(ui_locales) or _TAG.search(accept_language)
    return found[1].lower() if found else "en"


def _unpadded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
