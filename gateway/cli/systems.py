"""What a site is made with, and what it calls itself, told from its front page. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from gateway.console.visitor import Seen

_GENERATORS = {
    "ghost": "ghost",
    "wordpress": "wordpress",
    **dict.fromkeys("hugo jekyll eleventy gatsby astro hexo pelican docusaurus".split(), "static"),
    **dict.fromkeys("next.js nuxt gridsome zola mkdocs vitepress publii".split(), "static"),
}
_FRONT_PAGES = frozenset(("accueil", "home", "homepage", "home page", "à la une", "front page"))


@dataclass(frozen=True, slots=True)
class System:
    """``pack`` is one shipped with the project. ``grounds`` says by what it was told."""

    pack: str
    name: str
    grounds: str


def system_of(front: Seen, faces: dict[str, int]) -> System:
    """``faces``: the status of well-known paths that answered with JSON, as ``/wp-json/`` → 200."""
    page = LexborHTMLParser(front.text)
    generator = ""
    for node in page.css("meta[name='generator' i]"):
        generator = generator or (node.attributes.get("content") or "")
    for name, pack in _GENERATORS.items():
        if name in generator.lower():
            return System(pack, generator, f'<meta name="generator" content="{generator}">')
    if "api.w.org" in front.header(b"link") or faces.get("/wp-json/") == 200:
        return System("wordpress", "WordPress", "its REST API answers at /wp-json/")
    if "/wp-content/" in front.text:
        return System("wordpress", "WordPress", "its pages load from /wp-content/")
    if "data-ghost" in front.text or faces.get("/ghost/api/content/settings/") in (200, 403):
        return System("ghost", "Ghost", "its pages or its Content API say so")
    for mark, name in (("/_next/", "Next.js"), ("/_nuxt/", "Nuxt"), ("/page-data/", "Gatsby")):
        if mark in front.text:
            return System("static", name, f"its pages load from {mark}")
    return System("news", "no system that is known here", "neither generator nor well-known paths")


def site_name(front: Seen, articles: Sequence[Seen] = ()) -> str:
    """What it says; else the part of its title that its articles bear as well, or that no front page
    is called by."""
    page = LexborHTMLParser(front.text)
    named = page.css_first("meta[property='og:site_name']")
    if named is not None and named.attributes.get("content"):
        return str(named.attributes["content"]).strip()
    parts = _title_parts(front)
    borne = [set(_title_parts(each)) for each in articles]
    for part in parts:
        if borne and all(part in each for each in borne):
            return part[:80]
    telling = [part for part in parts if part.casefold() not in _FRONT_PAGES] or parts
    return telling[0][:80] if telling else "My site"


def _title_parts(page: Seen) -> list[str]:
    title = LexborHTMLParser(page.text).css_first("title")
    text = title.text(strip=True) if title is not None else ""
    return [part for part in re.split(r"\s+[|–—·-]\s+", text) if part]
