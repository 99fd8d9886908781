"""Walls drawn for tests, and read back as lines of plain words."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from gateway.model.decision import Wall
from gateway.page.templates import SiteWords, Templates
from gateway.page.wall import WallContext

SITE = SiteWords(
    name="Le Courrier",
    url="https://news.example",
    languages=("fr", "en"),
    terms="/cgv",
    privacy="/confidentialite",
    support="mailto:abonnes@news.example",
)
TEMPLATES = Templates([], site=SITE)


def drawn(
    wall: Wall,
    *,
    language: str = "fr",
    signed_in: bool = False,
    remaining_percent: int = 70,
    return_to: str = "/a",
    price: str = "",
    plan: str = "Soutien",
    templates: Templates = TEMPLATES,
) -> str:
    context = WallContext(
        wall=wall,
        language=language,
        signed_in=signed_in,
        remaining_percent=remaining_percent,
        return_to=return_to,
        price=price,
        plan=plan,
    )
    return templates.wall(context)


def plain(text: str) -> str:
    """Typography folded: no-break spaces and curly apostrophes are the same words."""
    return re.sub(r"\s+", " ", text.replace("’", "'")).strip()


def lines(html: str) -> list[str]:
    tree = LexborHTMLParser(html)
    return [plain(node.text()) for node in tree.css("section > :not(style)")]
