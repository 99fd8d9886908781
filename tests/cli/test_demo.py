"""What `lychgate demo` has beside the gateway's own: its readers, its mail, its short cuts."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.cli.test_processes import address, log_in, running, story

EMAIL = "camille@lecteurs.example"
FAILS_LATER = "4000000000000341"


@dataclass(frozen=True)
class Demo:
    url: str
    members: str
    paid: str
    dossier: str
    stripe: str
    check: str

    def browser(self) -> httpx2.Client:
        """With cookies of its own, which sends forms as a page of the site would."""
        return httpx2.Client(
            base_url=self.url,
            trust_env=False,
            follow_redirects=True,
            headers={"origin": self.url, "accept-language": "fr"},
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    words = ("demo", "--port", "0")
    with running(*words, folder=folder, until="config and policies") as (_, told):
        kinds = ("members", "subscribers", "supporters")
        members, paid, dossier = (httpx2.URL(story(told, f"one for {each}")).path for each in kinds)
        stripe = story(told, "refund, dispute").removesuffix("/dashboard")
        check = re.search(r"checked as yours\s+(\S.*)", told)
        assert check
        yield Demo(address(told), members, paid, dossier, stripe, check[1])
    assert list(folder.iterdir()) == [], "the demo left its store behind"


def shown(client: httpx2.Client) -> str:
    return client.get("/-/demo/mail").text


def mailed(client: httpx2.Client, email: str, back: str) -> str:
    """Ask for a link, and read it on the demo's mail page."""
    asked = client.post("/-/login/mail", data={"email": email, "return_to": back})
    assert "/-/demo/mail" in asked.text
    text = html.unescape(shown(client))
    assert email in text
    found = re.search(r"http://\S+?(/-/login/mail/[\w.-]+)", text)
    assert found, text
    return found[1]


def test_mail_is_shown_at_once_and_its_link_logs_in(demo: Demo) -> None:
    with demo.browser() as client:
        link = mailed(client, "ana@lecteurs.example", demo.members)
        assert 'data-lg-wall="register"' in client.get(demo.members).text
        article = client.post(link)
        assert article.url.path == demo.members
        assert "data-lg-wall" not in article.text


def test_a_short_cut_is_the_reader_who_logged_in_by_mail(demo: Demo) -> None:
    """The address is proved, so it is one account, and not a fault."""
    with demo.browser() as client:
        client.post(mailed(client, EMAIL, "/"))
        back = client.get(f"/-/demo/as/member?return_to={demo.members}")
        assert back.url.path == demo.members
        assert "data-lg-wall" not in back.text
        assert client.get("/-/me").json()["email"] == EMAIL


@pytest.mark.parametrize(
    ("person", "kind", "email"),
    [
        ("dominique", "subscriber", "dominique@lecteurs.example"),
        ("claude", "member", "claude@fanal.example"),
    ],
)
def test_the_ready_made_readers_at_the_provider(
    demo: Demo, person: str, kind: str, email: str
) -> None:
    with demo.browser() as client:
        article = log_in(client, demo.url, demo.paid, person=person)
        assert ("data-lg-wall" in article.text) is (kind == "member")
        told = client.get("/-/me").json()
        assert (told["reader"], told["email"]) == (kind, email)


@pytest.mark.parametrize("way", ["provider", "short cut"])
def test_only_the_clerk_has_a_role(demo: Demo, way: str) -> None:
    for person, kind, has in (("claude", "finance", True), ("camille", "member", False)):
        with demo.browser() as client:
            if way == "provider":
                log_in(client, demo.url, "/-/account", person=person)
            else:
                client.get(f"/-/demo/as/{kind}")
            words = re.sub(r"<[^>]+>", " ", client.get("/-/account").text)
            assert ("la comptabilité" in words) is has


