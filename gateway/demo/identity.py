"""The demo's identity provider: OpenID Connect on a port of its own, with three ready-made readers.

One click logs in, and that is all it leaves out: client, redirect address, PKCE, state, nonce, code
and secret are checked as a real provider would. It knows nothing of the gateway but the addresses
that it was registered with. What is asked is judged in ``identity_asked``, signed in
``identity_tokens``, and left in ``identity_leaving``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.clock import SystemClock
from gateway.demo.identity_asked import (
    CARRIED,
    Refused,
    credentials,
    fault,
    fields,
    language,
    same,
    token_hash,
    unknown,
    verified,
)
from gateway.demo.identity_leaving import (
    COOKIE,
    Leaving,
    Post,
    Session,
    Sessions,
    post_logout_token,
)
from gateway.demo.identity_page import chooser, refused, reply
from gateway.demo.identity_tokens import TOKEN_SECONDS, Tokens, metadata

CODE_SECONDS = 60
KEPT_MAX = 1000  # codes, and access tokens: beyond it the oldest go
_NO_STORE = {"cache-control": "no-store"}
_Value = TypeVar("_Value")


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
    """``backchannel_url`` is told of every logout, unless it is empty."""

    id: str
    secret: str = field(repr=False)
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...] = ()
    backchannel_url: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for, once. ``access_token`` is what it was redeemed for."""

    person: Person
    asked: Mapping[str, str]
    session: Session
    until: float
    access_token: str = ""


