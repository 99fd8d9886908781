"""A gateway that readers log in to, each with a provider of its own, and what a reader does there.

``served`` is `lychgate serve` with two workers in front of the demo's paper, and npm's oidc-provider;
``demo`` is `lychgate demo` with the provider that it brings.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx2
import uvicorn
from playwright.sync_api import BrowserContext, Page

import gateway.demo
from gateway.bench.processes import free_port
from gateway.demo.edition import Edition
from gateway.demo.site import app_factory
from tests.peers import program
from tests.serving import KEY, serving

_HERE = Path(__file__).parent
_NODE = _HERE / "oidc_provider.mjs"
_POLICIES = Path(gateway.demo.__file__).parent / "policies"
_SECRET = "a secret: with %41, + and more"
# For members, and too old to be free.
ARTICLE = "/sciences/eteindre-pour-compter-les-papillons"
OTHER = "/culture/un-orgue-sous-la-criee"
PATIENCE_SECONDS = 20.0
_NAME = "La Maison"


class Provider(Protocol):
    """A reader's clicks on a provider's own pages. ``url`` is its address, ``name`` its button's."""

    @property
    def url(self) -> str: ...
    @property
    def name(self) -> str: ...

    def log_in(self, page: Page) -> None: ...

    def confirm_leaving(self, page: Page) -> None:
        """The gateway sent the reader here to log out."""

    def leave(self, page: Page) -> None:
        """The reader comes by themselves to log out. Returns once the provider says it's done."""

    def cancel(self, page: Page) -> None: ...


@dataclass(frozen=True, slots=True)
class House:
    """``url`` is the gateway's, without a slash at its end."""

    url: str
    provider: Provider

    def hosts(self) -> set[str]:
        return {urlsplit(self.url).netloc, urlsplit(self.provider.url).netloc}


@dataclass(frozen=True, slots=True)
class NodeProvider:
    """npm's oidc-provider, with the pages that the library brings for trying it out."""

    url: str
    name: str = _NAME
    login: str = "camille"

    def log_in(self, page: Page) -> None:
        """Log in, and consent where that wasn't done in another tab meanwhile."""
        page.get_by_placeholder("Enter any login").fill(self.login)
        page.get_by_placeholder("and password").fill("a password")
        asking = page.url
        page.get_by_role("button", name="Sign-in").click()
        page.wait_for_url(lambda url: url != asking)
        if page.url.startswith(self.url):
            page.get_by_role("button", name="Continue").click()

    def confirm_leaving(self, page: Page) -> None:
        page.get_by_role("button", name="Yes, sign me out").click()

    def leave(self, page: Page) -> None:
        page.goto(f"{self.url}/session/end")
        self.confirm_leaving(page)
        page.get_by_role("heading", name="Sign-out Success").wait_for()

    def cancel(self, page: Page) -> None:
        page.get_by_role("link", name="Cancel").click()


@dataclass(frozen=True, slots=True)
class DemoProvider:
    url: str
    name: str = "Fanal ID"

    def log_in(self, page: Page) -> None:
        page.get_by_role("button", name="Camille").click()

    def confirm_leaving(self, page: Page) -> None:
        """It knows its own id token, and asks nothing."""

    def leave(self, page: Page) -> None:
        page.goto(f"{self.url}/")
        page.get_by_role("button", name="Se déconnecter partout").click()
        page.get_by_role("heading", name="Vous êtes déconnecté").wait_for()

    def cancel(self, page: Page) -> None:
        page.get_by_role("button", name="Annuler").click()


@contextmanager
def demo(folder: Path) -> Iterator[House]:
    words = [sys.executable, "-m", "gateway", "demo", "--port", "0"]
    with running(words, folder=folder, until="config and policies") as told:
        url = found(r"gateway on (\S+)", told)
        issuer = found(r"log out at the provider\s+(\S+)/", told)
        yield House(url, DemoProvider(issuer))


@contextmanager
def served(folder: Path, *, settings: str = "", port: int = 0) -> Iterator[House]:
    """``settings`` are further sections; ``port`` 0 is any."""
    port, ops_port, provider_port = port or free_port(), free_port(), free_port()
    url, issuer = f"http://127.0.0.1:{port}", f"http://localhost:{provider_port}"
    (folder / "policies").mkdir()
    policy = (_POLICIES / "fanal.yaml").read_text("utf-8")
    (folder / "policies" / "fanal.yaml").write_text(policy, "utf-8")
    words = [program("node"), str(_NODE), str(provider_port), url, _SECRET]
    with _paper(url) as origin, running(words, folder=_HERE, until="listening"):
        (folder / "lychgate.toml").write_text(
            f"""[site]
url = "{url}"
origin = "{origin}"
name = "Le Fanal"
languages = ["fr", "en"]
timezone = "Europe/Paris"
[server]
bind = "127.0.0.1:{port}"
workers = 2
[ops]
bind = "127.0.0.1:{ops_port}"
[policies]
folder = "policies"
[keys]
cookie = ["{KEY}"]
[store]
url = "sqlite:///lychgate.db"
[[login.provider]]
id = "house"
name = "{_NAME}"
issuer = "{issuer}"
client_id = "gateway"
client_secret = "{_SECRET}"
{settings}""",
            "utf-8",
        )
        with serving(folder, port, ops_port) as one:
            one.until_ready()
            # Articles are served before the desk has opened.
            one.until(lambda: one.get("/-/login")[0] == 200)
            yield House(url, NodeProvider(issuer))


@contextmanager
def _paper(url: str) -> Iterator[str]:
    """The demo's origin; ``url`` is what its readers type."""
    config = uvicorn.Config(app_factory(url=url), log_level="warning", ws="none", lifespan="off")
    server, port = uvicorn.Server(config), free_port()
    config.port = port
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def running(words: list[str], *, folder: Path, until: str) -> Iterator[str]:
    """A program, once it has printed ``until``; what it printed so far. It's ended by its own id."""
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    told = ""
    try:
        for line in process.stdout:
            told += line
            if until in line:
                break
        assert until in told, f"{words[:3]} ended: {told}"
        yield told
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1]


def paragraphs(path: str) -> list[str]:
    """An article's own, as its readers see them."""
    body = Edition(url="http://fanal.example", now=1_790_000_000.0).by_path[path].body
    return [
        " ".join(re.sub(r"<[^>]+>", "", each).split())
        for each in re.findall(r"<p>(.*?)</p>", body, re.DOTALL)
    ]


def is_whole(text: str, path: str) -> bool:
    """Whether a page has an article's last words. One with neither them nor a wall is neither."""
    plain = " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())
    whole = paragraphs(path)[-1] in plain
    assert whole is not ("lg-wall-action" in text)
    return whole


def asked_anew(context: BrowserContext, url: str) -> str:
    """The page at ``url`` with the browser's cookies, on a connection of its own: any worker's."""
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in context.cookies(url))
    answer = httpx2.get(url, headers={"cookie": cookies}, trust_env=False)
    assert answer.status_code == 200
    return answer.text
