"""A page in a browser, with a wall set into it as the gateway would, and what is asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.request import urlopen

from playwright.sync_api import Browser, Page

from gateway.demo.edition import NAME
from gateway.page.templates import SiteWords, Templates

SITE = SiteWords(
    name=NAME,
    url="http://127.0.0.1",
    languages=("fr", "en"),
    terms="/cgv",
    privacy="/confidentialite",
    support="mailto:lecteurs@fanal.example",
    sells=True,
)
TEMPLATES = Templates([], site=SITE)
_BODY = re.compile(r'(?<=<div class="article-body">).*?(?=</div>\s*<footer)', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    width: int = 1280
    scheme: Literal["light", "dark"] = "light"
    text_percent: int = 100
    javascript: bool = True


def walled(url: str, wall: str) -> str:
    """The article at ``url`` cut after its second paragraph, with ``wall`` below."""
    with urlopen(url) as response:
        page: str = response.read().decode()
    match = _BODY.search(page)
    assert match is not None
    paragraphs = re.findall(r"<p>.*?</p>", match[0], re.DOTALL)[:2]
    return page[: match.start()] + "\n".join(paragraphs) + wall + page[match.end() :]


@contextmanager
def opened(
    browser: Browser, url: str, view: View, *, body: str | bytes | None = None
) -> Iterator[Page]:
    """The page at ``url``, with ``body`` in its stead if given. Errors on it fail the test."""
    context = browser.new_context(
        viewport={"width": view.width, "height": 900},
        color_scheme=view.scheme,
        java_script_enabled=view.javascript,
    )
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    if body is not None:
        headers = {"content-type": "text/html; charset=utf-8"}
        page.route(url, lambda route: route.fulfill(body=body, headers=headers))
    page.goto(url)
    if view.text_percent != 100:
        # What a browser's text-only zoom does to a page that sets its type in rem and em.
        style = f"html{{font-size:{112.5 * view.text_percent / 100}% !important}}"
        page.add_style_tag(content=style)
    yield page
    context.close()
    assert faults == []


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA and its own best practices."""
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found: dict[str, Any] = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags
    )
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def too_wide(page: Page) -> int:
    """How many CSS pixels the page scrolls sideways; 0 is right."""
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width
