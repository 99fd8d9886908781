"""The demo's identity provider: OpenID Connect on a port of its own, with three ready-made readers.

One click logs in, and that is all it leaves out: client, redirect address, PKCE, state, nonce, code
and secret are checked as a real provider would. It knows nothing of the gateway but the addresses
that it was registered with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.identity_page import chooser, signed_out

CODE_SECONDS = 60
TOKEN_SECONDS = 300
_ASKED_MAX = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """A ready-made reader. ``key`` is their ``sub``."""

    key: str
    name: str
    email: str
    groups: tuple[str, ...] = ()


PEOPLE = (
    Person("camille", "Camille Le Goff", "camille@lecteurs.example"),
    Person("dominique", "Dominique Kervella", "dominique@lecteurs.example"),
    Person("claude", "Claude Morvan", "claude@fanal.example", ("finance",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    id: str
    secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for, once."""

    person: Person
    redirect_uri: str
    challenge: str
    nonce: str
    session_id: str
    until: float


class Refused(Exception):
    """An OAuth error of the token endpoint (RFC 6749, 5.2)."""

    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error
        super().__init__(error)


class Identity:
    """``issuer`` is this provider's own address. ``clock`` gives seconds since the epoch."""

    def __init__(
        self, *, issuer: str, client: Client, clock: Callable[[], float] = time.time
    ) -> None:
        self.issuer, self.client = issuer, client
        self._clock = clock
        self._key = ECKey.generate_key("P-256", auto_kid=True)
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, tuple[Person, float]] = {}
        self.application = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/jwks", self._keys),
                Route("/authorize", self._authorize),
                Route("/choose", self._choose, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
                Route("/logout", self._log_out),
            ]
        )

    async def _metadata(self, http: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/logout",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic",
                    "client_secret_post",
                ],
                "scopes_supported": ["openid", "email", "profile"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _keys(self, http: Request) -> Response:
        public = {**self._key.as_dict(private=False), "use": "sig", "alg": "ES256"}
        return JSONResponse({"keys": [public]})

    async def _authorize(self, http: Request) -> Response:
        """The page with the readers; or an error, which goes back only to an address we know."""
        asked = dict(http.query_params)
        if asked.get("client_id") != self.client.id:
            return HTMLResponse("unknown client", 400)
        if asked.get("redirect_uri") not in self.client.redirect_uris:
            return HTMLResponse("unknown redirect_uri", 400)
        error = ""
        if asked.get("response_type") != "code":
            error = "unsupported_response_type"
        elif "openid" not in asked.get("scope", "").split():
            error = "invalid_scope"
        elif asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            error = "invalid_request"
        if error:
            return self._back(asked, error=error)
        wanted = asked.get("ui_locales") or http.headers.get("accept-language", "")
        return HTMLResponse(chooser(PEOPLE, asked, french=wanted.lower().startswith("fr")))

    async def _choose(self, http: Request) -> Response:
        """A reader was clicked. What was asked comes along in the form, and is looked at again."""
        form = _form(await http.body())
        person = next((each for each in PEOPLE if each.key == form.get("person")), None)
        known = form.get("redirect_uri") in self.client.redirect_uris
        if form.get("client_id") != self.client.id or not known:
            return HTMLResponse("unknown client", 400)
        if person is None:
            return self._back(form, error="access_denied")
        if len(self._codes) >= _ASKED_MAX:
            self._codes.clear()
        code = secrets.token_urlsafe(24)
        self._codes[code] = Grant(
            person,
            form["redirect_uri"],
            form.get("code_challenge", ""),
            form.get("nonce", ""),
            secrets.token_urlsafe(12),
            self._clock() + CODE_SECONDS,
        )
        return self._back(form, code=code)

    def _back(self, asked: dict[str, str], **said: str) -> Response:
        told = {**said, "iss": self.issuer}
        if "state" in asked:
            told["state"] = asked["state"]
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(told)}", 303)

    async def _token(self, http: Request) -> Response:
        try:
            return self._tokens_for(http, _form(await http.body()))
        except Refused as refused:
            return JSONResponse({"error": refused.error}, refused.status, _NO_STORE)

    def _tokens_for(self, http: Request, form: dict[str, str]) -> Response:
        name, secret = _credentials(http, form)
        if name != self.client.id or not _same(secret, self.client.secret):
            raise Refused(401, "invalid_client")
        if form.get("grant_type") != "authorization_code":
            raise Refused(400, "unsupported_grant_type")
        grant = self._codes.pop(form.get("code", ""), None)
        now = self._clock()
        if grant is None or now >= grant.until:
            raise Refused(400, "invalid_grant")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not _same(challenge, grant.challenge) or form.get("redirect_uri") != grant.redirect_uri:
            raise Refused(400, "invalid_grant")
        access_token = secrets.token_urlsafe(24)
        self._tokens[access_token] = (grant.person, now + TOKEN_SECONDS)
        return JSONResponse(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "id_token": self._id_token(grant, access_token, int(now)),
            },
            headers=_NO_STORE,
        )

    def _id_token(self, grant: Grant, access_token: str, now: int) -> str:
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": self.client.id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": now,
            "nonce": grant.nonce,
            "sid": grant.session_id,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **_claims(grant.person),
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)

    async def _userinfo(self, http: Request) -> Response:
        token = http.headers.get("authorization", "").removeprefix("Bearer ")
        person, until = self._tokens.get(token, (None, 0.0))
        if person is None or self._clock() >= until:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(_claims(person), headers=_NO_STORE)

    async def _log_out(self, http: Request) -> Response:
        """OpenID Connect RP-Initiated Logout 1.0. There is no session here to end: the next login
        asks again who it is."""
        asked = dict(http.query_params)
        back = asked.get("post_logout_redirect_uri", "")
        if back not in self.client.logout_uris:
            return HTMLResponse(signed_out(escape(self.issuer)))
        state = f"?{urlencode({'state': asked['state']})}" if "state" in asked else ""
        return RedirectResponse(back + state, 303)


_NO_STORE = {"cache-control": "no-store"}


def _claims(person: Person) -> dict[str, Any]:
    return {
        "sub": person.key,
        "name": person.name,
        "email": person.email,
        "email_verified": True,
        "groups": list(person.groups),
    }


def _credentials(http: Request, form: dict[str, str]) -> tuple[str, str]:
    """client_secret_basic, whose parts are form-encoded first (RFC 6749, 2.3.1), or _post."""
    said = http.headers.get("authorization", "")
    if not said.startswith("Basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(said[6:], validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _form(body: bytes) -> dict[str, str]:
    fields = parse_qs(body.decode("ascii", "replace"), max_num_fields=50)
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def _same(said: str, expected: str) -> bool:
    return hmac.compare_digest(said.encode(), expected.encode())
