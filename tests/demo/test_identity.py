"""The demo's identity provider is as strict as a real one: each thing that may be wrong is refused."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.demo import identity
from gateway.demo.identity import Client, Identity
from gateway.demo.identity_asked import language
from gateway.login.checks import check_id_token, check_logout_token, check_metadata

pytestmark = pytest.mark.anyio

ISSUER = "http://127.0.0.1:8002"
BACK = "http://127.0.0.1:8000/-/login/demo/callback"
AFTER = "http://127.0.0.1:8000/-/logout"
CHANNEL = "http://127.0.0.1:8000/-/login/demo/backchannel-logout"
SECRET = "a secret: with %41, + and é"
VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
ASKED = {
    "client_id": "fanal",
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "openid email profile",
    "state": "state-1",
    "nonce": "nonce-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Clock:
    def __init__(self) -> None:
        self.instant = 1_790_000_000.0

    def now(self) -> float:
        return self.instant


class Browser:
    """One browser before the provider, and the client's own server behind it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, str]] = []
        self.registered = Client(
            id="fanal",
            secret=SECRET,
            redirect_uris=(BACK,),
            logout_uris=(AFTER,),
            backchannel_url=CHANNEL,
        )
        provider = Identity(
            issuer=ISSUER, client=self.registered, clock=self.clock.now, post=self._post
        )
        transport = httpx2.ASGITransport(app=provider.application)
        self.http = httpx2.AsyncClient(transport=transport, base_url=ISSUER)

    async def _post(self, url: str, token: str) -> None:
        self.told.append((url, token))

    async def choose(self, person: str = "camille", **changed: str) -> dict[str, str]:
        """The page, a click, and what comes back to the client."""
        page = await self.http.get("/authorize", params={**ASKED, **changed})
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        form = {name: unescape(value) for name, value in hidden.items()}
        assert f'value="{person}"' in page.text
        return said(await self.http.post("/choose", data={**form, "person": person}))

    async def redeem(self, code: str, /, **changed: str) -> httpx2.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
            "client_id": "fanal",
            "client_secret": SECRET,
        }
        return await self.http.post("/token", data={**form, **changed})

    async def tokens(self, person: str = "camille") -> dict[str, Any]:
        answer = await self.redeem((await self.choose(person))["code"])
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def claims(self, token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set((await self.http.get("/jwks")).json())
        return jwt.decode(token, keys, algorithms=["ES256"]).claims


def said(response: httpx2.Response) -> dict[str, str]:
    """The authorization response. Each parameter stands in it once."""
    assert response.status_code == 303, response.text
    location = response.headers["location"]
    assert location.startswith(BACK + "?")
    read = parse_qs(urlsplit(location).query, strict_parsing=True)
    assert all(len(values) == 1 for values in read.values())
    return {name: values[0] for name, values in read.items()}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    made = Browser()
    yield made
    await made.http.aclose()


@pytest.mark.parametrize("person", identity.PEOPLE, ids=lambda person: person.key)
async def test_a_click_logs_in_and_the_gateways_own_checks_hold(
    browser: Browser, person: identity.Person
) -> None:
    document = (await browser.http.get("/.well-known/openid-configuration")).json()
    metadata = check_metadata(document, issuer=ISSUER)
    assert metadata.iss_in_response
    assert metadata.backchannel_logout
    back = await browser.choose(person.key)
    assert (back["state"], back["iss"]) == ("state-1", ISSUER)
    tokens = (await browser.redeem(back["code"])).json()
    proved = check_id_token(
        await browser.claims(tokens["id_token"]),
        issuer=ISSUER,
        client_id="fanal",
        nonce="nonce-1",
        now=browser.clock.now(),
        access_token=tokens["access_token"],
        algorithm="ES256",
        max_age=60,
    )
    assert (proved.subject, proved.email, proved.email_verified) == (person.key, person.email, True)
    assert (proved.name, proved.groups) == (person.name, person.groups)
    assert proved.session_id
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    told = await browser.http.get("/userinfo", headers=headers)
    assert told.json()["sub"] == person.key


async def test_only_the_clerk_is_in_the_finance_group() -> None:
    assert [each.key for each in identity.PEOPLE if "finance" in each.groups] == ["claude"]


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"client_id": ""},
        {"redirect_uri": ""},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "?x=1"},
        {"redirect_uri": BACK.replace("127.0.0.1", "127.0.0.1.evil.example")},
        {"redirect_uri": BACK.upper()},
    ],
)
async def test_nothing_is_sent_to_an_address_that_is_not_registered(
    browser: Browser, changed: dict[str, str]
) -> None:
    for answer in (
        await browser.http.get("/authorize", params={**ASKED, **changed}),
        await browser.http.post("/choose", data={**ASKED, **changed, "person": "camille"}),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers


async def test_a_parameter_that_comes_twice_is_refused(browser: Browser) -> None:
    query = str(httpx2.QueryParams({**ASKED})) + "&redirect_uri=https%3A%2F%2Fevil.example"
    assert (await browser.http.get(f"/authorize?{query}")).status_code == 400
    code = (await browser.choose())["code"]
    form = f"grant_type=authorization_code&code={code}&code={code}&client_id=fanal"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await browser.http.post("/token", content=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example"}, "request_uri_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_other_faults_go_back_to_the_client(
    browser: Browser, changed: dict[str, str], error: str
) -> None:
    back = said(await browser.http.get("/authorize", params={**ASKED, **changed}))
    assert back == {"error": error, "iss": ISSUER, "state": "state-1"}
    if "prompt" not in changed:
        posted = {**ASKED, **changed, "person": "camille"}
        assert said(await browser.http.post("/choose", data=posted))["error"] == error


@pytest.mark.parametrize(
    "form", [{"cancel": "1"}, {}, {"person": "nobody"}, {"person": "camille", "cancel": "1"}]
)
async def test_cancelling_says_access_denied(browser: Browser, form: dict[str, str]) -> None:
    back = said(await browser.http.post("/choose", data={**ASKED, **form}))
    assert back == {"error": "access_denied", "iss": ISSUER, "state": "state-1"}


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, 400, "invalid_grant"),
        ({"code": "other"}, 400, "invalid_grant"),
        ({"code": ""}, 400, "invalid_request"),
        ({"redirect_uri": ""}, 400, "invalid_grant"),
        ({"redirect_uri": BACK + "/"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
    ],
)
async def test_the_token_endpoint_refuses(
    browser: Browser, changed: dict[str, str], status: int, error: str
) -> None:
    answer = await browser.redeem((await browser.choose())["code"], **changed)
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert answer.headers["cache-control"] == "no-store"


async def test_a_wrong_verifier_uses_the_code_up(browser: Browser) -> None:
    code = (await browser.choose())["code"]
    assert (await browser.redeem(code, code_verifier="w" * 43)).status_code == 400
    assert (await browser.redeem(code)).json() == {"error": "invalid_grant"}


async def test_a_wrong_secret_does_not(browser: Browser) -> None:
    """Else anybody who saw a code could spoil a login."""
    code = (await browser.choose())["code"]
    assert (await browser.redeem(code, client_secret="wrong")).status_code == 401
    assert (await browser.redeem(code)).status_code == 200


async def test_a_repeated_code_ends_what_it_was_redeemed_for(browser: Browser) -> None:
    code = (await browser.choose())["code"]
    token = (await browser.redeem(code)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    assert (await browser.http.get("/userinfo", headers=headers)).status_code == 200
    assert (await browser.redeem(code)).json() == {"error": "invalid_grant"}
    assert (await browser.http.get("/userinfo", headers=headers)).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(59.9, 200), (60.0, 400)])