class Identity:
    """``issuer`` is this provider's own address. ``clock`` gives seconds since the epoch, ``post``
    sends a logout token to an address."""

    def __init__(
        self,
        *,
        issuer: str,
        client: Client,
        clock: Callable[[], float] | None = None,
        post: Post = post_logout_token,
    ) -> None:
        self.issuer, self.client = issuer, client
        self._clock = clock or SystemClock().now
        self._tokens = Tokens(issuer=issuer, client_id=client.id, clock=self._clock)
        self._sessions = Sessions()
        self._codes: dict[str, Grant] = {}
        self._access: dict[str, tuple[Person, float]] = {}
        leaving = Leaving(
            client_id=client.id,
            logout_uris=client.logout_uris,
            backchannel_url=client.backchannel_url,
            tokens=self._tokens,
            sessions=self._sessions,
            post=post,
        )
        self.application = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/jwks", self._keys),
                Route("/authorize", self._authorize, methods=["GET", "POST"]),
                Route("/choose", self._choose, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo, methods=["GET", "POST"]),
                *leaving.routes,
            ]
        )

    async def _metadata(self, http: Request) -> Response:
        return JSONResponse(metadata(self.issuer))

    async def _keys(self, http: Request) -> Response:
        return JSONResponse(self._tokens.public_keys())

    async def _authorize(self, http: Request) -> Response:
        """The page with the readers; or an error, which goes back only to an address we know."""
        raw = await http.body() if http.method == "POST" else http.url.query.encode()
        asked, spoken = self._known(raw, http)
        if asked is None:
            return reply(refused("client_id, redirect_uri", spoken), 400)
        if error := fault(asked):
            return self._back(asked, error=error)
        if asked.get("prompt") == "none":
            session = self._sessions.of(http)
            if session is None:
                return self._back(asked, error="login_required")
            return self._granted(asked, _person(session.subject), session)
        carried = {name: asked[name] for name in CARRIED if name in asked}
        return reply(chooser(PEOPLE, carried, spoken), leads_to=asked["redirect_uri"])

    async def _choose(self, http: Request) -> Response:
        """A reader was clicked. What was asked comes along in the form, and is looked at again."""
        asked, spoken = self._known(await http.body(), http)
        if asked is None:
            return reply(refused("client_id, redirect_uri", spoken), 400)
        if error := fault(asked):
            return self._back(asked, error=error)
        person = _person(asked.get("person", ""))
        if person is None or "cancel" in asked:
            return self._back(asked, error="access_denied")
        session = self._sessions.begin(
            http, subject=person.key, name=person.name, now=self._clock()
        )
        response = self._granted(asked, person, session)
        response.set_cookie(COOKIE, session.key, httponly=True, samesite="lax")
        return response

    def _known(self, raw: bytes, http: Request) -> tuple[dict[str, str] | None, str]:
        asked = fields(raw)
        accepted = http.headers.get("accept-language", "")
        spoken = language(asked.get("ui_locales", "") if asked else "", accepted)
        client = self.client
        foreign = asked is None or unknown(
            asked, client_id=client.id, redirect_uris=client.redirect_uris
        )
        return None if foreign else asked, spoken

    def _granted(
        self, asked: Mapping[str, str], person: Person | None, session: Session
    ) -> Response:
        if person is None:
            return self._back(asked, error="login_required")
        code = secrets.token_urlsafe(24)
        _keep(self._codes, code, Grant(person, asked, session, self._clock() + CODE_SECONDS))
        return self._back(asked, code=code)

    def _back(self, asked: Mapping[str, str], **said: str) -> Response:
        """RFC 6749, 4.1.2, with the issuer (RFC 9207, 2)."""
        told = {**said, "iss": self.issuer}
        if "state" in asked:
            told["state"] = asked["state"]
        mark = "&" if "?" in asked["redirect_uri"] else "?"
        location = f"{asked['redirect_uri']}{mark}{urlencode(told)}"
        return RedirectResponse(location, 303, _NO_STORE)

    async def _token(self, http: Request) -> Response:
        basic = http.headers.get("authorization", "")
        try:
            return self._redeemed(basic, fields(await http.body()))
        except Refused as error:
            headers = dict(_NO_STORE)
            if error.status == 401 and basic:
                headers["www-authenticate"] = "Basic"  # RFC 6749, 5.2
            return JSONResponse({"error": error.error}, error.status, headers)

    def _redeemed(self, basic: str, form: dict[str, str] | None) -> Response:
        if form is None:
            raise Refused(400, "invalid_request")
        name, secret = credentials(basic, form)
        if not same(name, self.client.id) or not same(secret, self.client.secret):
            raise Refused(401, "invalid_client")
        if "grant_type" not in form or "code" not in form:
            raise Refused(400, "invalid_request")
        if form["grant_type"] != "authorization_code":
            raise Refused(400, "unsupported_grant_type")
        grant, now = self._codes.get(form["code"]), self._clock()
        if grant is None:
            raise Refused(400, "invalid_grant")
        if grant.access_token or now >= grant.until:
            # RFC 6749, 4.1.2: what a code was redeemed for ends when it comes again.
            self._access.pop(grant.access_token, None)
            raise Refused(400, "invalid_grant")
        access_token = secrets.token_urlsafe(24)
        # It has served now, whatever comes of it: a wrong verifier isn't tried twice.
        self._codes[form["code"]] = Grant(
            grant.person, grant.asked, grant.session, grant.until, access_token
        )
        if form.get("redirect_uri") != grant.asked["redirect_uri"]:
            raise Refused(400, "invalid_grant")
        if not verified(form.get("code_verifier", ""), grant.asked["code_challenge"]):
            raise Refused(400, "invalid_grant")
        _keep(self._access, access_token, (grant.person, now + TOKEN_SECONDS))
        told = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": grant.asked["scope"],
            "id_token": self._tokens.id_token(_id_claims(grant, access_token)),
        }
        return JSONResponse(told, headers=_NO_STORE)

    async def _userinfo(self, http: Request) -> Response:
        scheme, _, token = http.headers.get("authorization", "").partition(" ")
        person, until = self._access.get(token, (None, 0.0))
        if scheme.lower() != "bearer" or person is None or self._clock() >= until:
            headers = {**_NO_STORE, "www-authenticate": 'Bearer error="invalid_token"'}
            return JSONResponse({"error": "invalid_token"}, 401, headers)
        return JSONResponse(_claims(person), headers=_NO_STORE)


def application(
    *,
    issuer: str,
    client_id: str,
    client_secret: str,
    redirect_uris: tuple[str, ...],
    logout_uris: tuple[str, ...] = (),
    backchannel_url: str = "",
) -> Starlette:
    """The provider with one client, as an ASGI application."""
    client = Client(
        id=client_id,
        secret=client_secret,
        redirect_uris=redirect_uris,
        logout_uris=logout_uris,
        backchannel_url=backchannel_url,
    )
    return Identity(issuer=issuer, client=client).application


def _person(key: str) -> Person | None:
    return next((each for each in PEOPLE if each.key == key), None)


def _keep(kept: dict[str, _Value], key: str, value: _Value) -> None:
    if len(kept) >= KEPT_MAX:
        kept.pop(next(iter(kept)))
    kept[key] = value


def _claims(person: Person) -> dict[str, Any]:
    return {
        "sub": person.key,
        "name": person.name,
        "email": person.email,
        "email_verified": True,
        "groups": list(person.groups),
    }


def _id_claims(grant: Grant, access_token: str) -> dict[str, Any]:
    claims = {
        "auth_time": int(grant.session.began_at),
        "sid": grant.session.id,
        "at_hash": token_hash(access_token),
        **_claims(grant.person),
    }
    # OpenID Connect Core 1.0, 2: as it was asked, and only where it was.
    return claims | ({"nonce": grant.asked["nonce"]} if "nonce" in grant.asked else {})
