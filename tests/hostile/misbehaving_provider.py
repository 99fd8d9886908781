"""An OpenID provider of our own on loopback, strict with us and told, per login, how to misbehave.

What it would say by the standards is made first; a ``Manner`` then puts other words in their place.
It checks what we send more closely than most providers do (``faults``), and shows how often it was
asked for what.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from gateway.clock import Clock
from tests.hostile.forging import Published, Words, encoded, signed_by
from tests.login.claims import EVENT, changed
from tests.ways.house import Asked, Page, TableOrigin

CLIENT = "the-gateway"
SECRET = "s3cret: with/odd+signs%&="
SUBJECT = "248289761001"
ANSWERS_MAX = 2_000  # of one test: a client that runs in circles is stopped


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How one login is spoilt. ``claims.GONE`` leaves a word out."""

    callback: Words = field(default_factory=dict)
    token: Words = field(default_factory=dict)
    id_token: Words = field(default_factory=dict)
    header: Words = field(default_factory=dict)
    userinfo: Words = field(default_factory=dict)
    signed: str = "RS256"
    signature_spoilt: bool = False
    code_serves_again: bool = False
    ignores_verifier: bool = False
    rotates_before_signing: bool = False
    userinfo_takes: str = "header"  # or "body"
    userinfo_page: Page | None = None
    token_page: Page | None = None


SOUND = Manner()


@dataclass(kw_only=True)
class Login:
    manner: Manner
    asked: dict[str, str]
    redeemed: bool = False


