"""``check --live``: what the gateway makes of a sample of the site's own pages.

Pages are taken evenly from the sitemap and shown by template, that is by the shape of their paths:
a template whose body isn't found, or whose label can't be read, shows at once.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.console.explain import Explanation

PAGES_MAX = 60
_SHOWN_EACH = 3


def sample(settings: Settings) -> bool:
    """Prints the sample; whether every article's body was found and every label read."""
    found, named = asyncio.run(_sampled(settings))
    if not found:
        typer.echo(f"No page could be sampled: {settings.site.origin} names none.", err=True)
        return False
    typer.echo(f"\n{len(found)} of {named} pages that the sitemap names, as an anonymous reader:")
    sound = True
    for template, pages in by_template(found).items():
        typer.echo(f"\n{template}  ({len(pages)})")
        for line in summary(pages):
            typer.echo(f"  {line}")
        sound = sound and not any(_fault(page) for page in pages)
    return sound


async def _sampled(settings: Settings) -> tuple[list[Explanation], int]:
    from gateway.cli.asking import asking
    from gateway.cli.visiting import origin_visitor
    from gateway.console.explain import explain
    from gateway.console.surfaces import called, sitemap_pages, spread
    from gateway.errors import LychgateError
    from gateway.model.reader import ANONYMOUS

    async with asking(settings) as way, origin_visitor(settings) as visitor:
        visitor.also_called(called((await visitor.see("/")).text))
        targets, _ = await sitemap_pages(visitor)
        found = []
        for target in spread(targets, PAGES_MAX):
            try:
                found.append(await explain(way, target, ANONYMOUS))
            except LychgateError as error:
                typer.echo(f"{target}: {error.reason}", err=True)
        return found, len(targets)


def template_of(target: str) -> str:
    """The shape of a path: ``/2025/04/some-story/`` is ``/N/N/*/``."""
    path = target.partition("?")[0]
    segments = path.split("/")
    shape = ["N" if re.fullmatch(r"\d+", each) else each for each in segments]
    last = len(shape) - 1 - (not shape[-1])
    if last >= 1:
        shape[last] = "*" if last > 1 or "-" in shape[last] else shape[last]
    return "/".join(shape) or "/"


def by_template(found: list[Explanation]) -> dict[str, list[Explanation]]:
    """Templates with most pages first; a page of its own kind stands for itself."""
    grouped: dict[str, list[Explanation]] = {}
    for page in found:
        grouped.setdefault(template_of(page.target), []).append(page)
    return dict(sorted(grouped.items(), key=lambda item: -len(item[1])))


def summary(pages: list[Explanation]) -> list[str]:
    """A line for each way in which pages of one template were decided, and for each fault."""
    told = []
    kinds = Counter((page.kind, page.access, page.label, page.decision) for page in pages)
    for (kind, access, label, decision), count in kinds.most_common():
        alike = [
            page
            for page in pages
            if (page.kind, page.access, page.label, page.decision)
            == (kind, access, label, decision)
        ]
        line = f"{count} × {kind or 'not a page'}: {access or '–'}, {decision or alike[0].status}"
        if label:
            line += f", label {label} ({alike[0].label_from})"
        if kind == "article":
            kept = sum(page.words_kept for page in alike) // count
            withheld = sum(page.words_withheld for page in alike) // count
            line += f", words kept {kept}, withheld {withheld}"
        told.append(line)
    faults = [fault for page in pages if (fault := _fault(page))]
    told.extend(faults[:_SHOWN_EACH])
    if len(faults) > _SHOWN_EACH:
        told.append(f"… and {len(faults) - _SHOWN_EACH} more")
    return told


def _fault(page: Explanation) -> str:
    """What a publisher wants to mend; empty for a page that is as it should be."""
    if page.kind == "article" and not page.body_found and page.decision != "full":
        return f"no body found, so none of it is shown in part: {page.target}"
    if not page.label_readable:
        return f"no map knows the label “{page.label}”, so it is the strictest: {page.target}"
    if page.passed and b"data-lg-when" in page.body:
        return (
            "its data-lg-when marks are settled for nobody, since nothing could gate it and it is"
            f" passed on as it comes; a rule with `cache:` makes a page of it: {page.target}"
        )
    return ""