def test_the_subscriber_has_paid_at_the_stand_in_and_renews(demo: Demo) -> None:
    """Not written by hand: a payment opened it, and the next one, a month on, keeps it open."""
    with demo.browser() as client:
        assert (
            "data-lg-wall" not in client.get(f"/-/demo/as/subscriber?return_to={demo.dossier}").text
        )
        assert client.get("/-/me").json()["tiers"] == ["abonne", "soutien"]
        before = client.get("/-/demo/clock").text
        for _ in range(3):
            moved = client.post("/-/demo/clock", data={"step": "month"})
            assert moved.url.path == "/-/demo/clock"
            assert moved.text != before
            assert "data-lg-wall" not in client.get(demo.dossier).text
        dashboard = httpx2.get(f"{demo.stripe}/dashboard", trust_env=False).text
        assert "dominique@lecteurs.example" in dashboard
        assert "invoice.paid" in dashboard


def letters_to(client: httpx2.Client, email: str) -> list[str]:
    """The subjects of the letters to one address, the newest first."""
    told = re.findall(r"<h2>([^<]*)</h2><p>[^<]*: ([^<]*)</p>", html.unescape(shown(client)))
    return [subject for subject, to in told if to == email]


def subscribe(client: httpx2.Client, demo: Demo, price: str, *, card: str) -> None:
    """As a browser does: the recap, Checkout at the stand-in, and back."""
    asked = {"plan": "soutien", "price": price, "return_to": demo.dossier}
    page = client.post("/-/checkout", data=asked, follow_redirects=False)
    session = page.headers["location"].rpartition("/")[2].partition("#")[0]
    pay = {"session": session, "card": card, "name": "Ana"}
    answer = httpx2.post(f"{demo.stripe}/test/pay", json=pay, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text


def test_no_letter_is_lost_when_the_time_moves_a_month(demo: Demo) -> None:
    """One that was put out before, and was looked at by nobody, and those that the months bring: a
    trial's end is announced, a payment fails and the subscription ends, in days that a leap skips."""
    email, waiting = "nora@lecteurs.example", "paul@lecteurs.example"
    with demo.browser() as client:
        client.post(mailed(client, email, "/"))
        subscribe(client, demo, "price_soutien_mois", card=FAILS_LATER)
        client.post("/-/login/mail", data={"email": waiting, "return_to": "/"})
        for _ in range(2):
            moved = client.post("/-/demo/clock", data={"step": "month"}, timeout=60)
            assert moved.status_code == 200
        assert len(letters_to(client, waiting)) == 1
        subjects = letters_to(client, email)
    said = ("pris fin", "pas abouti", "essai", "bienvenue", "lien de connexion")
    assert len(subjects) == len(said), subjects
    for subject, words in zip(subjects, said, strict=True):
        assert words in subject


def test_the_demo_s_own_config_can_be_checked(demo: Demo, tmp_path: Path) -> None:
    """By the line that it prints, in any folder."""
    assert demo.check.count("lychgate check") == 1
    typed = demo.check.replace("lychgate check", f"{sys.executable} -m gateway check")
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        ["sh", "-c", typed], check=False, cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert (ran.returncode, "no fault" in ran.stdout) == (0, True), ran
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_s_page_moves_the_time(demo: Demo) -> None:
    with demo.browser() as client:
        before = client.get("/-/demo/clock").text
        foreign = {"origin": "https://evil.example"}
        moved = client.post("/-/demo/clock", data={"step": "month"}, headers=foreign)
        assert moved.status_code == 403
        client.post("/-/demo/clock", data={"step": "century"})
        client.get("/-/demo/clock?step=month")
        assert client.get("/-/demo/clock").text == before


@pytest.mark.parametrize(
    "written", ["https://evil.example/", "//evil.example", "/\\evil.example", "/-/logout"]
)
def test_short_cuts_lead_nowhere_else(demo: Demo, written: str) -> None:
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        for path in ("/-/demo/as/member", "/-/demo/as/nobody"):
            answer = client.get(path, params={"return_to": written})
            assert answer.headers["location"] == "/"


def test_a_letter_is_framed_without_scripts(demo: Demo) -> None:
    with demo.browser() as client:
        mailed(client, "zoe@lecteurs.example", "/")
        frames = re.findall(r'<iframe sandbox="([^"]*)"', shown(client))
    assert frames
    # What is of the same origin can be measured from around it, and can't run anything by that.
    assert set(frames) == {"allow-same-origin allow-top-navigation-by-user-activation"}
