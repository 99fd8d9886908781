"""``lychgate init``: look at a site, propose config and policies, and say what was seen.

Nothing is overwritten without ``--force``, and a key that stands is never replaced: sessions would
die with it. What is proposed is short, so that a publisher reads all of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.addresses import address, public_address, root_of
from gateway.cli.recognise import Articles, LabelSeen, access_of
from gateway.cli.systems import System

if TYPE_CHECKING:
    from gateway.console.visitor import Seen, Visitor
    from gateway.model.rule import LabelSource

CONFIG, POLICY, KEY = "lychgate.toml", "policies/site.yaml", "lychgate.key"
ARTICLES_LOOKED_AT = 8
_PROBES = ("/wp-json/", "/ghost/api/content/settings/")
# A word that says access in itself needs no map.
_SELF_EVIDENT = frozenset(("public", "members", "paid"))
_CONTENT_TIER = {"free": "public", "metered": "members", "locked": "paid"}


@dataclass(frozen=True, slots=True)
class Found:
    origin: str
    name: str
    system: System
    articles: Articles
    feeds: tuple[str, ...]
    sitemap_pages: int
    public_url: str = ""  # what the site calls itself
    seen: tuple[str, ...] = ()  # articles, whoever may read them


def init(
    origin: Annotated[
        str, typer.Option(metavar="URL", help="Where the site answers now, without a path.")
    ],
    url: Annotated[
        str, typer.Option(metavar="URL", help="What readers will type.")
    ] = "http://127.0.0.1:8000",
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write.")] = Path(),
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="The config file to write, the others beside it."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite config and policy.")] = False,
) -> None:
    """Look at a site, and write lychgate.toml and policies/ for it."""
    origin, public = address(origin), public_address(url)
    written = config.name if config is not None else CONFIG
    folder = config.parent if config is not None else folder
    taken = [name for name in (written, POLICY) if (folder / name).exists()]
    if taken and not force:
        typer.echo(f"{' and '.join(taken)} exist; --force overwrites them", err=True)
        raise typer.Exit(1)
    found = asyncio.run(look(origin))
    try:
        (folder / POLICY).parent.mkdir(parents=True, exist_ok=True)
        _new_key(folder / KEY)
        (folder / written).write_text(config_text(found, public), "utf-8")
        (folder / POLICY).write_text(policy_text(found), "utf-8")
    except OSError as error:
        typer.echo(f"lychgate: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    for line in report(found):
        typer.echo(line)
    typer.echo(f"\nWrote {written}, {POLICY} and {KEY}.")
    typer.echo("Next: lychgate check --live, then lychgate serve.")


def _new_key(path: Path) -> None:
    """Readable by its owner alone from its first byte."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")


async def look(origin: str) -> Found:
    """Raises OriginFailed where nothing answers."""
    from gateway.cli.recognise import look_at
    from gateway.cli.systems import site_name, system_of
    from gateway.console.surfaces import called, sitemap_pages, spread
    from gateway.console.visitor import Visitor

    origin = await _moved_to(origin)
    async with Visitor(origin) as visitor:
        front = await visitor.see("/")
        public_url = called(front.text)
        visitor.also_called(public_url)
        faces = {}
        for probe in _PROBES:
            seen = await visitor.glance(probe)
            # A site of one page answers everything with it, so a status alone says nothing.
            data = seen is not None and seen.content_type.endswith("json")
            faces[probe] = seen.status if seen is not None and data else 0
        feeds, items = await _feeds(visitor, front)
        targets, _ = await sitemap_pages(visitor)
        anchors = [path for link in _anchors(front.text) if (path := visitor.within(link))]
        half = ARTICLES_LOOKED_AT // 2
        wanted = (*spread(items, half), *spread(targets or anchors, ARTICLES_LOOKED_AT + half))
        pages = []
        for target in dict.fromkeys(wanted):
            seen = await visitor.glance(target)
            if seen is not None and seen.status == 200 and "html" in seen.content_type:
                pages.append(seen)
        articles = look_at(pages)
        return Found(
            origin=origin,
            name=site_name(front, pages),
            system=system_of(front, faces),
            articles=articles,
            feeds=feeds,
            sitemap_pages=len(targets),
            public_url=public_url,
            seen=tuple(dict.fromkeys((*articles.targets, *(p.partition("?")[0] for p in items)))),
        )


async def _moved_to(origin: str) -> str:
    """Where a site has moved as a whole: to https, to www."""
    from gateway.console.visitor import Visitor

    for _ in range(3):
        async with Visitor(origin) as visitor:
            front = await visitor.see("/")
        if not 300 <= front.status < 400:
            break
        try:
            origin = root_of(front.header(b"location"))
        except ValueError:  # a path of the same site, or nothing that one can ask
            break
    return origin


async def _feeds(visitor: Visitor, front: Seen) -> tuple[tuple[str, ...], list[str]]:
    """The feeds that answer, and the articles that they name."""
    from gateway.console.surfaces import FEEDS, feed_items, feeds_named

    named = [visitor.within(href) for href in feeds_named(front.text)]
    answered: list[str] = []
    items: list[str] = []
    for feed in [target for target in named if target] or FEEDS[:8]:
        seen = await visitor.glance(feed)
        links = feed_items(seen.text) if seen is not None and seen.status == 200 else []
        if seen is not None and links:
            answered.append(seen.target)
            items.extend(path for link in links if (path := visitor.within(link)))
    return tuple(dict.fromkeys(answered)), items


