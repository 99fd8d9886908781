"""``lychgate demo``: a newspaper and the gateway in front of it, in one process, with no account.

The paper is an origin like any other, on a port of its own; its config and policies are the files
that a publisher would write, and stand in ``gateway/demo``.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import policy_of

_ADVICE = """\
{name} is behind the gateway on {url}  (Ctrl-C stops it)

  the front page, with badges      {url}/
  a public article                 {url}{free}
  one for members                  {url}{registered}
  one for subscribers              {url}{locked}
  in English                       {url}/en
  every wall, in every state       {url}/-/preview

A wall's button makes you the reader it speaks of, since there is nothing to pay here. Or:
  read as a member                 {url}/-/demo/as/member
  read as a subscriber             {url}/-/demo/as/subscriber
  read as nobody                   {url}/-/demo/as/anonymous

The paper without the gateway      {origin}
Its config and policies            {folder}
"""


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0: any.")] = 8000,
    reader: Annotated[
        str, typer.Option("--as", metavar="member|subscriber", help="Read everything as one.")
    ] = "",
) -> None:
    """A newspaper behind the gateway, on this machine, with no account anywhere."""
    from gateway.cli import playing

    if reader and reader not in playing.KINDS:
        raise typer.BadParameter("anonymous, member or subscriber", param_hint="--as")
    try:
        taken, beside = playing.listener(port), playing.listener(0)
    except OSError as error:
        typer.echo(f"lychgate: 127.0.0.1:{port}: {error.strerror}; try --port 0", err=True)
        raise typer.Exit(1) from None
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    origin = f"http://127.0.0.1:{beside.getsockname()[1]}"

    from gateway import demo as paper
    from gateway.app import build
    from gateway.cli.switch import Switch
    from gateway.config import load_settings
    from gateway.demo.site import app_factory
    from gateway.ops import logs

    folder = Path(paper.__file__).parent
    logs.set_up(process="demo")
    settings = load_settings(
        folder / "lychgate.toml",
        {
            "LYCHGATE_SITE__URL": url,
            "LYCHGATE_SITE__ORIGIN": origin,
            "LYCHGATE_SERVER__BIND": url.removeprefix("http://"),
            "LYCHGATE_KEYS__COOKIE": json.dumps([playing.new_key()]),
            "LYCHGATE_OPS__ACCESS_LOG": "false",
        },
    )
    switch = Switch(settings, prefix="/-/demo/as/")
    switch.readers = playing.readers_for(policy_of(settings))
    always = playing.OneReader(switch.readers[reader]) if reader else None
    lychgate = build(settings, readers=always, session_store=switch, extra=switch)

    def say() -> None:
        typer.echo(_ADVICE.format(url=url, origin=origin, folder=folder, **examples(url)))
        if reader:
            typer.echo(f"Everything is read as a {reader} (--as).")

    site = (playing.site_config(app_factory(url=url)), beside)
    with asyncio.Runner(loop_factory=lychgate.config.get_loop_factory()) as runner:
        runner.run(playing.play(lychgate, taken, site=site, started=say))


def examples(url: str) -> dict[str, str]:
    """The paper's name, and the oldest French article of each tier: no rule opens it for its newness."""
    from gateway.clock import SystemClock
    from gateway.demo.edition import NAME, Edition

    articles = Edition(url=url, now=SystemClock().now()).in_language("fr")
    return {"name": NAME} | {str(each.tier): each.path for each in articles}
