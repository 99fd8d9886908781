"""A gateway that sells, with a Stripe beside it, and what a reader does there with a browser.

``demo`` is `lychgate demo`, whose time can be moved; ``served`` is `lychgate serve` with two workers,
npm's oidc-provider and the stand-in as a process of its own, which share the machine's clock.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Page

from tests.browser import signing_in
from tests.browser.signing_in import NodeProvider, found, running
from tests.serving import free_port

# For subscribers of any plan, for those of one of them; and too old to be free.
ARTICLE = "/sciences/ce-que-disent-les-coques-quand-on-les-ecoute"
DOSSIER = "/dossiers/brevielle-ou-passe-l-eau-des-tuyaux"
GOOD, DECLINED, FAILS_LATER = "4242424242424242", "4000000000000002", "4000000000000341"
MONTH, YEAR, SUPPORTER = "price_abonne_mois", "price_abonne_an", "price_soutien_mois"
KEY, SECRET = "sk_test_only-on-loopback", "whsec_only-on-loopback"
_ROOT = Path(__file__).resolve().parents[2]
_NUMBERS = count(1)
SETTINGS = """
[stripe]
secret_key = "{key}"
webhook_secrets = ["{secret}"]
api_base = "{stripe}"
[[plan]]
id = "abonne"
name = {{ fr = "Abonné", en = "Subscriber" }}
tiers = ["abonne"]
prices = ["price_abonne_mois", "price_abonne_an"]
[[plan]]
id = "soutien"
name = {{ fr = "Soutien", en = "Supporter" }}
tiers = ["abonne", "soutien"]
prices = ["price_soutien_mois"]
"""


@dataclass(frozen=True, slots=True)
class Till:
    """The stand-in's door for tests: time, payers, banks, the net."""

    url: str

    def hook(self, name: str, **wish: Any) -> Any:
        answer = httpx2.post(f"{self.url}/test/{name}", json=wish, trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass(frozen=True, slots=True)
class Shop:
    """``url`` is the gateway's. ``provider`` is None where readers log in by mail."""

    url: str
    till: Till
    provider: NodeProvider | None = None

    @property
    def movable(self) -> bool:
        return self.provider is None

    def log_in(self, page: Page, name: str = "") -> str:
        """From the login page on, as a reader who was never here. Their address."""
        name = name or f"lectrice-{next(_NUMBERS)}"
        email = f"{name}@lecteurs.example"
        if self.provider is not None:
            page.get_by_role("link", name=self.provider.name).click()
            replace(self.provider, login=name).log_in(page)
        else:
            page.locator("#lg-email").fill(email)
            page.locator('form[action^="/-/login/mail"] button').click()
            page.goto(self.mailed(email, "/-/login/mail/"))
            page.locator('form[action^="/-/login/mail/"] button').click()
        page.wait_for_url(re.compile(f"^{re.escape(self.url)}/(?!-/login).*"))
        return email

    def mailed(self, email: str, path: str) -> str:
        """The address of a page of ours, from the newest letter to ``email`` that has one."""
        shown = httpx2.get(f"{self.url}/-/demo/mail", trust_env=False).text
        for letter in shown.split("<article>")[1:]:
            match = re.search(rf"{re.escape(self.url + path)}[\w.~?=&;%/-]*", letter)
            if email in letter and match:
                return match[0].replace("&amp;", "&")
        raise AssertionError(f"no letter to {email} leads to {path}")

    def move(self, **time: float) -> None:
        """Both sides' clock: ``days``, ``seconds``."""
        assert self.movable
        self.till.hook("advance", **time)


@contextmanager
def demo(folder: Path) -> Iterator[Shop]:
    words = [sys.executable, "-m", "gateway", "demo", "--port", "0"]
    with running(words, folder=folder, until="config and policies") as told:
        stripe = found(r"refund, dispute\s+(\S+)/dashboard", told)
        yield Shop(found(r"gateway on (\S+)", told), Till(stripe))


@contextmanager
def served(folder: Path) -> Iterator[Shop]:
    port = free_port()
    stripe = f"http://127.0.0.1:{port}"
    settings = SETTINGS.format(key=KEY, secret=SECRET, stripe=stripe)
    with signing_in.served(folder, settings=settings) as house:
        words = [sys.executable, "-m", "tests.browser.stand_in", str(port), house.url, KEY, SECRET]
        with running(words, folder=_ROOT, until="listening"):
            assert isinstance(house.provider, NodeProvider)
            yield Shop(house.url, Till(stripe), house.provider)
