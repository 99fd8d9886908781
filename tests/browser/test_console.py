"""A day of the demo's finance clerk in a real browser, by keyboard alone: a failed event applied again, a
payment settled that was nobody's, an access explained, a list exported and opened."""

from __future__ import annotations

import io
import re
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.looking import too_wide, violations
from tests.browser.paying import ARTICLE, Shop, demo

pytestmark = pytest.mark.browser

SUBSCRIBER = "dominique@lecteurs.example"
TABS_MAX = 250
PATIENCE_SECONDS = 30.0
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[Shop]:
    """The demo, whose store stands where the test finds it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(folder))
        with demo(folder) as running:
            yield running


@pytest.fixture
def page(chromium: Browser, shop: Shop) -> Iterator[Page]:
    """The clerk, logged in. A request to anywhere but this machine fails the test."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", accept_downloads=True
    )
    strays: list[str] = []
    context.on("request", lambda asked: strays.append(asked.url))
    opened = context.new_page()
    opened.goto(f"{shop.url}/-/demo/as/finance?return_to=/-/finance")
    assert opened.url.startswith(f"{shop.url}/-/finance/journal")
    yield opened
    context.close()
    assert [url for url in strays if not url.startswith("http://127.0.0.1:")] == []


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what is meant has the focus, which it shows."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            outline = "() => getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(outline) != "none", f"{selector} hides that it has the focus"
            return
    raise AssertionError(f"no key leads to {selector}")


def enter(page: Page, selector: str) -> None:
    """By keys to a link or a button, and through it to the next page."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Page, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.type(text)


def looked_at(page: Page, axe: str) -> None:
    """Clean for axe, and no wider than a desk's screen, a phone's or a sheet of paper."""
    assert violations(page, axe) == []
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert too_wide(page) == 0, (page.url, width)
    page.emulate_media(media="print")
    assert not page.locator(".lg-desk-tabs").is_visible()
    assert page.locator("h1").is_visible()
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 900})


def failed(folder: Path) -> int:
    """The subscriber's subscription, as it stands in the store when applying it failed: its number.
    Whatever is heard of the same story applies it anew, so first everything has been heard."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _unheard(folder):
        assert time.monotonic() < deadline, "the demo goes on asking its Stripe"
    (file,) = folder.glob("lychgate-demo-*/demo.db")
    with sqlite3.connect(file, timeout=10) as store:
        wanted = "SELECT max(number) FROM ledger WHERE kind = 'customer.subscription.updated'"
        (number,) = store.execute(wanted).fetchone()
        store.execute(
            "UPDATE ledger_work SET state = 'received', reason = 'failed', tries = 3,"
            " failure = 'KeyError(''period'')', next_at = 4000000000 WHERE number = ?",
            (number,),
        )
    store.close()
    return int(number)


def _unheard(folder: Path) -> int:
    """Entries that wait to be applied or asked about; and none is there before all have come."""
    (file,) = folder.glob("lychgate-demo-*/demo.db")
    with sqlite3.connect(file, timeout=10) as store:
        waiting = "state = 'received' OR fetch = 'wanted'"
        (count,) = store.execute(f"SELECT count(*) FROM ledger_work WHERE {waiting}").fetchone()
        answers = (
            "SELECT count(*) FROM ledger WHERE kind = 'fetched' AND object_type = 'subscription'"
        )
        (answered,) = store.execute(answers).fetchone()
    store.close()
    return int(count) or int(answered == 0)


def test_a_failed_event_is_found_understood_and_applied_again(
    page: Page, shop: Shop, folder: Path, axe: str
) -> None:
    number = failed(folder)
    page.reload()
    looked_at(page, axe)
    tab_to(page, "#lg-state")
    page.keyboard.type("Failed")
    enter(page, ".lg-desk-filter button")
    enter(page, f'tbody a[href*="/entries/{number}?"]')
    assert "KeyError('period')" in page.inner_text("main")
    assert "Failed" in page.inner_text("main")
    looked_at(page, axe)
    write(page, "#lg-retry-reason", "mended")
    enter(page, 'form[action*="/retry"] button')
    text = page.inner_text("main")
    assert "KeyError" not in text
    assert "Applied" in text
    assert "mended" in text
    tab_to(page, "summary")
    page.keyboard.press("Enter")
    assert '"object": "event"' in page.input_value("#lg-json")
    enter(page, 'form[action*="/fetch"] button')
    assert "Stripe has answered" in page.inner_text("main")
    looked_at(page, axe)


def reader(page: Page, shop: Shop, address: str) -> str:
    """To a reader's page, by their address, which stands in no address bar."""
    page.goto(f"{shop.url}/-/finance/readers?lang=en")
    write(page, "#lg-q", address)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert re.fullmatch(rf"{re.escape(shop.url)}/-/finance/readers/\w+\?lang=en", page.url)
    return page.url.partition("?")[0].rsplit("/", 1)[1]


@pytest.fixture
def member(chromium: Browser, shop: Shop) -> Iterator[str]:
    """The address of somebody who has an account."""
    context = chromium.new_context(locale="en-GB")
    opened = context.new_page()
    opened.goto(f"{shop.url}/-/login?return_to=/-/account")
    yield shop.log_in(opened)
    context.close()


