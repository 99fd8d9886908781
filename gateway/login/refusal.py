"""Why a login, or a provider's word on one, was refused. Pure: words, and nothing that acts on them."""

# ruff: noqa: S105 — a token is no password here
from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """Closed: each is logged and counted. Readers are told less (``login/failing``)."""

    # What the provider publishes of itself.
    METADATA_ISSUER = "metadata-issuer"  # its metadata names another issuer than the config
    METADATA_UNUSABLE = "metadata-unusable"  # something needed is missing, or not to be trusted
    # What came back through the browser.
    DOUBLED_PARAMETER = "doubled-parameter"  # RFC 6749, 3.1: each at most once
    TOO_LATE = "too-late"  # it began more than ten minutes ago
    BAD_STATE = "bad-state"  # missing, or not this login's
    BAD_RESPONSE_ISSUER = "bad-response-issuer"  # RFC 9207: missing though announced, or foreign
    CANCELLED = "cancelled"  # the reader said no at the provider
    PROVIDER_SAID_NO = "provider-said-no"  # any other OAuth error
    NO_CODE = "no-code"  # neither an error nor a code that could be one
    CODE_REFUSED = "code-refused"  # the token endpoint takes the code, or us, for wrong
    MISSING_TOKEN = "missing-token"  # its answer lacks a token that it must hold
    # What the provider signed.
    BAD_TOKEN = "bad-token"  # not a compact JWS that we could read
    BAD_ALGORITHM = "bad-algorithm"  # not among the provider's, or never ours: none, HS256
    BAD_SIGNATURE = "bad-signature"  # no key of the provider's made it
    BAD_ISSUER = "bad-issuer"  # another provider's token
    BAD_AUDIENCE = "bad-audience"  # made for somebody else, or for others too
    BAD_SUBJECT = "bad-subject"  # names nobody
    BAD_EXPIRY = "bad-expiry"  # over, or further ahead than a day, or no time at all
    BAD_ISSUED_AT = "bad-issued-at"  # missing, older than ten minutes, or ahead of us
    NOT_YET = "not-yet"  # `nbf` is ahead of us
    BAD_NONCE = "bad-nonce"  # made for another login
    BAD_TOKEN_HASH = "bad-token-hash"  # `at_hash` belongs to another access token
    BAD_LOGIN_TIME = "bad-login-time"  # `auth_time` is missing or older than was asked for
    # What it says of the person.
    BAD_EMAIL = "bad-email"  # not one plain address
    UNVERIFIED_EMAIL = "unverified-email"  # the provider says that it hasn't verified it
    FOREIGN_USERINFO = "foreign-userinfo"  # the userinfo answer is of somebody else
    # Back-channel logout.
    BAD_EVENTS = "bad-events"  # not a logout token
    HAS_NONCE = "has-nonce"  # an id token, passed off as a logout token
    NO_TOKEN_ID = "no-token-id"  # without `jti` it could serve twice
    NOBODY_NAMED = "nobody-named"  # neither a subject nor a session
