"""Gated pages whose body stands nowhere that was looked: no article is left in what isn't seen, and
the site's settings are."""

from __future__ import annotations

import base64
import json
import re

import pytest

from tests.page import prose
from tests.page.showing import article, teased

TEXTS = [prose.sentence("gone", n) for n in range(1, 13)]
GONE = "".join(f"<p>{text}</p>" for text in TEXTS)
SPANS = [
    {"c": [{"t": " ".join(text.split()[at : at + 6])} for at in range(0, 18, 6)]} for text in TEXTS
]
CARRIERS = {
    "state": f'<script id="s" type="application/json">{json.dumps({"a": TEXTS})}</script>',
    "pieces": f'<script id="s" type="application/json">{json.dumps(SPANS)}</script>',
    "code": f"<script>window.s={json.dumps(TEXTS)}</script>",
    "flight": f"<script>self.f.push([1,{json.dumps(json.dumps(SPANS))}])</script>",
    "base64": f'<script>s=atob("{base64.b64encode(GONE.encode()).decode()}")</script>',
    "template": f"<template>{GONE}</template>",
    "client template": f'<script type="text/x-template">{GONE}</script>',
    "noscript": f"<noscript>{GONE}</noscript>",
    "comment": f"<!-- {GONE} -->",
    "attribute": f"<div data-body='{' '.join(TEXTS).replace(chr(39), '&#39;')}'></div>",
    "attribute of data": f"<div data-page='{json.dumps(TEXTS).replace(chr(39), '&#39;')}'></div>",
    "frame": f'<iframe srcdoc="{GONE}"></iframe>',
    "broken linked data": f'<script type="application/ld+json">{{"a":{json.dumps(TEXTS)},}}</script>',
}
PAGES = {
    "shell": '<!doctype html><html><head><title>T</title></head><body><div id="app"></div>{}</body>',
    "root": "<!doctype html><html><body><article><h1>T</h1></article>{}</body></html>",
    "main": "<!doctype html><html><body><main><h1>T</h1></main>{}</body></html>",
    "before": "<!doctype html><html><body>{}<main><article><h1>T</h1></article></main></body></html>",
}
SITE = (
    "<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime()});"
    "var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true;f.parentNode.insertBefore"
    "(j,f)})(window,document,'script','dataLayer','GTM-X');</script>"
    '<script type="application/json" data-drupal-selector="drupal-settings-json">'
    '{"path":{"baseUrl":"/"},"menu":["La mer et le sel","Vie locale"],"ajaxTrustedUrl":{"/search":true},'
    '"messages":{"required":"Ce champ est obligatoire.","consent":"Nous utilisons des cookies"}}</script>'
    '<script type="application/ld+json">{"@type":"WebSite","name":"La Gazette"}</script>'
    "<noscript>You need to enable JavaScript to run this app.</noscript>"
    '<template id="card"><a class="card"><h3></h3><span>Lire la suite</span></a></template>'
    '<nav class="flex items-center gap-4 px-4 py-2 text-sm font-bold text-white bg-sky-900 md:flex-row'
    ' md:gap-8 lg:px-8 lg:text-base hover:bg-sky-700 focus:ring-2"><a href="/">Une</a></nav>'
    '<div data-settings=\'{"animation":"none","slides":3,"autoplay":"yes","speed":500,"loop":"yes"}\'>'
    '</div><svg><path d="M10 10 H 90 V 90 H 10 L 10 10 M 20 20 C 40 40 50 50 60 60 Z a b c"></path></svg>'
)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_nothing_unseen_holds_the_article(page: str, carrier: str) -> None:
    rendered = teased(PAGES[page].format(CARRIERS[carrier]))
    assert prose.markers(rendered.body.decode(), "gone") == set()
    assert "the-wall" in rendered.body.decode()


def test_what_the_site_runs_on_stays() -> None:
    text = teased(PAGES["root"].replace("{}", SITE)).body.decode()
    for part in re.findall(
        r"<(?:script|noscript|template|nav|svg).*?</(?:script|template|nav)>", SITE
    ):
        assert part in text
    assert "<svg><path d=" in text
    assert "data-settings=" in text
    assert "You need to enable" in text


def test_a_header_that_holds_the_article_is_no_frame() -> None:
    page = (
        f"<!doctype html><html><body><div><header><h1>Titre</h1>{GONE}</header></div></body></html>"
    )
    text = teased(page).body.decode()
    assert prose.markers(text, "gone") == set()
    assert "<h1>Titre</h1>" in text


def test_a_page_whose_body_is_known_keeps_what_is_no_copy() -> None:
    kept = "".join(f"<p>{prose.sentence('kept', n)}</p>" for n in (1, 2))
    texts = [prose.sentence("site", n) for n in range(1, 9)]
    script = f"<script>var s={json.dumps(texts, ensure_ascii=False)}</script>"
    assert script in teased(article(kept + GONE, after=script)).body.decode()
