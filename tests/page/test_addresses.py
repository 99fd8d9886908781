"""Pictures of the withheld part are named nowhere; the site's own stay, however alike."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.page.addresses import Addresses, held
from tests.page import prose
from tests.page.showing import article, teased

KEPT = "<p>" + prose.sentence("kept", 1) + "</p><p>" + prose.sentence("kept", 2) + "</p>"
GONE = "".join(f"<p>{prose.sentence('gone', n)}</p>" for n in range(3, 13))
DATA = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3C/svg%3E"
CLOUD = "https://res.cloudinary.com/gazette/image/upload/f_auto"


@pytest.mark.parametrize(
    ("name", "value", "addresses"),
    [
        ("src", " /a,b.jpg ", ["/a,b.jpg"]),
        ("src", DATA, []),
        ("srcset", "/a.jpg 1x, /b.jpg 2x", ["/a.jpg", "/b.jpg"]),
        ("srcset", "/a.jpg, /b.jpg 2x", ["/a.jpg", "/b.jpg"]),
        ("data-srcset", f"{CLOUD},q_auto/a.jpg 800w,/b.jpg", [f"{CLOUD},q_auto/a.jpg", "/b.jpg"]),
        ("srcset", " ,, /a.jpg ,", ["/a.jpg"]),
        ("srcset", "", []),
    ],
)
def test_addresses_of_an_attribute(name: str, value: str, addresses: list[str]) -> None:
    assert list(held(name, value)) == addresses


@pytest.mark.parametrize(
    ("withheld", "others"),
    [
        ("/media/images/1", ["/media/images/12", "/media/images/1/thumb", "/media/images/1-b"]),
        ("/uploads/a.jpg", ["/uploads/a.jpg.webp", "/uploads/a.jpg@2x"]),
        (f"{CLOUD},q_auto/v1/a.jpg", [f"{CLOUD}/v1/logo.png", f"{CLOUD},q_auto/v1/b.jpg"]),
        ("photo-1.jpg", ["/i/grande-photo-1.jpg"]),
    ],
)
def test_others_of_nearly_the_same_address_stay(withheld: str, others: list[str]) -> None:
    cards = "".join(f'<a href="/x"><img src="{other}" alt="carte"></a>' for other in others)
    state = f'<script type="application/json">{json.dumps(others)}</script>'
    page = teased(article(f'{KEPT}{GONE}<p><img src="{withheld}"></p>', after=cards + state))
    assert cards in page.body.decode()
    assert state in page.body.decode()


@pytest.mark.parametrize(
    "written",
    [
        "<a data-x='/i/une.jpg?w=300'>x</a>",
        "<script>var p='https:\\/\\/news.example\\/i\\/une.jpg'</script>",
        "<style>b{background:url(/i/une.jpg)}</style>",
        "<i data-set='/i/une.jpg 2x, /i/b.jpg'></i>",
        "<link rel=preload href='https://news.example/i/une.jpg#x'>",
    ],
)
@pytest.mark.parametrize("count", [1, 60])
def test_a_withheld_picture_is_named_nowhere(written: str, count: int) -> None:
    more = "".join(f'<img src="/i/x{n}.jpg">' for n in range(count))
    page = teased(article(f'{KEPT}{GONE}{more}<img src="/i/une.jpg">', after=written))
    assert "une.jpg" not in page.body.decode()


def test_a_lazy_picture_takes_no_icons_along() -> None:
    head = (
        '<style>.icon{background:url("data:image/svg+xml,%3Csvg%3Eicon%3C/svg%3E")}</style>'
        '<link rel="icon" href="data:image/svg+xml,%3Csvg%3E1%3C/svg%3E">'
    )
    lazy = f'<p><img class=lazy src="{DATA}" data-src="/i/1.jpg"></p>'
    assert head in teased(article(KEPT + GONE + lazy, head=head)).body.decode()


NAMES = st.lists(st.sampled_from("abc.-/1"), min_size=3, max_size=8).map("".join)


@given(st.lists(NAMES, max_size=60), st.lists(NAMES | st.just('"'), max_size=12).map(" ".join))
def test_few_and_many_are_found_alike(names: list[str], text: str) -> None:
    paths = [f"/i/{name}" for name in names]
    many = Addresses([*paths, *(f"/other/{n}" for n in range(50))])
    assert set(many.named_in(text)) <= set(paths)
    for path in set(paths):
        one = Addresses([path])
        assert bool(one.named_in(f"x {path} y")) is True
        if any(char.isalnum() for char in path.rsplit("/", 1)[-1]):
            assert (path in many.named_in(f"x {path} {text}")) is True
        assert path not in one.taken_out_of(f'"{path}" "{path}"')
