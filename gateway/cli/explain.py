"""``lychgate explain``: prints what ``console.explain`` found of one URL for one reader."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, AsJson, Config, settings_of
from gateway.model.decision import Reason

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.console.explain import Explanation
    from gateway.model.reader import Reader

_FETCHED = {
    "open": "the reader: nothing could gate it",
    "opened": "the gateway: a rule opens its path",
    "label": "the gateway: only the page itself can say",
    "path": "the gateway: a rule names its path",
    "report": "the reader: in report mode pages pass as the origin sends them",
}

_KINDS = {
    "other": "neither page nor feed: passed on",
    "ours": "the gateway's own: no rule is asked, and never the origin",
}


def explain(
    url: Annotated[str, typer.Argument(metavar="URL", help="A page's URL or path.")],
    reader: Annotated[
        str, typer.Option("--as", metavar="anonymous|member|tier:NAME|EMAIL", help="For whom.")
    ] = "anonymous",
    config: Config = DEFAULT,
    as_json: AsJson = False,
    body: Annotated[bool, typer.Option("--body", help="Print what would be sent.")] = False,
) -> None:
    """Say which rule decides a page, why, and what would be sent."""
    settings = settings_of(config)
    found = asyncio.run(_explain(settings, url, reader))
    if body:
        sys.stdout.buffer.write(found.body)
        sys.stdout.buffer.flush()
    elif as_json:
        typer.echo(json.dumps(shown(found), ensure_ascii=False, indent=2))
    else:
        for name, value in lines(found):
            typer.echo(f"{name:<12}{value}")


async def _explain(settings: Settings, url: str, named: str) -> Explanation:
    from gateway.cli.asking import asking
    from gateway.console.address import target_of
    from gateway.console.explain import explain, reader_named
    from gateway.console.tiers import unnamed_tier

    target = target_of(url, site_url=settings.site.url)
    reader = reader_named(named) or await _by_email(settings, named)
    async with asking(settings) as way:
        planned = {tier for plan in settings.plan for tier in plan.tiers}
        if doubt := unnamed_tier(named, way.policy(), planned):
            told = f"no rule, label or plan names the tier `{doubt.tier}`"
            typer.echo(f"warning: {told}; named: {', '.join(doubt.named)}", err=True)
        return await explain(way, target, reader, named=named)


async def _by_email(settings: Settings, email: str) -> Reader:
    from gateway.cli.store import ready_store
    from gateway.stores.engine import Store
    from gateway.stores.readers import readers_with

    if "@" not in email:
        raise typer.BadParameter("anonymous, member, tier:NAME or an e-mail", param_hint="--as")
    store = Store(await asyncio.to_thread(ready_store, settings))
    try:
        found = await readers_with(store, email)
    finally:
        await store.close()
    if not found:
        raise typer.BadParameter(f"no reader has the address {email}", param_hint="--as")
    return found[0]


def shown(found: Explanation) -> dict[str, object]:
    """Every field but the bodies, for programs."""
    names = (
        "target reader status decision wall reason access rule way kind label label_from label_readable body_found"
        " words_kept words_withheld caching cache_control cookies_dropped location"
    ).split()
    return {name: getattr(found, name) for name in names}


def lines(found: Explanation) -> list[tuple[str, str]]:
    """For people: what is empty is left out."""
    decision = found.decision + (f", wall {found.wall}" if found.wall else "")
    words = f"{found.words_kept} shown, {found.words_withheld} withheld"
    if found.decision == "full" and found.words_withheld:
        words += " by the origin itself"
    article = found.kind == "article"
    unread = "" if found.label_readable else ": no map knows it, so it is the strictest"
    body = "found" if found.body_found else "not found: nothing of it is shown in part"
    told = [
        ("URL", found.target),
        ("reader", found.reader),
        ("answer", _answer(found)),
        ("decision", f"{decision} ({found.reason})" if found.reason and decision else decision),
        ("refused", "" if decision else found.reason),
        ("access", found.access),
        ("rule", found.rule),
        ("label", f"{found.label} (from {found.label_from}){unread}" if found.label else ""),
        ("page", _KINDS.get(found.kind, found.kind)),
        ("fetched as", _FETCHED.get(_way(found), "")),
        ("body", body if article else ""),
        ("words", words if article and found.body_found else ""),
        ("caching", _caching(found)),
        ("dropped", f"Set-Cookie {', '.join(found.cookies_dropped)}"),
    ]
    if not found.cookies_dropped:
        told.pop()
    return [(name, value) for name, value in told if value]


def _way(found: Explanation) -> str:
    return "report" if found.reason == Reason.REPORT_MODE else found.way


def _answer(found: Explanation) -> str:
    if not found.status:
        return ""
    return f"{found.status} to {found.location}" if found.location else str(found.status)


def _caching(found: Explanation) -> str:
    if not found.caching or not found.cache_control.startswith("public"):
        return found.cache_control
    return f"{found.cache_control} ({found.caching})"
