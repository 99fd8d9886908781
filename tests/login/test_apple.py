"""Apple as it is: the scopes that it knows, a secret that is signed, and a name beside the code."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.clock import SystemClock
from gateway.config import load_settings
from gateway.login.apple import ISSUER, name_posted
from gateway.login.client import Client
from gateway.login.provider import OpenIDProvider
from gateway.wiring.login import Login
from gateway.wiring.providers import provider_of
from gateway.wiring.rooms import RoomsHere
from tests.hostile.lodge import Lodge, lodge
from tests.hostile.misbehaving_provider import Manner
from tests.login.claims import GONE
from tests.ways.house import KEY

# https://appleid.apple.com/.well-known/openid-configuration
PUBLISHED = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth/authorize",
    "token_endpoint": f"{ISSUER}/auth/token",
    "revocation_endpoint": f"{ISSUER}/auth/revoke",
    "jwks_uri": f"{ISSUER}/auth/keys",
    "response_types_supported": ["code"],
    "response_modes_supported": ["query", "fragment", "form_post"],
    "subject_types_supported": ["pairwise"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "scopes_supported": ["openid", "email", "name"],
    "token_endpoint_auth_methods_supported": ["client_secret_post"],
}
CONFIG = f"""[site]
url = "https://news.example"
origin = "http://127.0.0.1:1"
name = "Le Courrier"
[policies]
[keys]
cookie = ["{KEY}"]
[[login.provider]]
id = "apple"
issuer = "{ISSUER}"
client_id = "com.example.news"
team_id = "T1"
key_id = "K1"
private_key = "file:key.p8"
"""


class Publishing(Client):
    async def json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        withheld: tuple[int, ...] = (),
    ) -> object:
        assert url == f"{ISSUER}/.well-known/openid-configuration"
        return PUBLISHED


def test_it_is_asked_for_what_it_knows_and_the_secret_is_signed(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.p8").write_bytes(pem)
    (tmp_path / "lychgate.toml").write_text(CONFIG)
    settings = load_settings(tmp_path / "lychgate.toml", {})

    async def main() -> None:
        client = Publishing()
        (told,) = settings.login.provider
        apple = provider_of(told, client=client, clock=SystemClock(), settings=settings)
        assert isinstance(apple, OpenIDProvider)
        url = await apple.authorization_url(
            state="s", nonce="n", verifier="v" * 43, redirect_uri="https://news.example/cb"
        )
        asked = parse_qs(urlsplit(url).query)
        assert asked["scope"] == ["openid email name"]
        assert asked["response_mode"] == ["form_post"]
        secret = jwt.decode(apple._registered.secret(), ECKey.import_key(pem))
        assert (secret.header["kid"], secret.claims["sub"]) == ("K1", "com.example.news")
        await apple.close()
        await client.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ('{"name": {"firstName": "Ana", "lastName": "Ruiz"}, "email": "a@b.example"}', "Ana Ruiz"),
        ('{"name": {"firstName": "Ana"}}', "Ana"),
        ('{"name": {"firstName": "A\\u202ena", "lastName": 7}}', "Ana"),
        ('{"name": "Ana"}', ""),
        ('["name"]', ""),
        ("[" * 20_000, ""),
        ("{", ""),
        ("", ""),
    ],
)
def test_a_name_that_is_posted_is_read_or_left(user: str, name: str) -> None:
    assert name_posted({"user": [user]}) == name


def test_a_posted_name_stands_where_the_tokens_hold_none(tmp_path: Path) -> None:
    """At a provider of our own, told to be read as Apple is."""

    async def name_after(inside: Lodge, **words: object) -> str:
        user = json.dumps({"name": {"firstName": "Ana", "lastName": "Ruiz"}})
        told = {"email": "ana@news.example", "email_verified": True, **words}
        manner = Manner(id_token=told, callback={"user": user})
        browser = await inside.logged_in(manner)
        exported = (await browser.get("/-/account/export")).json()
        return str(exported["reader"]["name"])

    async def main() -> None:
        extra = 'response_mode = "form_post"'
        async with lodge(tmp_path, provider_extra=extra) as inside:
            assert isinstance(inside.lychgate.rooms, RoomsHere)
            (login,) = (each for each in inside.lychgate.rooms.opened if isinstance(each, Login))
            idp = login.providers["idp"]
            assert isinstance(idp, OpenIDProvider)
            idp._registered = replace(idp._registered, name_posted=name_posted)
            assert await name_after(inside, sub="a", name=GONE) == "Ana Ruiz"
            signed = await name_after(inside, sub="b", name="Signed", email="b@news.example")
            assert signed == "Signed"

    asyncio.run(main())
