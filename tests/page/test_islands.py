"""Pages that carry their article once more as data: all of it goes, whatever it is cut into, and the
site's own data stays as it was."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.page import prose
from tests.page.showing import article, teased

KEPT = "".join(f"<p>{prose.sentence('kept', n)}</p>" for n in (1, 2))
GONE = "".join(f"<p>{prose.sentence('gone', n)}</p>" for n in range(3, 13))
PARAGRAPHS = [prose.sentence("kept", n) for n in (1, 2)] + [
    prose.sentence("gone", n) for n in range(3, 13)
]
# In the data alone, as where the page shows a part until someone asks for more.
UNSEEN = [prose.sentence("gone", n) for n in range(20, 24)]
MENU = [
    {"title": "À la une", "href": "/", "children": []},
    {
        "title": "La mer et le sel",
        "href": "/mer",
        "children": [{"title": "Le port de Sète en hiver", "href": "/mer/port"}],
    },
]
RELATED = [
    {"title": prose.sentence("site", n), "href": f"/{n}", "excerpt": prose.sentence("site", n + 10)}
    for n in range(1, 5)
]
SITE = {
    "menu": MENU,
    "related": RELATED,
    "flags": {"ads": True, "theme": "dark blue", "langs": ["fr", "en"]},
    "messages": {"consent": "Nous utilisons des cookies pour mesurer l'audience du site."},
}


def spans(text: str, dice: random.Random) -> list[str]:
    """A sentence as an editor keeps it: a piece for each bold word or link."""
    words = text.split(" ")
    pieces, at = [], 0
    while at < len(words):
        size = dice.choice((1, 2, 3, 6, 9, 30))
        pieces.append(" ".join(words[at : at + size]) + " ")
        at += size
    return pieces


def portable(texts: list[str], dice: random.Random) -> Any:
    return {
        "blocks": [
            {
                "_type": "block",
                "_key": f"k{n}",
                "children": [
                    {"_type": "span", "text": piece, "marks": []} for piece in spans(text, dice)
                ],
            }
            for n, text in enumerate(texts)
        ]
    }


def slate(texts: list[str], dice: random.Random) -> Any:
    return [
        {
            "type": "paragraph",
            "children": [
                {"type": "link", "url": "/x", "children": [{"text": piece}]}
                if dice.random() < 0.2
                else {"text": piece, "bold": dice.random() < 0.3}
                for piece in spans(text, dice)
            ],
        }
        for text in texts
    ]


def editor(texts: list[str], dice: random.Random) -> Any:
    return {
        "time": 1,
        "blocks": [
            {"type": dice.choice(("paragraph", "quote")), "data": {"text": text}} for text in texts
        ],
    }


def strings(texts: list[str], dice: random.Random) -> Any:
    return {"paragraphs": texts, "count": len(texts)}


SHAPES = {"portable": portable, "slate": slate, "editor": editor, "strings": strings}


def flat(data: Any) -> list[Any]:
    """As devalue writes it: a list of all values, whose containers hold places."""
    made: list[Any] = []

    def put(value: Any) -> int:
        at = len(made)
        made.append(None)
        if isinstance(value, dict):
            made[at] = {key: put(member) for key, member in value.items()}
        elif isinstance(value, list):
            made[at] = [put(member) for member in value]
        else:
            made[at] = value
        return at

    made.append(["ShallowReactive", 1])
    put(data)
    return made


def unfolded(data: list[Any], at: int = 1) -> Any:
    value = data[at]
    if isinstance(value, dict):
        return {key: unfolded(data, member) for key, member in value.items()}
    if isinstance(value, list):
        return [unfolded(data, member) for member in value]
    return value


def state(page: str) -> Any:
    match = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert match
    return json.loads(match[1])


def shown(data: Any) -> str:
    script = f'<script id="data" type="application/json">{json.dumps(data)}</script>'
    return teased(article(KEPT + GONE, after=script)).body.decode()


@examples(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SHAPES)), st.integers(0, 1 << 32), st.booleans(), st.integers(0, 4))
def test_an_article_goes_in_any_shape_and_the_site_stays(
    shape: str, seed: int, is_flat: bool, unseen: int
) -> None:
    dice = random.Random(seed)
    body = SHAPES[shape](PARAGRAPHS + UNSEEN[:unseen], dice)
    data = {"props": {"page": {"article": {"id": 7, "title": "Titre", "body": body}, **SITE}}}
    page = shown(flat(data) if is_flat else data)
    assert prose.markers(page, "gone") == set()
    told = unfolded(state(page)) if is_flat else state(page)
    left = told["props"]["page"]
    assert {key: left[key] for key in SITE} == SITE
    assert (left["article"]["id"], left["article"]["title"]) == (7, "Titre")


def test_words_of_one_letter_or_two_go_with_their_sentence() -> None:
    pieces = [{"w": word} for text in PARAGRAPHS[2:] for word in text.split()]
    assert prose.markers(shown({"pieces": pieces, **SITE}), "gone") == set()


def test_a_body_in_one_string_takes_no_neighbours_along() -> None:
    """Lists of requests and of pages hold things of any kind."""
    html = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    queries = [
        {"key": ["post", 1], "state": {"data": {"post": {"html": html, "title": "Titre"}}}},
        {"key": ["menu"], "state": {"data": {"items": MENU}}},
        {"key": ["seo"], "state": {"data": {"post": {"text": PARAGRAPHS[4]}}}},
    ]
    told = state(shown({"queries": queries}))["queries"]
    assert told[0]["state"]["data"]["post"] == {"html": "", "title": "Titre"}
    assert told[1] == queries[1]


def test_a_list_of_meta_tags_that_repeats_one_sentence_keeps_its_others() -> None:
    metas = [
        {"name": "description", "content": PARAGRAPHS[4]},
        {"property": "og:description", "content": PARAGRAPHS[4]},
        {"property": "og:site_name", "content": "La Gazette du port"},
    ]
    told = state(shown({"metas": metas}))["metas"]
    assert [each["content"] for each in told] == ["", "", "La Gazette du port"]


def test_a_page_of_next_keeps_its_navigation() -> None:
    data: dict[str, Any] = {
        "props": {
            "pageProps": {
                "post": {"slug": "a", "body": slate(PARAGRAPHS, random.Random(1))},
                "navigation": MENU,
                "tags": [{"name": "transports"}, {"name": "île d'Oursan"}],
            },
            "__N_SSG": True,
        },
        "page": "/[slug]",
        "query": {"slug": "a"},
        "buildId": "x7Jd_k2",
    }
    told = state(shown(data))
    assert told["props"]["pageProps"]["navigation"] == MENU
    assert told["props"]["pageProps"]["tags"] == data["props"]["pageProps"]["tags"]
    assert (told["page"], told["query"]) == (data["page"], data["query"])


def test_a_graph_of_yoast_keeps_what_it_says_of_the_site() -> None:
    graph: list[dict[str, Any]] = [
        {
            "@type": "NewsArticle",
            "@id": "/a#article",
            "headline": "Titre",
            "articleBody": " ".join(PARAGRAPHS),
            "keywords": ["la mer", "le port de Sète"],
            "articleSection": ["Vie locale et mer"],
        },
        {"@type": "WebPage", "@id": "/a", "name": "Titre", "description": PARAGRAPHS[5]},
        {"@type": "ListItem", "description": PARAGRAPHS[7], "name": "Le sel et la mer"},
        {"@type": "WebSite", "name": "La Gazette", "description": "Le journal du port de Sète"},
        {"@type": "Person", "name": "Léa Le Goff", "description": "Elle suit la vie du port."},
    ]
    data = {"@context": "https://schema.org", "@graph": graph}
    head = f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'
    page = teased(article(KEPT + GONE, head=head)).body.decode()
    assert prose.markers(page, "gone") == set()
    match = re.search(r"ld\+json\">(.*?)</script>", page)
    assert match
    told = json.loads(match[1])["@graph"]
    assert told[0] == {
        **{key: value for key, value in graph[0].items() if key != "articleBody"},
        "isAccessibleForFree": False,
    }
    assert [each.get("description") for each in told[1:3]] == ["", ""]
    assert told[3:] == graph[3:]


def test_a_recipe_says_neither_its_steps_nor_what_it_takes() -> None:
    said = {
        "@type": "Recipe",
        "name": "Titre",
        "recipeIngredient": ["2 g de sel", "3 œufs"],
        "recipeInstructions": [{"@type": "HowToStep", "text": "Battez les œufs"}],
        "totalTime": "PT20M",
    }
    head = f'<script type="application/ld+json">{json.dumps(said)}</script>'
    page = teased(article(KEPT + GONE, head=head)).body.decode()
    assert "recipeIn" not in page
    assert '"totalTime":"PT20M"' in page


@pytest.mark.parametrize("data", [[], [[]], [{}], {}, [[-1, 9]], [{"a": 7}, "x"], [["Set", 1], 2]])
def test_data_of_no_sense_is_left_alone(data: Any) -> None:
    assert state(shown(data)) == data
