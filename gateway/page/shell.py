"""``[site] shell``: the main part of a page of ours, set into a page of the publisher's own site.

The shell page is the publisher's and is trusted as such; what it says of *itself* isn't true of the
page made from it, so its title, address, alternates and structured data go. What the publisher marks
for some readers, replaces or removes counts around our pages as on any other. What must not be here:
fetching the shell page, or keeping it.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gateway.model.access import PUBLIC
from gateway.model.reader import ReaderKind
from gateway.model.rule import PageSettings
from gateway.page import marks

SHELL_BYTES_MAX = 2 << 20
# What a page says about itself, and what must not be said of a login page.
_OF_THE_SHELL_PAGE = ", ".join(
    (
        'link[rel~="canonical"]',
        'link[rel~="alternate"]',
        'link[rel~="amphtml"]',
        'link[rel~="prev"]',
        'link[rel~="next"]',
        'link[rel~="shortlink"]',
        'meta[name="description"]',
        'meta[name="robots"]',
        'meta[name^="article:"]',
        'meta[property^="og:"]',
        'meta[property^="article:"]',
        'meta[name^="twitter:"]',
        'script[type="application/ld+json"]',
    )
)


class ShellUnfit(ValueError):
    """The shell page can't hold ours: it is too large, or hasn't exactly one ``<main>``."""


def into_shell(*, shell: str, page: bytes, reader: ReaderKind, settings: PageSettings) -> bytes:
    """``page`` is one of ``Templates.page``; only its main part, title, style and word to search engines
    are used. ``reader`` is who sees it.

    The shell keeps its own ``<html>`` but takes our language. Raises ShellUnfit.
    """
    if len(shell) > SHELL_BYTES_MAX:
        raise ShellUnfit(f"the shell page is larger than {SHELL_BYTES_MAX} characters")
    theirs, ours = LexborHTMLParser(shell), LexborHTMLParser(page.decode())
    marks.settle(theirs, reader)
    marks.apply(theirs, settings)
    marks.sign(theirs, PUBLIC, reader, None)
    places = theirs.css("main")
    if len(places) != 1:
        raise ShellUnfit(f"the shell page has {len(places)} <main> elements, not one")
    head = theirs.css_first("head")
    html = theirs.css_first("html")
    assert head is not None
    assert html is not None
    for node in theirs.css(_OF_THE_SHELL_PAGE):
        node.decompose()
    for name in ("lang", "dir"):
        html.attrs[name] = _one(ours, "html").attributes.get(name) or ""
    _title(theirs, head, _one(ours, "title").text())
    for robots in ours.css('meta[name="robots"]'):  # none on what may be found, as the plans
        head.insert_child(robots)
    for style in ours.css('style[data-lg-part="content"]'):
        head.insert_child(style)
    place = places[0]
    for child in list(place.iter(include_text=True)):
        child.decompose()
    place.insert_child(_one(ours, "main .lg-page"))
    return ("<!doctype html>\n" + (html.html or "")).encode()


def _one(tree: LexborHTMLParser, selector: str) -> LexborNode:
    node = tree.css_first(selector)
    assert node is not None, f"a page of ours without {selector}"
    return node


def _title(theirs: LexborHTMLParser, head: LexborNode, text: str) -> None:
    for old in head.css("title"):
        old.decompose()
    title = theirs.create_node("title")
    title.insert_child(text)
    head.insert_child(title)
