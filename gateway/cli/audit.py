"""``lychgate audit``: prints what ``console.audit`` found; exit 1 on a leak, 3 where it couldn't look."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from gateway.cli.addresses import root_of
from gateway.cli.options import DEFAULT, AsJson, Config, not_reached, settings_of
from gateway.errors import OriginFailed

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.console.audit import Audit, Step

_SHOWN = 40
_BLIND = 3


def audit(
    sitemap: Annotated[
        str,
        typer.Option(
            metavar="URL", help="A sitemap of the public site to look at; else that of site.url."
        ),
    ] = "",
    config: Config = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Look for withheld text in every public surface of the site.

    Exit code 0: nothing shows. 1: something does. 3: it couldn't look, or not at every page.
    """
    settings = settings_of(config)
    public = _site_of(sitemap) if sitemap else settings.site.url
    try:
        with progress() as step:
            found = asyncio.run(_audit(settings, public, sitemap, step))
    except OriginFailed as error:
        own = "" if sitemap else "; where it is this gateway, start `lychgate serve` first"
        typer.echo(f"lychgate: {public} can't be asked: {not_reached(error)}{own}", err=True)
        raise typer.Exit(_BLIND) from None
    whole = not found.unread and bool(found.listed or not sitemap)
    if sitemap and not found.listed:
        typer.echo(f"lychgate: {sitemap} names no page of {public}", err=True)
    if as_json:
        typer.echo(json.dumps(as_data(found, public), ensure_ascii=False, indent=2))
    else:
        for line in lines(found, public, whole=whole):
            typer.echo(line)
    if found.leaks:
        raise typer.Exit(1)
    if not whole:
        raise typer.Exit(_BLIND)


def _site_of(sitemap: str) -> str:
    """Scheme, host and port as they are typed: the site's own links may spell them so."""
    try:
        root_of(sitemap)
    except ValueError as error:
        told = f"a whole URL is needed: {error}"
        raise typer.BadParameter(told, param_hint="--sitemap") from None
    parts = urlsplit(sitemap)
    return f"{parts.scheme}://{parts.netloc}"


async def _audit(settings: Settings, public: str, sitemap: str, step: Step) -> Audit:
    from gateway.cli.asking import asking
    from gateway.cli.visiting import public_visitor
    from gateway.console.audit import audit

    async with asking(settings) as way, public_visitor(settings, public) as visitor:
        start = (visitor.within(sitemap) or "/sitemap.xml") if sitemap else ""
        return await audit(way, visitor, sitemap=start, step=step)


@contextmanager
def progress() -> Iterator[Step]:
    """A bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, object] = {}

        def step(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]  # rich takes ints

        yield step


def as_data(found: Audit, public: str) -> dict[str, object]:
    return {
        "site": public,
        "pages": found.pages,
        "pages_named": found.named,
        "withheld_articles": found.articles,
        "surfaces": found.surfaces,
        "leaks": [
            {
                "url": public + leak.surface,
                "article": leak.passage.article,
                "words": leak.passage.words,
                "excerpt": leak.passage.excerpt,
                "place": leak.passage.place,
            }
            for leak in found.leaks
        ],
        "badges": [
            {"page": b.page, "article": b.article, "word": b.word, "access": b.access}
            for b in found.badges
        ],
        "unread": found.unread,
    }


def lines(found: Audit, public: str, *, whole: bool = True) -> list[str]:
    """``whole``: all was looked at that there was to look at."""
    of = f" of {found.named}" if found.named > found.pages else ""
    told = [
        f"{public}: {found.pages}{of} pages, {found.articles} of them withheld from anonymous readers; "
        f"{found.surfaces} public surfaces asked for."
    ]
    if found.articles > found.telling:
        alike = found.articles - found.telling
        told.append(f"{alike} withheld articles have no text that isn't open elsewhere too.")
    told.extend(
        f'badge: {badge.page} says "{badge.word}" of {badge.article}, which is {badge.access}'
        for badge in found.badges[:_SHOWN]
    )
    if found.unread:
        told.append(f"{len(found.unread)} pages couldn't be read as the gateway: {found.unread[0]}")
    if not found.leaks:
        if len(found.unread) == found.pages:
            told.append("Nothing was read, so nothing can be said.")
        elif not whole:
            told.append("Of what could be read, no public surface shows withheld text.")
        else:
            told.append("No public surface shows withheld text.")
        return told
    surfaces = Counter(leak.surface for leak in found.leaks)
    shown = f"{_some(len(found.leaks), 'withheld passage')} on {_some(len(surfaces), 'surface')}"
    told.append(f"{shown}:")
    for surface, count in surfaces.most_common(_SHOWN):
        here = [leak.passage for leak in found.leaks if leak.surface == surface]
        first, articles = here[0], len({passage.article for passage in here})
        amount = f"{_some(count, 'passage')} of {_some(articles, 'article')}"
        told.append(f"  {public}{surface}  {amount}")
        told.append(f"      {first.article}, {first.place}: “{first.excerpt} …”")
    if len(surfaces) > _SHOWN:
        told.append(f"  … and {len(surfaces) - _SHOWN} more surfaces (--json lists all)")
    return told


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
