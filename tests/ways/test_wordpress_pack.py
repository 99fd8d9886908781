"""The WordPress pack in front of a shop: its pages are whole, its basket and forms answer, and no text
of a labelled post comes along with them."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.ways.house import House, Page, house

pytestmark = pytest.mark.anyio

POLICY = "version: 1\ninclude: [wordpress]\ndefault: public\n"
TAB = '<div class="panel entry-content wc-tab"><h2>{}</h2><p>Une tasse bleue.</p></div>'
PRODUCT = (
    "<!doctype html><html><head>{}</head><body><main><div class='product'><h1>Tasse</h1>"
    f"<div class='woocommerce-tabs wc-tabs-wrapper'>{TAB.format('Description')}"
    f"{TAB.format('Avis')}</div></div></main></body></html>"
)
LABEL = '<meta property="article:content_tier" content="locked">'
POST = (
    f"<!doctype html><html><head>{LABEL}</head><body><article><h1>Digue</h1>"
    f'<div class="entry-content">{"<p>Un secret de la digue.</p>" * 9}</div></article></body></html>'
)
BASKET = Page(b'{"items":[]}', "application/json", headers=(("Set-Cookie", "basket=1; path=/"),))
BASKETS = "/wp-json/wc/store/v1/cart"
FORM = "/wp-json/contact-form-7/v1/contact-forms/1/feedback"
PAGES = {
    "/product/cup": Page(PRODUCT.format("").encode()),
    "/product/gated": Page(PRODUCT.format(LABEL).encode()),
    "/?wc-ajax=add_to_cart": BASKET,
    BASKETS: BASKET,
    FORM: Page(POST.encode()),
    "/?wc-ajax=x": Page(POST.encode()),
}


async def ask(at: House, target: str, method: str = "GET") -> httpx2.Response:
    form = {"product_id": "3"} if method == "POST" else None
    async with httpx2.AsyncClient(base_url=f"http://{at.address[0]}:{at.address[1]}") as client:
        return await client.request(method, target, headers={"host": "localhost"}, data=form)


async def test_a_product_with_tabs_is_whole_and_a_labelled_one_is_not(tmp_path: Path) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES)) as at:
        product = (await ask(at, "/product/cup")).text
        assert product.count("Une tasse bleue.") == 2
        assert "lg-wall" not in product
        gated = (await ask(at, "/product/gated")).text
        assert gated.count("Une tasse bleue.") < 2
        assert "lg-wall" in gated


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "/?wc-ajax=add_to_cart"), ("GET", BASKETS), ("POST", BASKETS)],
)
async def test_a_basket_answers_and_keeps_its_cookie(
    tmp_path: Path, method: str, target: str
) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES)) as at:
        answer = await ask(at, target, method)
    assert answer.json() == {"items": []}
    assert "basket=1" in answer.headers["set-cookie"]


@pytest.mark.parametrize(("method", "target"), [("POST", "/?wc-ajax=x"), ("POST", FORM)])
async def test_a_post_that_comes_instead_is_judged_by_its_own_label(
    tmp_path: Path, method: str, target: str
) -> None:
    async with house(tmp_path, policy=POLICY, pages=dict(PAGES)) as at:
        answer = await ask(at, target, method)
    assert answer.text.count("Un secret") <= 4
    assert "lg-wall" in answer.text