def test_a_payment_that_is_nobody_s_is_settled(
    page: Page, shop: Shop, axe: str, member: str
) -> None:
    reader(page, shop, SUBSCRIBER)
    assert "open now" in page.inner_text("main")
    names = page.locator(".lg-line-row .lg-line-name").all_inner_texts()
    assert {"Subscriber", "Supporter"} <= set(names), "as the plans' page calls them"
    looked_at(page, axe)
    customer = page.locator('input[name="customer"][type="hidden"]').input_value()
    write(page, "#lg-why-unbind-1", "paid for somebody else")
    enter(page, 'form[action*="/unbind"] button')
    assert "nobody’s now" in page.inner_text("main")
    assert "open now" not in page.inner_text("main")
    enter(page, '.lg-desk-tabs a[href*="/work"]')
    assert "Payment without a reader" in page.inner_text("main")
    assert customer in page.inner_text("main")
    looked_at(page, axe)
    reader(page, shop, member)
    write(page, "#lg-customer", customer)
    write(page, "#lg-why-bind", "she says it is hers")
    enter(page, 'form[action*="/bind"] button')
    assert "bound to this reader" in page.inner_text("main")
    assert "open now" in page.inner_text("main")
    page.goto(f"{shop.url}/-/finance/work?lang=en")
    assert "Payment without a reader" not in page.inner_text("main article, main p:last-of-type")


def test_an_access_is_explained(page: Page, shop: Shop, axe: str) -> None:
    enter(page, '.lg-desk-tabs a[href*="/explain"]')
    write(page, "#lg-url", ARTICLE)
    tab_to(page, "#lg-as")
    page.keyboard.press("Control+A")
    page.keyboard.type(SUBSCRIBER)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    text = page.inner_text("main")
    assert "the whole page" in text or "its beginning, then a wall" in text
    assert SUBSCRIBER in page.input_value("#lg-as")
    assert page.locator('main a[href*="/finance/readers/"]').count() == 1
    looked_at(page, axe)


def test_a_list_is_exported_and_opened(page: Page, shop: Shop) -> None:
    write(page, "#lg-kind", "invoice.paid")
    tab_to(page, ".lg-desk-filter button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    tab_to(page, 'a[href*="format=xlsx"]')
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    kept = Path(waiting.value.path())
    with zipfile.ZipFile(io.BytesIO(kept.read_bytes())) as book:
        assert book.testzip() is None
        sheet = next(name for name in book.namelist() if name.startswith("xl/worksheets/"))
        rows = ElementTree.fromstring(book.read(sheet)).findall(f".//{_SHEET}row")
    texts = [" ".join("".join(cell.itertext()) for cell in row) for row in rows]
    assert len(texts) >= 2
    assert all("invoice.paid" in text for text in texts[1:])
    assert "19" in texts[1]


def test_every_page_speaks_french_too(page: Page, shop: Shop) -> None:
    for path, said in (
        ("journal", "Journal"),
        ("work", "À faire"),
        ("readers", "Lecteurs"),
        ("explain", "Pourquoi"),
        ("audit", "Journal d’audit"),
    ):
        page.goto(f"{shop.url}/-/finance/{path}?lang=fr")
        assert page.locator("html").get_attribute("lang") == "fr"
        assert said in page.inner_text("main")
        page.set_viewport_size({"width": 320, "height": 900})
        assert too_wide(page) == 0, path
    page.goto(f"{shop.url}/-/finance/journal?lang=fr")
    page.set_viewport_size({"width": 1200, "height": 900})
    hidden = page.evaluate(
        "(table => table.scrollWidth - table.clientWidth)(document.querySelector('.lg-wide'))"
    )
    assert hidden == 0, "a column of the journal stands beyond the edge of a small desk's screen"


# Each placeholder's colour and its ground's, as they are painted: an opacity and a mixed colour too.
_PLACEHOLDERS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d')
  const painted = (colour, opacity) => {
    canvas.globalAlpha = opacity
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const paper = getComputedStyle(document.documentElement).getPropertyValue('--paper')
  return [...document.querySelectorAll('[placeholder]')].map(field => {
    const style = getComputedStyle(field, '::placeholder')
    const ground = painted(paper, 1)
    return [ground, painted(style.color, style.opacity)]
  })
}"""


def _luminance(colour: list[int]) -> float:
    """WCAG 2.2, "relative luminance"."""
    shares = (each / 255 for each in colour)
    linear = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares
    )
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_stands_in_an_empty_field_can_be_read(
    page: Page, shop: Shop, scheme: Literal["light", "dark"]
) -> None:
    """4.5 to 1, WCAG 2.2, 1.4.3. axe doesn't look at placeholders."""
    page.emulate_media(color_scheme=scheme)
    pairs = page.evaluate(_PLACEHOLDERS)
    reader(page, shop, SUBSCRIBER)
    pairs += page.evaluate(_PLACEHOLDERS)
    assert len(pairs) == 3, "the amount, the month and the customer"
    for pair in pairs:
        dark, light = sorted(map(_luminance, pair))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, pair
