"""``lychgate try``: any site behind a gateway on loopback, with config and policy that ``init`` would
propose, written to a folder that is gone afterwards."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from gateway.cli.options import ConfigUnread

if TYPE_CHECKING:
    from gateway.cli.init import Found
    from gateway.config import Settings

_WALLED_MAX, _ASKED_MAX = 50, 16


def try_site(
    url: Annotated[str, typer.Argument(metavar="URL", help="The site, or one of its pages.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0: any.")] = 8000,
    config: ConfigUnread = None,
) -> None:
    """Try the gateway on any site, on this machine, with no file edited."""
    from gateway.cli import playing
    from gateway.cli.addresses import address
    from gateway.cli.init import look, report

    site = address(url)
    try:
        taken = playing.listener(port)
    except OSError as error:
        typer.echo(f"lychgate: 127.0.0.1:{port}: {error.strerror}; try --port 0", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Looking at {site} …")
    found = asyncio.run(look(site))
    for line in report(found):
        typer.echo(line)
    with tempfile.TemporaryDirectory(prefix="lychgate-try-") as folder:
        _play(found, taken, Path(folder), urlsplit(url if "://" in url else f"http://{url}").path)


def _play(found: Found, taken: object, folder: Path, path: str) -> None:
    import json
    import socket

    from gateway.app import build
    from gateway.cli import playing
    from gateway.cli.options import policy_of
    from gateway.cli.switch import Switch
    from gateway.cli.trial import PREFIX, Trial
    from gateway.config import load_settings
    from gateway.ops import logs

    assert isinstance(taken, socket.socket)
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    (folder / "policies").mkdir()
    (folder / "policies" / "site.yaml").write_text(trial_policy(found), "utf-8")
    logs.set_up(process="try", least=logging.WARNING)
    settings = load_settings(
        folder / "none.toml",
        {
            "LYCHGATE_SITE__URL": url,
            "LYCHGATE_SITE__ORIGIN": found.origin,
            "LYCHGATE_SITE__NAME": found.name,
            "LYCHGATE_SITE__LANGUAGES": '["en", "fr"]',
            "LYCHGATE_ORIGIN__HOST": urlsplit(found.origin).netloc,
            "LYCHGATE_POLICIES__FOLDER": "policies",
            "LYCHGATE_KEYS__COOKIE": json.dumps([playing.new_key()]),
            "LYCHGATE_OPS__ACCESS_LOG": "false",
        },
    )
    walled = asyncio.run(_first_walled(settings, found.seen))
    switch = Switch(settings, prefix=PREFIX)
    switch.readers = playing.readers_for(policy_of(settings))
    lychgate = build(
        settings,
        session_store=switch,
        extra=switch,
        around=lambda application: Trial(
            application, sites=(found.origin, found.public_url), url=url
        ),
    )

    def say() -> None:
        typer.echo(f"\n{found.name} is behind the gateway on {url}{path or '/'}  (Ctrl-C stops it)")
        if walled or found.seen:
            kind = "An article with a wall" if walled else "An article"
            typer.echo(f"{kind}: {url}{walled or found.seen[0]}")
        typer.echo(
            "The bar on top changes readers, and so do a wall's buttons. Nothing but GET passes."
        )

    with asyncio.Runner(loop_factory=lychgate.config.get_loop_factory()) as runner:
        runner.run(playing.play(lychgate, taken, started=say))


async def _first_walled(settings: Settings, paths: tuple[str, ...]) -> str:
    """Of the articles, the first that anonymous readers get a wall on; empty where there is none."""
    from gateway.cli.asking import asking
    from gateway.console.explain import explain
    from gateway.errors import OriginFailed
    from gateway.model.reader import ANONYMOUS

    async with asking(settings) as way:
        for path in paths[:_ASKED_MAX]:
            with suppress(OriginFailed):
                if (await explain(way, path, ANONYMOUS)).wall:
                    return path
    return ""


def trial_policy(found: Found) -> str:
    """What ``init`` proposes; a site without labels gets a wall on the articles that were seen."""
    from gateway.cli.init import policy_head, policy_text, yaml_quoted

    labelled = found.system.pack == "ghost" or any(each.words for each in found.articles.labels)
    if labelled or not found.seen:
        return policy_text(found)
    paths = ", ".join(yaml_quoted(path) for path in found.seen[:_WALLED_MAX])
    rule = f"  - {{ name: the articles that were seen, path: [{paths}], access: members }}"
    return "\n".join((*policy_head(found), "rules:", rule)) + "\n"
