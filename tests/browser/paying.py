"""A gateway that sells, with a Stripe beside it, and what a reader does there with a browser.

``demo`` is `lychgate demo`, whose time can be moved; ``served`` is `lychgate serve` with two workers,
npm's oidc-provider and the stand-in as a process of its own, which share the machine's clock.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import BrowserContext, Page

from gateway.bench.processes import free_port
from tests.browser import signing_in
from tests.browser.signing_in import NodeProvider, found, running
from tests.serving import START_SECONDS

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
trial_days = 14
"""


@dataclass(frozen=True, slots=True)
class Till:
    """The stand-in's door for tests: time, payers, banks, the net."""

    url: str

    def hook(self, name: str, **wish: Any) -> Any:
        answer = httpx2.post(f"{self.url}/test/{name}", json=wish, trust_env=False, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def waiting(self) -> int:
        """Webhooks that are still to be sent, once more or at all."""
        told: int = self.hook("delivery")["waiting"]
        return told


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
        for letter in self._letters():
            match = re.search(rf"{re.escape(self.url + path)}[\w.~?=&;%/-]*", letter)
            if email in letter and match:
                return match[0].replace("&amp;", "&")
        raise AssertionError(f"no letter to {email} leads to {path}")

    def enter(self, context: BrowserContext) -> str:
        """As a reader who was never here, without looking at a page. Demo only. Their address."""
        email = f"lectrice-{next(_NUMBERS)}@lecteurs.example"
        headers = {"origin": self.url}
        with httpx2.Client(base_url=self.url, headers=headers, trust_env=False) as client:
            client.post("/-/login/mail", data={"email": email, "return_to": "/"})
            client.post(self.mailed(email, "/-/login/mail/"))
            ours = {name: value for name, value in client.cookies.items() if name == "lychgate"}
        context.add_cookies([{"name": "lychgate", "value": ours["lychgate"], "url": self.url}])
        return email

    def later(self, *steps: str) -> None:
        """Both sides' time moves on, and all that comes of it has come. Demo only."""
        for step in steps:
            answer = httpx2.post(
                f"{self.url}/-/demo/clock",
                data={"step": step},
                headers={"origin": self.url},
                trust_env=False,
                timeout=60,
            )
            assert answer.status_code == 303, answer.text

    def order(self, page: Page, price: str = MONTH, *, back: str = ARTICLE) -> None:
        """From the recap to Checkout, as a reader who is logged in."""
        plan = "soutien" if price == SUPPORTER else "abonne"
        page.goto(f"{self.url}/-/checkout?plan={plan}&price={price}&return_to={back}")
        page.locator('form[action^="/-/checkout"] button').click()
        page.wait_for_url(f"{self.till.url}/c/pay/**")

    def pay(self, page: Page, card: str = GOOD) -> None:
        """At Checkout; back on the site once this returns."""
        page.locator(f'input[name="card"][value="{card}"]').check()
        page.locator("#name").fill("Camille Le Goff")
        page.locator("button.pay").click()
        page.wait_for_url(f"{self.url}/**")

    def buy(self, page: Page, price: str = MONTH, *, card: str = GOOD, back: str = ARTICLE) -> None:
        self.order(page, price, back=back)
        self.pay(page, card)

    def letter(self, email: str, words: str) -> str:
        """The newest to ``email`` that says this, as text."""
        for letter in self._letters():
            text = unescape(re.sub(r"<[^>]+>", " ", letter.partition("<pre>")[2]))
            if email in letter and words in text:
                return text
        raise AssertionError(f"no letter to {email} says {words!r}")

    def _letters(self) -> list[str]:
        shown = httpx2.get(f"{self.url}/-/demo/mail", trust_env=False).text
        return shown.split("<article>")[1:]

    def subscription(self, email: str) -> str:
        """The id of the newest subscription that ``email`` pays for."""
        shown = httpx2.get(f"{self.till.url}/dashboard", trust_env=False).text
        return found(rf"<h3>{re.escape(email)} (?s:.)*?<code>(sub_\w+)</code>", shown)

    def count_of(self, email: str) -> int:
        shown = httpx2.get(f"{self.till.url}/dashboard", trust_env=False).text
        return shown.count(f"<h3>{email} ")


@contextmanager
def demo(folder: Path) -> Iterator[Shop]:
    words = [sys.executable, "-m", "gateway", "demo", "--port", "0"]
    with running(words, folder=folder, until="config and policies") as told:
        stripe = found(r"refund, dispute\s+(\S+)/dashboard", told)
        yield Shop(found(r"gateway on (\S+)", told), Till(stripe))


@contextmanager
def served(folder: Path) -> Iterator[Shop]:
    ours, theirs = free_port(), free_port()
    stripe = f"http://127.0.0.1:{theirs}"
    words = [sys.executable, "-m", "tests.browser.stand_in", str(theirs)]
    words += [f"http://127.0.0.1:{ours}", KEY, SECRET]
    settings = SETTINGS.format(key=KEY, secret=SECRET, stripe=stripe)
    with (
        running(words, folder=_ROOT, until="listening"),
        signing_in.served(folder, settings=settings, port=ours) as house,
    ):
        assert isinstance(house.provider, NodeProvider)
        _until_sold(house.url)
        yield Shop(house.url, Till(stripe), house.provider)


def _until_sold(url: str) -> None:
    """The desk opens before the background process has asked Stripe for the prices."""
    deadline = time.monotonic() + START_SECONDS
    while MONTH not in httpx2.get(f"{url}/-/plans", trust_env=False).text:
        assert time.monotonic() < deadline, "no price came"
        time.sleep(0.05)
