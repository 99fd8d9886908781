"""One page rendered for one reader, with a wall that any test can recognise."""

from __future__ import annotations

from collections.abc import Callable

from gateway.model.access import MEMBERS, PAID, PUBLIC, Access
from gateway.model.decision import Wall
from gateway.model.page import PageFacts
from gateway.model.reader import ReaderKind
from gateway.model.rule import Keep, LabelKind, LabelSource, PageSettings, TeaserSettings
from gateway.page import document
from gateway.page.facts import facts
from gateway.page.render import Rendered, render_full, render_teaser
from gateway.page.wall import WallContext

HTML = b"text/html; charset=utf-8"
WALL = '<aside class="lg-wall" id="the-wall"><h2>Abonnez-vous</h2></aside>'
TWO_PARAGRAPHS = Keep(paragraphs=2, words_max=120)
TEASER = TeaserSettings(body=(".body",), root=("article",), chrome=(".share",), keep=TWO_PARAGRAPHS)
BADGES = tuple(
    (word, access)
    for word, access in (
        ("membres", MEMBERS),
        ("members", MEMBERS),
        ("publique", PUBLIC),
        ("public", PUBLIC),
        ("abonnés", PAID),
    )
)
LABELS = (
    LabelSource(LabelKind.HEADER, "X-Content-Access"),
    LabelSource(LabelKind.META, "article:content_tier", (("free", PUBLIC), ("locked", PAID))),
    LabelSource(LabelKind.JSON_LD, "isAccessibleForFree"),
    LabelSource(LabelKind.CSS, ".post-access", BADGES),
)


def settings(
    *,
    keep: Keep = TWO_PARAGRAPHS,
    body: tuple[str, ...] = (".body",),
    root: tuple[str, ...] = ("article",),
    chrome: tuple[str, ...] = (".share",),
    labels: tuple[LabelSource, ...] = LABELS,
) -> PageSettings:
    return PageSettings(
        teaser=TeaserSettings(body=body, root=root, chrome=chrome, keep=keep), labels=labels
    )


def teased(
    page: bytes | str,
    *,
    content_type: bytes | None = HTML,
    with_settings: PageSettings | None = None,
    access: Access = PAID,
    reader: ReaderKind = ReaderKind.ANONYMOUS,
    wall: Wall = Wall.SUBSCRIBE,
    seen: list[WallContext] | None = None,
) -> Rendered:
    def draw_wall(context: WallContext) -> str:
        if seen is not None:
            seen.append(context)
        return WALL

    return render_teaser(
        page.encode() if isinstance(page, str) else page,
        content_type,
        access=access,
        reader=reader,
        wall=wall,
        settings=with_settings or settings(),
        draw_wall=draw_wall,
        return_to="/a",
    )


def full(
    page: bytes | str,
    *,
    content_type: bytes | None = HTML,
    with_settings: PageSettings | None = None,
    access: Access = PUBLIC,
    reader: ReaderKind | None = None,
    rule_opens: bool = False,
    badge_of: Callable[[str], Access | None] | None = None,
) -> Rendered:
    return render_full(
        page.encode() if isinstance(page, str) else page,
        content_type,
        access=access,
        reader=reader,
        settings=with_settings or settings(),
        rule_opens=rule_opens,
        badge_of=badge_of,
    )


def known(
    page: bytes | str,
    *,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    content_type: bytes | None = HTML,
    with_settings: PageSettings | None = None,
) -> PageFacts:
    body = page.encode() if isinstance(page, str) else page
    return facts(document.read(body, content_type), headers, with_settings or settings())


def article(
    inner: str, *, head: str = "", before: str = "", after: str = "", lang: str = "fr"
) -> str:
    """An article page whose body holds ``inner``."""
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Titre</title>{head}'
        f"</head><body><header><p>Gazette</p></header><main>{before}<article><h1>Titre</h1>"
        f'<div class="body">{inner}</div></article>{after}</main><footer>Fin</footer></body></html>'
    )