def _anchors(page: str) -> list[str]:
    from selectolax.lexbor import LexborHTMLParser

    return [node.attributes.get("href") or "" for node in LexborHTMLParser(page).css("a[href]")]


def config_text(found: Found, url: str) -> str:
    """At most fifteen lines of TOML."""
    languages = [name for name in found.articles.languages if name in ("fr", "en")] or ["en"]
    lines = [
        "# Written by `lychgate init`; every key stands in the README.",
        "[site]",
        f"url = {json.dumps(url)}  # what readers type",
        f"origin = {json.dumps(found.origin)}",
        f"name = {json.dumps(found.name, ensure_ascii=False)}",
        f"languages = {json.dumps(languages)}",
    ]
    if found.system.pack == "ghost":
        lines += [
            "[origin]  # Ghost gives whole posts to its members only: a paid member's cookie",
            '# headers = { Cookie = "env:GHOST_MEMBER_COOKIE" }',
            "shared_identity = true",
        ]
    lines += ["[policies]", 'folder = "policies"', "[keys]", f'cookie = ["file:{KEY}"]']
    return "\n".join(lines) + "\n"


def policy_text(found: Found) -> str:
    """At most fifteen lines of YAML, the labels that no pack reads among them."""
    example = "- { name: the reports, path: /reports/**, access: paid, tiers: [supporter] }"
    if found.system.pack == "static":  # the other packs end with this very rule
        obey = "- { name: what the site labelled, label: any, access: as-labelled }"
        rules = ["rules:", f"  {obey}", f"  # {example}"]
    else:
        rules = ["# rules:", f"#   {example}"]
    return "\n".join((*policy_head(found), *rules)) + "\n"


def policy_head(found: Found) -> list[str]:
    """Everything but the rules."""
    articles, pack = found.articles, found.system.pack
    lines = [
        "# Who may read what; the first rule that matches wins. Try one: lychgate explain URL",
        "version: 1",
        f"include: [{pack}]",
        "default: public",
    ]
    if articles.body:
        root = f"root: [{yaml_quoted(articles.root)}], " if articles.root else ""
        lines.append(f"teaser: {{ {root}body: [{yaml_quoted(articles.body)}] }}")
    else:
        lines.append("# teaser: { body: ['…'] }  # no element holds the text on every article")
    asked = [label for label in articles.labels if worth_reading(label, pack)][:3]
    if asked:
        lines.append("labels:")
        lines.extend(_label_line(label) for label in asked)
    return lines


def worth_reading(label: LabelSeen, pack: str) -> bool:
    """Whether a label of the site needs a line: its words speak of access, and the pack alone
    wouldn't read every one of them."""
    from gateway.model.page import LabelWord
    from gateway.policy.labels import settle_label

    if label.kind != "json_ld" and not any(_meaning(word) for word in label.words):
        return False
    sources = _sources_of(pack)
    for number, source in enumerate(sources):
        names = [name.strip().lower() for name in source.name.split(",")]
        if str(source.kind) == label.kind and label.name.lower() in names:
            read = [settle_label((LabelWord(number, word),), sources) for word in label.words]
            return not all(each is not None and each.readable for each in read)
    return True


def _sources_of(pack: str) -> tuple[LabelSource, ...]:
    """What a pack reads by itself."""
    from gateway.policy.load import load_texts

    bare = f"version: 1\ninclude: [{pack}]\ndefault: public\n"
    return load_texts([(POLICY, bare)]).settings.labels


def _meaning(word: str) -> str:
    folded = word.strip().casefold()
    return _CONTENT_TIER.get(folded) or access_of(word)


def _label_line(label: LabelSeen) -> str:
    told = {word: _meaning(word) for word in label.words if _meaning(word)}
    mapped = {w: level for w, level in told.items() if w.casefold() not in _SELF_EVIDENT}
    name = label.name if label.kind != "css" else yaml_quoted(label.name)
    if not mapped:
        return f"  - {label.kind}: {name}"
    pairs = ", ".join(f"{yaml_quoted(word)}: {level}" for word, level in mapped.items())
    return f"  - {{ {label.kind}: {yaml_quoted(label.name)}, map: {{ {pairs} }} }}"


def yaml_quoted(text: str) -> str:
    """A YAML single-quoted scalar."""
    return "'" + text.replace("'", "''") + "'"


def report(found: Found) -> list[str]:
    """What was seen, one finding a line."""
    articles = found.articles
    lines = [
        f"{found.origin}: {found.name}",
        f"  made with   {found.system.name} ({found.system.grounds}); pack: {found.system.pack}",
        f"  sitemap     {found.sitemap_pages} pages",
        f"  feeds       {', '.join(found.feeds) or 'none found'}",
        f"  articles    {articles.count} looked at"
        + (f", in {', '.join(articles.languages)}" if articles.languages else ""),
    ]
    if articles.body:
        where = f" within {articles.root}" if articles.root else ""
        lines.append(f"  body        {articles.body}{where}, {articles.words} words on average")
    elif articles.count:
        lines.append("  body        not found: write teaser.body yourself")
    lines.extend(
        f"  label       {label.kind} {label.name}: {', '.join(label.words[:6])}"
        for label in articles.labels
    )
    if articles.count and not articles.labels:
        lines.append("  label       none seen: gate by path, or have pages name their access")
    return lines
