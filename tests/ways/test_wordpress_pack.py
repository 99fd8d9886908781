"""The WordPress pack in front of a shop."""

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
BASKET = Page(b'{"items":[]}', "application/json", headers=(("Set-Cookie", "basket=1; path=/"),))
# As the README has it for a shop.
SHOP = """rules:
  - { name: another face, first: true, path: /, query: [rest_route, _method], access: refuse }
  - { name: baskets, first: true, path: /, method: POST, query: [wc-ajax], access: public }
"""
PAGES = {
    "/product/cup": Page(PRODUCT.format("").encode()),
    "/product/gated": Page(PRODUCT.format(LABEL).encode()),
    "/?wc-ajax=add_to_cart": BASKET,
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
    ("rules", "target", "status"),
    [
        ("", "/?wc-ajax=add_to_cart", 403),
        (SHOP, "/?wc-ajax=add_to_cart", 200),
        (SHOP, "/?wc-ajax=add_to_cart&rest_route=/wp/v2/posts&_method=GET", 403),
        (SHOP, "/?other=1", 403),
    ],
)
async def test_a_shop_lets_its_basket_through_by_a_rule_of_its_own(
    tmp_path: Path, rules: str, target: str, status: int
) -> None:
    async with house(tmp_path, policy=POLICY + rules, pages=dict(PAGES)) as at:
        answer = await ask(at, target, "POST")
    assert answer.status_code == status
    assert ("basket=1" in answer.headers.get("set-cookie", "")) is (status == 200)
