"""Every check on what a provider says of itself and on what comes back through the browser.

Pure: no client, clock or store. The OAuth library leaves these out, so they are ours: the issuer of
the metadata, the algorithms, the parameters of a callback (OpenID Connect Discovery 1.0, 4.3; RFC
6749, 4.1.2; RFC 9207). What is signed is checked in ``login/tokens``, whose names stand here too.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.errors import LoginRefused
from gateway.login.address import email_address
from gateway.login.refusal import Refusal
from gateway.login.tokens import (
    ALGORITHMS,
    LogoutNotice,
    check_id_token,
    check_logout_token,
    check_userinfo,
    completed,
    email_of,
    issuer_fits,
    name_of,
)

__all__ = [
    "ALGORITHMS",
    "LogoutNotice",
    "Metadata",
    "Refusal",
    "check_callback",
    "check_id_token",
    "check_logout_token",
    "check_metadata",
    "check_userinfo",
    "completed",
    "email_address",
    "email_of",
    "issuer_fits",
    "name_of",
]

_URL_MAX = 2000
_CODE_MAX = 4096
_WORDS_MAX = 500
_VISIBLE = re.compile(r"[\x21-\x7e]+")
# RFC 6749 allows an error any words; the names in use are plain, and no others go into a log.
_ERROR = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_CODE = re.compile(r"[\x20-\x7e]+")
# access_denied is OAuth's word; Apple and LinkedIn have their own.
_CANCELLED = ("access_denied", "user_cancelled_authorize", "user_cancelled_login")
# Microsoft's issuer for many tenants names none: the token's `tid` stands in its place
# (https://learn.microsoft.com/entra/identity-platform/access-tokens#multitenant-applications).
_MICROSOFT = re.compile(
    r"(https://login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn)/)"
    r"(?:common|organizations)(/v2\.0)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a provider publishes of itself, as far as it's used. ``algorithms`` is never empty.

    ``issuer`` may hold ``{tenantid}``, at Microsoft alone. ``iss_in_response``: RFC 9207.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    algorithms: tuple[str, ...]
    iss_in_response: bool
    token_auth_methods: tuple[str, ...]
    backchannel_logout: bool


def check_metadata(document: object, *, issuer: str) -> Metadata:
    """``issuer`` is the config's. Raises LoginRefused ``metadata-issuer``, ``metadata-unusable``."""
    if not isinstance(document, dict):
        raise LoginRefused(Refusal.METADATA_UNUSABLE, "not an object")
    said = document.get("issuer")
    template = _MICROSOFT.fullmatch(issuer)
    if said != issuer and (template is None or said != f"{template[1]}{{tenantid}}{template[2]}"):
        raise LoginRefused(Refusal.METADATA_ISSUER)
    if "code" not in _words(document, "response_types_supported", ("code",)):
        raise LoginRefused(Refusal.METADATA_UNUSABLE, "response_types_supported")
    if "S256" not in _words(document, "code_challenge_methods_supported", ("S256",)):
        raise LoginRefused(Refusal.METADATA_UNUSABLE, "code_challenge_methods_supported")
    # Discovery 1.0, 3: a provider must list RS256, so one that lists nothing is taken to have it.
    offered = _words(document, "id_token_signing_alg_values_supported", ("RS256",))
    algorithms = tuple(name for name in dict.fromkeys(offered) if name in ALGORITHMS)
    if not algorithms:
        raise LoginRefused(Refusal.METADATA_UNUSABLE, "id_token_signing_alg_values_supported")
    plain_allowed = issuer.startswith("http://")
    return Metadata(
        issuer=str(said),
        authorization_endpoint=_endpoint(
            document, "authorization_endpoint", plain_allowed=plain_allowed
        ),
        token_endpoint=_endpoint(document, "token_endpoint", plain_allowed=plain_allowed),
        jwks_uri=_endpoint(document, "jwks_uri", plain_allowed=plain_allowed),
        userinfo_endpoint=_endpoint(
            document, "userinfo_endpoint", plain_allowed=plain_allowed, needed=False
        ),
        end_session_endpoint=_endpoint(
            document, "end_session_endpoint", plain_allowed=plain_allowed, needed=False
        ),
        algorithms=algorithms,
        iss_in_response=_truth(document, "authorization_response_iss_parameter_supported"),
        token_auth_methods=_words(
            document, "token_endpoint_auth_methods_supported", ("client_secret_basic",)
        ),
        backchannel_logout=_truth(document, "backchannel_logout_supported"),
    )


def check_callback(
    parameters: Mapping[str, list[str]], *, state: str, metadata_issuer: str, iss_required: bool
) -> str:
    """The code. Raises LoginRefused; its detail is the provider's error, where there is one."""
    if any(len(values) != 1 for values in parameters.values()):
        raise LoginRefused(Refusal.DOUBLED_PARAMETER)
    said = {name: values[0] for name, values in parameters.items()}
    if not state or not _same(said.get("state", ""), state):
        raise LoginRefused(Refusal.BAD_STATE)
    # Before anything else is believed, an error included (RFC 9207, 2.4).
    issuer = said.get("iss")
    if (iss_required and issuer is None) or (
        issuer is not None and not issuer_fits(issuer, metadata_issuer)
    ):
        raise LoginRefused(Refusal.BAD_RESPONSE_ISSUER)
    if "error" in said:
        error = said["error"]
        detail = error if _ERROR.fullmatch(error) else ""
        raise LoginRefused(
            Refusal.CANCELLED if error in _CANCELLED else Refusal.PROVIDER_SAID_NO, detail
        )
    code = said.get("code", "")
    if len(code) > _CODE_MAX or not _CODE.fullmatch(code):
        raise LoginRefused(Refusal.NO_CODE)
    return code


def _same(said: str, expected: str) -> bool:
    """In constant time; any text may be ``said``, half a surrogate pair included."""
    return hmac.compare_digest(said.encode("utf-8", "surrogatepass"), expected.encode())


def _endpoint(
    document: Mapping[str, object], name: str, *, plain_allowed: bool, needed: bool = True
) -> str:
    """An https URL without credentials or fragment; http on loopback, under such an issuer alone."""
    url = document.get(name)
    if url is None and not needed:
        return ""
    if not isinstance(url, str) or len(url) > _URL_MAX or not _VISIBLE.fullmatch(url):
        raise LoginRefused(Refusal.METADATA_UNUSABLE, name)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise LoginRefused(Refusal.METADATA_UNUSABLE, name) from None
    plain = plain_allowed and parts.scheme == "http" and _loopback(host or "")
    if not host or not (parts.scheme == "https" or plain):
        raise LoginRefused(Refusal.METADATA_UNUSABLE, name)
    if "@" in parts.netloc or "#" in url or "\\" in url:
        raise LoginRefused(Refusal.METADATA_UNUSABLE, name)
    return url


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or re.fullmatch(r"127(?:\.\d{1,3}){3}", host) is not None


def _words(document: Mapping[str, object], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    words = document.get(name)
    if words is None:
        return default
    if not isinstance(words, list) or len(words) > _WORDS_MAX:
        raise LoginRefused(Refusal.METADATA_UNUSABLE, name)
    found = tuple(word for word in words if isinstance(word, str))
    if len(found) != len(words):
        raise LoginRefused(Refusal.METADATA_UNUSABLE, name)
    return found


def _truth(document: Mapping[str, object], name: str) -> bool:
    value = document.get(name, False)
    if not isinstance(value, bool):
        raise LoginRefused(Refusal.METADATA_UNUSABLE, name)
    return value