async def test_a_code_lasts_a_minute(browser: Browser, seconds: float, status: int) -> None:
    code = (await browser.choose())["code"]
    browser.clock.instant += seconds
    assert (await browser.redeem(code)).status_code == status


def basic(name: str, secret: str) -> str:
    encoded = str(httpx2.QueryParams({name: secret})).replace("=", ":", 1)
    return "Basic " + base64.b64encode(encoded.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (basic("fanal", SECRET), 200),
        (basic("fanal", SECRET).replace("Basic", "basic"), 200),
        (basic("fanal", "wrong"), 401),
        ("Basic " + base64.b64encode(f"fanal:{SECRET}".encode()).decode(), 401),
        ("Basic !!!", 401),
        ("Basic", 401),
        ("Bearer x", 401),
    ],
)
async def test_client_secret_basic(browser: Browser, authorization: str, status: int) -> None:
    """Both parts are form-encoded first: a secret with `%` and letters beyond ASCII tells."""
    form = {
        "grant_type": "authorization_code",
        "code": (await browser.choose())["code"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    headers = {"authorization": authorization}
    answer = await browser.http.post("/token", data=form, headers=headers)
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) is (status == 401)


async def test_two_proofs_at_once_are_refused(browser: Browser) -> None:
    code = (await browser.choose())["code"]
    form = {"grant_type": "authorization_code", "code": code, "client_secret": SECRET}
    headers = {"authorization": basic("fanal", SECRET)}
    answer = await browser.http.post("/token", data=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer other", "{token}", "Basic {token}"]
)
async def test_userinfo_wants_a_bearer_token(browser: Browser, authorization: str) -> None:
    token = (await browser.tokens())["access_token"]
    headers = {"authorization": authorization.format(token=token)}
    answer = await browser.http.get("/userinfo", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_userinfo_ends_with_its_token(browser: Browser) -> None:
    headers = {"authorization": f"Bearer {(await browser.tokens())['access_token']}"}
    browser.clock.instant += 300
    assert (await browser.http.get("/userinfo", headers=headers)).status_code == 401


async def test_a_session_answers_without_a_page_and_stays_one(browser: Browser) -> None:
    first = await browser.claims((await browser.tokens())["id_token"])
    browser.clock.instant += 100
    silent = said(await browser.http.get("/authorize", params={**ASKED, "prompt": "none"}))
    again = await browser.claims((await browser.redeem(silent["code"])).json()["id_token"])
    assert (again["sub"], again["sid"]) == ("camille", first["sid"])
    assert again["auth_time"] == first["auth_time"]
    other = await browser.claims((await browser.tokens("dominique"))["id_token"])
    assert other["sid"] != first["sid"]


async def test_the_gateways_logout_ends_the_session_and_comes_back(browser: Browser) -> None:
    tokens = await browser.tokens()
    sid = (await browser.claims(tokens["id_token"]))["sid"]
    browser.clock.instant += 86_400  # a hint that ran out still says which session
    query = {
        "id_token_hint": tokens["id_token"],
        "client_id": "fanal",
        "post_logout_redirect_uri": AFTER,
        "state": "/pays/a?b=c",
    }
    answer = await browser.http.get("/logout", params=query)
    assert answer.status_code == 303
    assert answer.headers["location"] == AFTER + "?state=%2Fpays%2Fa%3Fb%3Dc"
    silent = said(await browser.http.get("/authorize", params={**ASKED, "prompt": "none"}))
    assert silent["error"] == "login_required"
    [(url, token)] = browser.told
    notice = check_logout_token(
        await browser.claims(token), issuer=ISSUER, client_id="fanal", now=browser.clock.now()
    )
    assert (url, notice.subject, notice.session_id) == (CHANNEL, "camille", sid)


@pytest.mark.parametrize(
    "query",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": AFTER + "/"},
        {"post_logout_redirect_uri": AFTER, "client_id": "other"},
        {"post_logout_redirect_uri": AFTER, "id_token_hint": "not.a.token"},
        {"post_logout_redirect_uri": AFTER, "id_token_hint": ""},
        {},
    ],
)
async def test_nobody_is_logged_out_by_a_link(browser: Browser, query: dict[str, str]) -> None:
    await browser.tokens()
    answer = await browser.http.get("/logout", params=query)
    assert "location" not in answer.headers
    assert "camille" in (await browser.http.get("/")).text.lower()
    assert browser.told == []


async def test_a_hint_signed_by_somebody_else_is_none(browser: Browser) -> None:
    other = Browser()
    query = {"id_token_hint": (await other.tokens())["id_token"], "post_logout_redirect_uri": AFTER}
    await other.http.aclose()
    assert (await browser.http.get("/logout", params=query)).status_code == 400


async def test_the_providers_own_page_logs_out_of_the_gateway(browser: Browser) -> None:
    assert "<button" not in (await browser.http.get("/")).text
    await browser.tokens("claude")
    assert "Claude Morvan" in (await browser.http.get("/")).text
    assert (await browser.http.post("/leave")).status_code == 200
    assert "Claude Morvan" not in (await browser.http.get("/")).text
    assert [url for url, _ in browser.told] == [CHANNEL]
    await browser.http.post("/leave")
    assert len(browser.told) == 1


async def test_what_was_asked_is_text_on_the_page(browser: Browser) -> None:
    state = '"><script>alert(1)</script>'
    page = await browser.http.get("/authorize", params={**ASKED, "state": state, "person": "x"})
    assert "<script>" not in page.text
    assert (await browser.choose(state=state))["state"] == state
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:8000;" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("ui_locales", "accept_language", "spoken"),
    [
        ("fr", "en", "fr"),
        ("en-GB fr", "fr", "en"),
        ("de", "fr-FR,fr;q=0.8,en;q=0.5", "fr"),
        ("", "de,en-US;q=0.7", "en"),
        ("", "", "en"),
        ("", "frr", "en"),
    ],
)
def test_the_language(ui_locales: str, accept_language: str, spoken: str) -> None:
    assert language(ui_locales, accept_language) == spoken


async def test_the_page_speaks_french(browser: Browser) -> None:
    page = await browser.http.get("/authorize", params={**ASKED, "ui_locales": "fr"})
    assert '<html lang="fr">' in page.text
    assert "<h1>Choisissez un lecteur</h1>" in page.text


async def test_what_is_kept_is_bounded(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "KEPT_MAX", 2)
    codes = [(await browser.choose())["code"] for _ in range(3)]
    assert (await browser.redeem(codes[0])).status_code == 400
    assert (await browser.redeem(codes[2])).status_code == 200
