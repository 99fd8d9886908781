"""Every check on what a provider signed, once its signature holds, and on a userinfo answer.

Pure: ``now`` is a parameter. OpenID Connect Core 1.0, 3.1.3.7 and 5.3.2; Back-Channel Logout 1.0,
2.6. The library accepts an empty audience, any ``iat``, an empty subject, an ``exp`` of infinity, so
nothing is left to it. A claim that is there and wrong is refused even where it needn't be there.
What must not be here: keys and signatures (``login/keys``), accounts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.errors import LoginRefused
from gateway.login.address import email_address
from gateway.login.refusal import Refusal
from gateway.model.identity import Identity

# Never `none`, and no HS256: its key would be the client's secret, or the provider's public key.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
LEEWAY_SECONDS = 60.0  # clocks differ
AGE_MAX_SECONDS = 600.0
AHEAD_MAX_SECONDS = 24 * 3600.0
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

_TENANT = "{tenantid}"
_TENANT_ID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_NAME_MAX = 200
_GROUPS_MAX = 500
_HANDLE = re.compile(r"[\x20-\x7e]{1,255}")  # Core 1.0, 2: `sub` is at most 255 ASCII characters
# Half a surrogate pair can't be sent, nor NUL be stored.
_GROUP = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,255}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """Either ``subject`` or ``session_id`` may be empty. ``token_id`` serves once. ``issued_at`` is by the
    provider's clock, as that of an id token."""

    subject: str
    session_id: str
    token_id: str
    issuer: str
    expires_at: float
    issued_at: float


def check_id_token(
    claims: Mapping[str, object],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
    access_token: str = "",
    algorithm: str = "RS256",
    max_age: float | None = None,
) -> Identity:
    """``issuer`` is the metadata's. Raises LoginRefused."""
    if algorithm not in ALGORITHMS:
        raise LoginRefused(Refusal.BAD_ALGORITHM)
    said = _issuer(claims, issuer)
    _audience(claims, client_id)
    subject = _handle(claims.get("sub"))
    if not subject:
        raise LoginRefused(Refusal.BAD_SUBJECT)
    _times(claims, now)
    if not _same(claims.get("nonce"), nonce):
        raise LoginRefused(Refusal.BAD_NONCE)
    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(access_token, algorithm)):
        raise LoginRefused(Refusal.BAD_TOKEN_HASH)
    if max_age is not None:
        logged_in = _instant(claims.get("auth_time"))
        if logged_in is None or not -LEEWAY_SECONDS <= now - logged_in <= max_age + LEEWAY_SECONDS:
            raise LoginRefused(Refusal.BAD_LOGIN_TIME)
    return _described(
        Identity(
            said,
            subject,
            session_id=_handle(claims.get("sid")),
            issued_at=_instant(claims.get("iat")) or 0.0,
        ),
        claims,
    )


def check_userinfo(claims: object, *, subject: str) -> Mapping[str, object]:
    """Core 1.0, 5.3.2: an answer about somebody else must not be used. Raises LoginRefused."""
    if not isinstance(claims, dict) or not subject or not _same(claims.get("sub"), subject):
        raise LoginRefused(Refusal.FOREIGN_USERINFO)
    return claims


def completed(identity: Identity, userinfo: Mapping[str, object]) -> Identity:
    """What the id token left out, from a userinfo answer that was checked. Raises LoginRefused.

    An address and whether it's verified come from one place, never half from each.
    """
    told = _described(Identity(identity.issuer, identity.subject), userinfo)
    addressed = identity if identity.email else told
    return replace(
        identity,
        email=addressed.email,
        email_verified=addressed.email_verified,
        name=identity.name or told.name,
        language=identity.language or told.language,
        groups=identity.groups or told.groups,
    )


def check_logout_token(
    claims: Mapping[str, object], *, issuer: str, client_id: str, now: float
) -> LogoutNotice:
    """Raises LoginRefused. That ``token_id`` serves once is the store's to say."""
    said = _issuer(claims, issuer)
    _audience(claims, client_id)
    expires_at = _times(claims, now)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise LoginRefused(Refusal.BAD_EVENTS)
    if "nonce" in claims:
        raise LoginRefused(Refusal.HAS_NONCE)
    token_id = _handle(claims.get("jti"))
    if not token_id:
        raise LoginRefused(Refusal.NO_TOKEN_ID)
    subject, session_id = _handle(claims.get("sub")), _handle(claims.get("sid"))
    named = [name for name in ("sub", "sid") if name in claims]
    if not named or (not subject and "sub" in named) or (not session_id and "sid" in named):
        raise LoginRefused(Refusal.NOBODY_NAMED)
    issued_at = _instant(claims.get("iat")) or 0.0
    return LogoutNotice(subject, session_id, token_id, said, expires_at, issued_at)


