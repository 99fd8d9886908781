"""A browser, as far as logins need one: cookies with their attributes, redirects, posted forms.

It follows the rules that logins lean on: a cookie with ``SameSite=Lax`` stays away from a form that
another site posts, and where a request was made is said in ``Origin`` and ``Sec-Fetch-Site``.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlencode, urljoin, urlsplit

import httpx2

SITE = "https://news.example"
_HOPS_MAX = 12
_FIELD = re.compile(r'<input type=hidden name="([^"]*)" value="([^"]*)">')
_FORM = re.compile(r'<form method=post action="([^"]+)">')


@dataclass(frozen=True)
class Kept:
    value: str
    same_site: str
    secure: bool
    http_only: bool


@dataclass
class Browser:
    """``gateway`` is where ``SITE`` is served from. ``went`` are the addresses it has been to."""

    gateway: str
    client: httpx2.AsyncClient
    cookies: dict[str, Kept] = field(default_factory=dict)
    went: list[str] = field(default_factory=list)

    async def go(self, url: str, *, from_site: str | None = None) -> httpx2.Response:
        """Follow a link, every redirect, and every form that posts itself."""
        answer = await self.get(url, from_site=from_site)
        at = urljoin(SITE, url)
        for _ in range(_HOPS_MAX):
            form = _FORM.search(answer.text) if at.startswith("http://") else None
            if answer.status_code in (302, 303, 307, 308):
                there = urljoin(at, answer.headers["location"])
                answer, at = await self.get(there, from_site=_origin(at)), there
            elif form is not None:
                there, fields = form[1], _FIELD.findall(answer.text)
                answer = await self.post(
                    there, [(n, html.unescape(v)) for n, v in fields], from_site=_origin(at)
                )
                at = there
            else:
                return answer
        raise AssertionError(f"redirects without end: {self.went}")

    async def get(self, url: str, *, from_site: str | None = None) -> httpx2.Response:
        return await self._ask("GET", urljoin(SITE, url), from_site=from_site)

    async def post(
        self,
        url: str,
        fields: Sequence[tuple[str, str]] | Mapping[str, str] = (),
        *,
        from_site: str | None = SITE,
    ) -> httpx2.Response:
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        return await self._ask("POST", urljoin(SITE, url), from_site=from_site, fields=pairs)

    def session(self) -> str:
        """The value of the session cookie, or nothing."""
        kept = self.cookies.get("__Host-lychgate")
        return kept.value if kept else ""

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        from_site: str | None,
        fields: list[tuple[str, str]] | None = None,
    ) -> httpx2.Response:
        self.went.append(url)
        headers = {"accept": "text/html"}
        ours = _origin(url) == SITE
        if from_site is not None:
            same = from_site == _origin(url)
            headers["sec-fetch-site"] = "same-origin" if same else "cross-site"
            if method == "POST":
                headers["origin"] = from_site
        if ours:
            across = method == "POST" and from_site not in (None, SITE)
            sent = {n: k for n, k in self.cookies.items() if not across or k.same_site == "None"}
            if sent:
                headers["cookie"] = "; ".join(f"{n}={k.value}" for n, k in sent.items())
            headers["host"] = urlsplit(SITE).netloc
            url = self.gateway + url.removeprefix(SITE)
        content = None
        if fields is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
            content = urlencode(fields).encode()
        answer = await self.client.request(method, url, headers=headers, content=content)
        if ours:
            for line in answer.headers.get_list("set-cookie"):
                self._keep(line)
        return answer

    def _keep(self, line: str) -> None:
        pair, *attributes = (part.strip() for part in line.split(";"))
        name, _, value = pair.partition("=")
        told = {a.partition("=")[0].lower(): a.partition("=")[2] for a in attributes}
        if told.get("max-age") == "0":
            self.cookies.pop(name, None)
            return
        if name.startswith("__Host-"):
            assert "secure" in told, line
            assert told.get("path") == "/", line
            assert "domain" not in told, line
        self.cookies[name] = Kept(
            value, told.get("samesite", ""), "secure" in told, "httponly" in told
        )


@contextlib.asynccontextmanager
async def browsers(gateway: tuple[str, int]) -> AsyncIterator[BrowserShop]:
    """New browsers for as long as the block lasts."""
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # cookies are this file's business
    patient = httpx2.Timeout(30)  # a hundred at once on two cores that others use too
    async with httpx2.AsyncClient(
        cookies=jar, follow_redirects=False, trust_env=False, timeout=patient
    ) as client:
        yield BrowserShop(f"http://{gateway[0]}:{gateway[1]}", client)


@dataclass(frozen=True)
class BrowserShop:
    gateway: str
    client: httpx2.AsyncClient

    def new(self) -> Browser:
        return Browser(self.gateway, self.client)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
