"""The four walls as readers meet them: in an article, in both languages, light, dark and narrow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Request

from gateway.model.decision import Wall
from gateway.page.wall import WallContext
from tests.browser.looking import TEMPLATES, View, opened, too_wide, violations, walled

pytestmark = pytest.mark.browser

ARTICLES = {
    "fr": "/pays/les-sauniers-comptent-les-jours-de-pluie",
    "en": "/en/culture/a-concerto-for-nine-foghorns",
}
VIEWS = (
    View(),
    View(width=390, scheme="dark"),
    View(width=320, text_percent=200),
)


def drawn(wall: Wall, language: str, *, signed_in: bool = False) -> str:
    price = TEMPLATES.price(Decimal("9.90"), "EUR", language=language)
    return TEMPLATES.wall(
        WallContext(
            wall=wall,
            language=language,
            signed_in=signed_in,
            remaining_percent=70,
            return_to=ARTICLES[language],
            price=price if wall is Wall.SUBSCRIBE else "",
            plan="Soutien",
        )
    )


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("wall", list(Wall))
def test_a_wall_is_accessible_and_fits(
    newspaper: str, chromium: Browser, axe: str, wall: Wall, language: str, view: View
) -> None:
    url = newspaper + ARTICLES[language]
    signed_in = wall in {Wall.UPGRADE, Wall.SETTLE}
    body = walled(url, drawn(wall, language, signed_in=signed_in))
    with opened(chromium, url, view, body=body) as page:
        assert violations(page, axe) == []
        assert too_wide(page) == 0
        section = page.get_by_role("region", name=page.locator(".lg-wall h2").inner_text())
        assert section.count() == 1
        button = page.locator(".lg-wall-action").bounding_box()
        assert button is not None
        assert button["height"] >= 44
        # In the page's flow: the text's last paragraph above it, the tags below.
        wall_box = page.locator(".lg-wall").bounding_box()
        before = page.locator(".article-body > p").last.bounding_box()
        after = page.locator(".tags").bounding_box()
        assert wall_box is not None
        assert before is not None
        assert after is not None
        assert before["y"] + before["height"] < wall_box["y"]
        assert wall_box["y"] + wall_box["height"] < after["y"]


@pytest.mark.parametrize("wall", list(Wall))
def test_nothing_shifts_and_nothing_more_is_asked_for(
    newspaper: str, chromium: Browser, wall: Wall
) -> None:
    url = newspaper + ARTICLES["fr"]
    without = loaded(chromium, url, walled(url, ""))
    within = loaded(chromium, url, walled(url, drawn(wall, "fr")))
    assert without[0] == within[0]
    assert within[1] == 0


def loaded(chromium: Browser, url: str, body: str) -> tuple[list[str], float]:
    """Every address that the page asked for, and the sum of its layout shifts."""
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.on("request", note)
    headers = {"content-type": "text/html; charset=utf-8"}
    page.route(url, lambda route: route.fulfill(body=body, headers=headers))
    page.add_init_script(
        "window.shifted = 0; new PerformanceObserver(list => list.getEntries()"
        ".forEach(entry => window.shifted += entry.value))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(url, wait_until="load")
    # All pictures at once, wherever they stand: a lazy one that comes late isn't the wall's doing.
    page.evaluate(
        "() => Promise.all([...document.images].map("
        "one => { one.loading = 'eager'; return one.decode() }))"
    )
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    shifted: float = page.evaluate("window.shifted")
    context.close()
    return sorted(requests), shifted


def test_the_keyboard_reaches_every_link_and_shows_where_it_is(
    newspaper: str, chromium: Browser
) -> None:
    url = newspaper + ARTICLES["fr"]
    body = walled(url, drawn(Wall.SUBSCRIBE, "fr"))
    with opened(chromium, url, View(), body=body) as page:
        page.locator(".article-section").focus()
        reached = []
        for _ in range(3):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent"))
            outline = page.evaluate(
                "() => { const style = getComputedStyle(document.activeElement);"
                " return [style.outlineStyle, parseFloat(style.outlineWidth)] }"
            )
            assert outline[0] == "solid"
            assert outline[1] >= 2
        assert reached == ["Voir les offres", "Se connecter", "Un problème d’accès\u00a0?"]


def test_a_wall_needs_no_script_and_takes_the_site_s_own_type(
    newspaper: str, chromium: Browser
) -> None:
    url = newspaper + ARTICLES["fr"]
    body = walled(url, drawn(Wall.REGISTER, "fr"))
    with opened(chromium, url, View(javascript=False), body=body) as page:
        assert page.get_by_role("link", name="Créer mon compte").is_visible()
    with opened(chromium, url, View(), body=body) as page:
        fonts = page.evaluate(
            "() => ['.article-body > p', '.lg-wall-line', '.lg-wall-button']"
            ".map(each => getComputedStyle(document.querySelector(each)).fontFamily)"
        )
        assert len(set(fonts)) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_s_colours_survive_a_site_s_rules_for_links(
    newspaper: str, chromium: Browser, axe: str, scheme: str
) -> None:
    """A site without one of our variables, whose own unlayered rules are the usual ones."""
    dark = scheme == "dark"
    paper, ink, link = ("#111", "#eee", "#8cf") if dark else ("#fff", "#222", "#06c")
    site = (
        f"<style>body{{background:{paper};color:{ink};font:18px/1.6 Georgia,serif}}"
        f"a{{color:{link};text-decoration:none;border-bottom:1px solid}}"
        "p{margin:0 0 1.5em}h2{margin:3em 0 1em;font-size:30px}section{margin:0}</style>"
    )
    wall = drawn(Wall.SUBSCRIBE, "en")
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>T</title>{site}</head>'
        f"<body><main><h1>Title</h1><article><p>Text.</p>{wall}</article></main></body></html>"
    )
    with opened(chromium, newspaper + "/plain", View(width=600), body=body) as page:
        assert violations(page, axe) == []
        gaps = page.evaluate(
            "() => { const lines = [...document.querySelectorAll('.lg-wall > :not(style)')];"
            " return lines.slice(1).map((line, n) => line.getBoundingClientRect().top"
            " - lines[n].getBoundingClientRect().bottom) }"
        )
        assert max(gaps) - min(gaps) < 1
