"""``demo``, ``try`` and ``serve`` as processes: first page, readers, and a clean end."""

from __future__ import annotations

import html
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.cli.conftest import KEY, POLICY
from tests.cli.news_site import IDENTITY, NewsSite, paragraphs

PATIENCE_SECONDS = 30.0


@contextmanager
def running(*words: str, folder: Path, until: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command, once it has printed ``until``; what it printed so far. Its temporary files would
    stand in ``folder`` too."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PATH": "/usr/bin:/bin",
            "TMPDIR": str(folder),
        },
    )
    told = ""
    try:
        assert process.stdout is not None
        for line in process.stdout:
            told += line
            if until in line:
                break
        yield process, told
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0, told
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]  # it is a pipe


def address(told: str) -> str:
    found = re.search(r"gateway on (http://127\.0\.0\.1:\d+)", told)
    assert found, told
    return found[1]


def story(told: str, which: str) -> str:
    found = re.search(rf"{which}\s+(http://\S+)", told)
    assert found, told
    return found[1]


def test_the_demo_shows_walls_and_changes_readers(tmp_path: Path) -> None:
    with (
        running("demo", "--port", "0", folder=tmp_path, until="config and policies") as (_, told),
        httpx2.Client(trust_env=False, follow_redirects=True, timeout=PATIENCE_SECONDS) as client,
    ):
        url, paid = address(told), story(told, "one for subscribers")
        assert client.get(url).status_code == 200
        assert 'data-lg-wall="subscribe"' in client.get(paid).text
        assert 'data-lg-wall="register"' in client.get(story(told, "one for members")).text
        assert client.get(f"{url}/-/preview").status_code == 200
        back = client.get(f"{url}/-/demo/as/subscriber?return_to={httpx2.URL(paid).path}")
        assert str(back.url) == paid
        assert "data-lg-wall" not in back.text
        client.get(f"{url}/-/demo/as/anonymous")
        assert 'data-lg-wall="subscribe"' in client.get(paid).text
        article = log_in(client, url, httpx2.URL(paid).path, person="camille")
        assert str(article.url) == paid
        assert 'data-lg-reader="member"' in article.text
        assert client.get(f"{url}/-/finance").status_code == 403
    assert list(tmp_path.iterdir()) == []


def test_the_demo_s_clerk_asks_why_a_reader_sees_what(tmp_path: Path) -> None:
    with (
        running("demo", "--port", "0", folder=tmp_path, until="config and policies") as (_, told),
        httpx2.Client(trust_env=False, follow_redirects=True, timeout=PATIENCE_SECONDS) as client,
    ):
        url, paid = address(told), story(told, "one for supporters")
        assert client.get(f"{url}/-/finance").url.path == "/-/login"
        page = log_in(client, url, "/-/finance/explain", person="claude")
        assert page.url.path == "/-/finance/explain"
        assert page.headers["cache-control"] == "private, no-store"
        explain, here = f"{url}/-/finance/explain", {"origin": url}
        assert client.post(explain, data={"url": paid}).status_code == 403
        for reader, reason in (
            ("anonymous", "subscription-needed"),
            ("dominique@lecteurs.example", "tier-held"),
        ):
            answer = client.post(explain, data={"url": paid, "as": reader}, headers=here)
            assert reason in answer.text
        for wrong in ({"url": paid, "as": "x@y.example"}, {"url": "https://evil.example/a"}):
            answer = client.post(explain, data=wrong, headers=here)
            assert answer.status_code == 200
            assert 'role="alert"' in answer.text


def log_in(client: httpx2.Client, url: str, back: str, *, person: str) -> httpx2.Response:
    """As a browser does: the login page, the demo's provider, a click there, and back."""
    page = client.get(f"{url}/-/login?return_to={back}")
    way = re.search(r'href="(/-/login/demo[^"]+)"', page.text)
    assert way, page.text
    chooser = client.get(url + html.unescape(way[1]))
    asked = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', chooser.text)
    form = {name: html.unescape(value) for name, value in asked}
    return client.post(chooser.url.join("/choose"), data={**form, "person": person})


@pytest.mark.parametrize(("reader", "wall"), [("member", True), ("subscriber", False)])
def test_the_demo_as_one_reader(reader: str, wall: bool, tmp_path: Path) -> None:
    words = ("demo", "--port", "0", "--as", reader)
    with running(*words, folder=tmp_path, until="is read as") as (_, told):
        page = httpx2.get(
            story(told, "one for subscribers"), trust_env=False, timeout=PATIENCE_SECONDS
        )
        assert ("data-lg-wall" in page.text) is wall
        assert page.headers["cache-control"] == "private, no-store"


def test_trying_a_site_without_a_file(tmp_path: Path, site: NewsSite) -> None:
    with (
        running("try", site.url, "--port", "0", folder=tmp_path, until="The bar on top") as (
            _,
            told,
        ),
        httpx2.Client(trust_env=False, follow_redirects=True, timeout=PATIENCE_SECONDS) as client,
    ):
        url = address(told)
        # The first article that was looked at is free.
        assert f"An article with a wall: {url}/a/storm-inquiry\n" in told
        front = client.get(url)
        assert "behind Lychgate" in front.text
        assert front.headers["x-robots-tag"] == "noindex, nofollow"
        article = client.get(f"{url}/a/storm-inquiry")
        assert 'data-lg-wall="register"' in article.text
        assert paragraphs("Brinehaven")[-1] not in article.text
        member = client.get(f"{url}/-/try/as/member?return_to=/a/storm-inquiry")
        assert paragraphs("Brinehaven")[-1] in member.text
        assert client.post(url).status_code == 405
    assert list(tmp_path.iterdir()) == []


def test_serve_gates_the_site(tmp_path: Path, site: NewsSite) -> None:
    import socket

    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    url = f"http://127.0.0.1:{ports[0]}"
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "site.yaml").write_text(POLICY)
    (tmp_path / "lychgate.toml").write_text(
        f'[site]\nurl = "{url}"\norigin = "{site.url}"\nname = "x"\n[server]\nworkers = 1\n'
        f'bind = "127.0.0.1:{ports[0]}"\n[ops]\nbind = "127.0.0.1:{ports[1]}"\n'
        f'[origin]\nheaders = {{ {IDENTITY[0]} = "{IDENTITY[1]}" }}\n'
        f'[policies]\n[keys]\ncookie = ["{KEY}"]\n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"},
    )
    try:
        page = first_page(f"{url}/a/open-letters")
        assert 'data-lg-wall="subscribe"' in page
        assert paragraphs("Cawderpool")[-1] not in page
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stderr is not None
        process.stderr.close()


def first_page(url: str) -> str:
    """Ask until somebody listens."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return httpx2.get(url, trust_env=False, timeout=PATIENCE_SECONDS).text
        except httpx2.ConnectError:
            assert time.monotonic() < ends, "nobody listens"
            time.sleep(0.02)