def email_of(claims: Mapping[str, object]) -> tuple[str, bool]:
    """The address, or nothing, and whether it is verified (Core 1.0, 5.1). Raises LoginRefused."""
    written, verified = claims.get("email"), claims.get("email_verified")
    if written is None or written == "":
        return "", False
    email = email_address(written)
    # Absent says nothing; Apple writes "true". All else is a word against the address.
    proved = verified is True or verified == "true"
    if not proved and verified is not None:
        raise LoginRefused(Refusal.UNVERIFIED_EMAIL)
    return email, proved


def name_of(claims: Mapping[str, object]) -> str:
    """One line without controls or marks that turn the direction of what follows."""
    parts = [claims.get("name")]
    if not parts[0]:
        parts = [claims.get("given_name"), claims.get("family_name")]
    text = " ".join(part[: _NAME_MAX * 2] for part in parts if isinstance(part, str))
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:_NAME_MAX]


def issuer_fits(said: str, issuer: str, *, tenant: str = _TENANT_ID) -> bool:
    """Equal character by character; ``{tenantid}`` of Microsoft's metadata stands for one tenant.

    ``tenant`` is a pattern.
    """
    if _TENANT not in issuer:
        return said == issuer
    before, after = map(re.escape, issuer.split(_TENANT, 1))
    return re.fullmatch(f"{before}{tenant}{after}", said) is not None


def _issuer(claims: Mapping[str, object], issuer: str) -> str:
    said, tenant = claims.get("iss"), claims.get("tid")
    if not issuer or not isinstance(said, str):
        raise LoginRefused(Refusal.BAD_ISSUER)
    if _TENANT in issuer:
        # A token names its tenant twice, and a tenant can't speak for another.
        if not isinstance(tenant, str) or not re.fullmatch(_TENANT_ID, tenant):
            raise LoginRefused(Refusal.BAD_ISSUER)
        issuer = issuer.replace(_TENANT, tenant)
    if said != issuer:
        raise LoginRefused(Refusal.BAD_ISSUER)
    return said


def _audience(claims: Mapping[str, object], client_id: str) -> None:
    written = claims.get("aud")
    audience = [written] if isinstance(written, str) else written
    if (
        not client_id
        or not isinstance(audience, list)
        or not all(isinstance(each, str) for each in audience)
        or client_id not in audience
    ):
        raise LoginRefused(Refusal.BAD_AUDIENCE)
    shared = any(each != client_id for each in audience)
    if ("azp" in claims or shared) and claims.get("azp") != client_id:
        raise LoginRefused(Refusal.BAD_AUDIENCE, "azp")


def _times(claims: Mapping[str, object], now: float) -> float:
    """When it ends."""
    expires_at = _instant(claims.get("exp"))
    if expires_at is None or not -LEEWAY_SECONDS < expires_at - now <= AHEAD_MAX_SECONDS:
        raise LoginRefused(Refusal.BAD_EXPIRY)
    issued_at = _instant(claims.get("iat"))
    if issued_at is None or not -LEEWAY_SECONDS <= now - issued_at <= AGE_MAX_SECONDS:
        raise LoginRefused(Refusal.BAD_ISSUED_AT)
    if "nbf" in claims:
        begins_at = _instant(claims["nbf"])
        if begins_at is None or begins_at - now > LEEWAY_SECONDS:
            raise LoginRefused(Refusal.NOT_YET)
    return expires_at


def _instant(value: object) -> float | None:
    """A NumericDate (RFC 7519, 2); ``True``, NaN, infinity and what overflows are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        instant = float(value)
    except OverflowError:
        return None
    return instant if math.isfinite(instant) else None


def _handle(value: object) -> str:
    """A name by which the provider finds something again, or nothing."""
    return value if isinstance(value, str) and _HANDLE.fullmatch(value) else ""


def _same(said: object, expected: str) -> bool:
    """In constant time; nothing equals what is empty."""
    if not isinstance(said, str) or not expected:
        return False
    return hmac.compare_digest(said.encode("utf-8", "surrogatepass"), expected.encode())


def _half_hash(access_token: str, algorithm: str) -> str:
    """Core 1.0, 3.1.3.6: the left half, by the hash of the signature; Ed25519's is SHA-512."""
    bits = "512" if algorithm == "EdDSA" else algorithm[-3:]
    digest = hashlib.new(f"sha{bits}", access_token.encode()).digest() if access_token else b""
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _described(identity: Identity, claims: Mapping[str, object]) -> Identity:
    """``identity`` with what the claims say of the person (Core 1.0, 5.1)."""
    email, verified = email_of(claims)
    language = claims.get("locale")
    spoken = isinstance(language, str) and _LANGUAGE.fullmatch(language)
    return replace(
        identity,
        email=email,
        email_verified=verified,
        name=name_of(claims),
        language=str(language).replace("_", "-") if spoken else "",
        groups=_groups(claims.get("groups")),
    )


def _groups(groups: object) -> tuple[str, ...]:
    """All of them or none: a list that can't be read in full proves no membership."""
    if not isinstance(groups, list) or len(groups) > _GROUPS_MAX:
        return ()
    if not all(isinstance(group, str) and _GROUP.fullmatch(group) for group in groups):
        return ()
    return tuple(groups)