@dataclass(kw_only=True)
class Provider:
    """``address`` is its issuer. ``manner`` holds for logins that begin from now on."""

    clock: Clock
    redirect_uri: str
    address: str = ""
    manner: Manner = SOUND
    metadata: Words = field(default_factory=dict)
    token_auth: str = "client_secret_basic"
    published: list[Published] = field(default_factory=lambda: [Published(key="first", kid="k1")])
    signs_with: Published = field(default_factory=lambda: Published(key="first", kid="k1"))
    logins: dict[str, Login] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    ended: list[dict[str, str]] = field(default_factory=list)
    after_logout: Words = field(default_factory=dict)
    issued: list[str] = field(default_factory=list)
    tokens: dict[str, Login] = field(default_factory=dict)
    server: TableOrigin = field(default_factory=TableOrigin)

    def times(self, path: str) -> int:
        """How often ``path`` was asked for."""
        return sum(urlsplit(each.target.decode()).path == path for each in self.server.seen)

    def rotate(self, key: str, *, kid: str | None) -> None:
        """From now on there is another key, and the old one is gone."""
        self.signs_with = Published(key=key, kid=kid)
        self.published = [self.signs_with]

    def pages(self) -> dict[str, Any]:
        return {
            "/.well-known/openid-configuration": self._discovery,
            "/authorize": self._authorize,
            "/token": self._token,
            "/keys": self._keys,
            "/userinfo": self._userinfo,
            "/logout": self._logout,
        }

    def logout_token(
        self,
        *,
        claims: Words | None = None,
        signed: str = "RS256",
        header: Words | None = None,
    ) -> str:
        """A sound logout token of the reader, or what ``claims`` make of it."""
        now = self.clock.now()
        sound = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": SUBJECT,
            "sid": "sid-1",
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(12),
            "events": {EVENT: {}},
        }
        return signed_by(
            self.signs_with,
            changed(sound, **(claims or {})),
            changed({"typ": "logout+jwt", "kid": self.signs_with.kid}, **(header or {})),
            signed,
        )

    def _discovery(self, asked: Asked) -> Page:
        self._fault_if(len(self.server.seen) > ANSWERS_MAX, "asked without end")
        sound = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "end_session_endpoint": f"{self.address}/logout",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": [self.token_auth],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
        }
        return _json(changed(sound, **self.metadata))

    def _authorize(self, asked: Asked) -> Page:
        said = _once(urlsplit(asked.target.decode()).query)
        for name, expected in (
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", self.redirect_uri),
            ("code_challenge_method", "S256"),
        ):
            self._fault_if(said.get(name) != expected, f"authorize: {name}={said.get(name)}")
        self._fault_if("openid" not in said.get("scope", "").split(), "authorize: scope")
        self._fault_if("offline_access" in said.get("scope", ""), "authorize: offline_access")
        for name in ("state", "nonce", "code_challenge"):
            self._fault_if(len(said.get(name, "")) < 22, f"authorize: a guessable {name}")
        code = secrets.token_urlsafe(16)
        self.logins[code] = Login(manner=self.manner, asked=said)
        sound = {"code": code, "state": said.get("state", ""), "iss": self.address}
        answer = [
            (name, each)
            for name, value in changed(sound, **self.manner.callback).items()
            for each in (value if isinstance(value, list) else [value])
        ]
        if said.get("response_mode") == "form_post":
            fields = "".join(
                f'<input type=hidden name="{n}" value="{escape(v)}">' for n, v in answer
            )
            form = f'<form method=post action="{said["redirect_uri"]}">{fields}</form>'
            return Page(f"<!doctype html><title>…</title>{form}".encode())
        mark = "&" if "?" in said["redirect_uri"] else "?"
        return Page(
            status=303, headers=(("location", said["redirect_uri"] + mark + urlencode(answer)),)
        )

    def _token(self, asked: Asked) -> Page:
        said = _once(asked.body.decode())
        self._fault_if(not self._is_us(asked, said), "token: not our client's proof")
        self._fault_if(said.get("grant_type") != "authorization_code", "token: grant_type")
        login = self.logins.get(said.get("code", ""))
        challenge = encoded(hashlib.sha256(said.get("code_verifier", "").encode()).digest())
        if login is None or said.get("redirect_uri") != login.asked["redirect_uri"]:
            return _json({"error": "invalid_grant"}, status=400)
        proved = challenge == login.asked["code_challenge"] or login.manner.ignores_verifier
        if not proved or (login.redeemed and not login.manner.code_serves_again):
            return _json({"error": "invalid_grant"}, status=400)
        login.redeemed = True
        if login.manner.token_page is not None:
            return login.manner.token_page
        if login.manner.rotates_before_signing:
            self.rotate("just-before", kid="k-just-before")
        access_token = secrets.token_urlsafe(16)
        self.tokens[access_token] = login
        sound = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "id_token": self._id_token(login, access_token),
            "refresh_token": "never-asked-for",
        }
        return _json(changed(sound, **login.manner.token))

    def _id_token(self, login: Login, access_token: str) -> str:
        now = self.clock.now()
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        sound = {
            "iss": self.address,
            "sub": SUBJECT,
            "aud": CLIENT,
            "nonce": login.asked.get("nonce"),
            "auth_time": now,
            "iat": now,
            "exp": now + 300,
            "at_hash": encoded(half),
            "sid": "sid-1",
        }
        manner = login.manner
        header = changed({"kid": self.signs_with.kid}, **manner.header)
        token = signed_by(self.signs_with, changed(sound, **manner.id_token), header, manner.signed)
        if manner.signature_spoilt:
            front, _, signature = token.rpartition(".")
            other = "A" if signature[20] != "A" else "B"
            token = f"{front}.{signature[:20]}{other}{signature[21:]}"
        self.issued.append(token)
        return token

    def _keys(self, asked: Asked) -> Page:
        return _json({"keys": [each.document() for each in self.published]})

    def _userinfo(self, asked: Asked) -> Page:
        shown = (asked.header(b"authorization") or b"").decode()
        login = self.tokens.get(shown.removeprefix("Bearer "))
        self._fault_if("access_token" in asked.target.decode(), "userinfo: a token in the URL")
        if login is None or not shown.startswith("Bearer "):
            return _json({"error": "invalid_token"}, status=401)
        if login.manner.userinfo_takes == "body":
            return _json({"error": "invalid_request"}, status=400)
        if login.manner.userinfo_page is not None:
            return login.manner.userinfo_page
        sound = {
            "sub": SUBJECT,
            "email": "jane@news.example",
            "email_verified": True,
            "name": "Jane Doe",
        }
        return _json(changed(sound, **login.manner.userinfo))

    def _logout(self, asked: Asked) -> Page:
        said = _once(urlsplit(asked.target.decode()).query)
        self.ended.append(said)
        back = said.get("post_logout_redirect_uri", "")
        sound = {"state": said["state"]} if "state" in said else {}
        words = urlencode(changed(sound, **self.after_logout))
        return Page(status=303, headers=(("location", f"{back}?{words}" if words else back),))

    def _is_us(self, asked: Asked, said: Mapping[str, str]) -> bool:
        shown = (asked.header(b"authorization") or b"").decode()
        if self.token_auth == "client_secret_post":
            return (said.get("client_id"), said.get("client_secret")) == (CLIENT, SECRET)
        if not shown.startswith("Basic ") or "client_secret" in said:
            return False
        # RFC 6749, 2.3.1: each is form-encoded before both are joined.
        name, _, secret = base64.b64decode(shown[6:]).decode().partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)

    def _fault_if(self, wrong: bool, told: str) -> None:
        if wrong:
            self.faults.append(told)


@contextlib.asynccontextmanager
async def provider(clock: Clock, *, redirect_uri: str) -> AsyncIterator[Provider]:
    """Serve one until the block ends."""
    made = Provider(clock=clock, redirect_uri=redirect_uri)
    made.server.pages.update(made.pages())
    listening = await asyncio.start_server(made.server.serve, "127.0.0.1", 0)
    made.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        listening.close()
        await made.server.close()


def _once(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}


def _json(words: Words, *, status: int = 200) -> Page:
    return Page(json.dumps(dict(words)).encode(), "application/json", status)
