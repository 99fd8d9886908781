"""``lychgate demo``: a newspaper and the gateway in front of it, in one process, with no account.

The paper is an origin like any other, on a port of its own; its config and policies are the files
that a publisher would write, and stand in ``gateway/demo``.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import policy_of

if TYPE_CHECKING:
    from gateway.config import Settings

_ADVICE = """\
{name} is behind the gateway on {url}  (Ctrl-C stops it)

  the front page, with badges      {url}/
  a public article                 {url}{free}
  one for members                  {url}{registered}
  one for subscribers              {url}{locked}
  in English                       {url}/en
  every wall, in every state       {url}/-/preview

A wall's button logs you in, at the demo's own provider (one click) or by mail; nothing costs anything.
  the mail that it sends           {url}/-/demo/mail
  your account                     {url}/-/account
  log out at the provider          {issuer}/
Or at once:
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

    _run(taken, beside, url=url, origin=origin, reader=reader)


@dataclass(frozen=True, slots=True)
class _Places:
    """Addresses without a slash at the end."""

    url: str
    origin: str
    issuer: str


def _run(taken: socket, beside: socket, *, url: str, origin: str, reader: str) -> None:
    from gateway import demo as paper
    from gateway.app import build
    from gateway.cli import playing
    from gateway.cli.demo_rooms import MAIL_URL, DemoRooms
    from gateway.clock import SystemClock
    from gateway.demo.site import app_factory
    from gateway.ops import logs
    from gateway.stores.engine import Store
    from gateway.stores.first import make_if_absent

    folder = Path(paper.__file__).parent
    logs.set_up(process="demo")
    identity = playing.listener(0)
    places = _Places(url, origin, f"http://127.0.0.1:{identity.getsockname()[1]}")
    key, secret = playing.new_key(), playing.new_key()
    with tempfile.TemporaryDirectory(prefix="lychgate-demo-") as kept:
        settings = _settings(folder, kept, places, key=key, secret=secret)
        store_url = settings.store.url.get_secret_value()
        make_if_absent(store_url)
        policy = policy_of(settings)
        store = Store(store_url)
        rooms = DemoRooms(
            store=store,
            issuer=places.issuer,
            site_url=url,
            keys=[key],
            tiers=playing.tiers_of(policy),
            clock=SystemClock(),
        )
        always = playing.OneReader(playing.readers_for(policy)[reader]) if reader else None
        lychgate = build(settings, readers=always, extra=rooms, mail_shown_at=MAIL_URL)
        rooms.heard = lychgate.polling.poll if lychgate.polling else None

        def say() -> None:
            told = {**asdict(places), "folder": folder, **examples(url)}
            typer.echo(_ADVICE.format(**told))
            if reader:
                typer.echo(f"Everything is read as a {reader} (--as).")

        provider = playing.site_config(_provider(places, secret))
        with asyncio.Runner(loop_factory=lychgate.config.get_loop_factory()) as runner:
            runner.run(
                playing.play(
                    lychgate,
                    taken,
                    beside=(
                        (playing.site_config(app_factory(url=url)), beside),
                        (provider, identity),
                    ),
                    furnish=rooms.furnish,
                    started=say,
                )
            )
            runner.run(store.close())


def _settings(folder: Path, kept: str, places: _Places, *, key: str, secret: str) -> Settings:
    """The paper's own file, with what only this run knows. ``kept`` goes when the demo ends."""
    from gateway.cli.demo_rooms import PROVIDER
    from gateway.config import load_settings

    provider = {"id": PROVIDER, "name": "Fanal ID", "issuer": places.issuer, "client_id": "fanal"}
    return load_settings(
        folder / "lychgate.toml",
        {
            "LYCHGATE_SITE__URL": places.url,
            "LYCHGATE_SITE__ORIGIN": places.origin,
            "LYCHGATE_SERVER__BIND": places.url.removeprefix("http://"),
            "LYCHGATE_KEYS__COOKIE": json.dumps([key]),
            "LYCHGATE_OPS__ACCESS_LOG": "false",
            "LYCHGATE_STORE__URL": f"sqlite:///{kept}/demo.db",
            "LYCHGATE_LOGIN__PROVIDER": json.dumps([{**provider, "client_secret": secret}]),
        },
    )


def _provider(places: _Places, secret: str) -> Any:
    from gateway.cli.demo_rooms import PROVIDER
    from gateway.demo.identity import Client, Identity

    here = f"{places.url}/-/login/{PROVIDER}"
    client = Client(
        id="fanal",
        secret=secret,
        redirect_uris=(f"{here}/callback",),
        logout_uris=(f"{places.url}/-/logout",),
        backchannel_url=f"{here}/backchannel-logout",
    )
    return Identity(issuer=places.issuer, client=client).application


def examples(url: str) -> dict[str, str]:
    """The paper's name, and the oldest French article of each tier: no rule opens it for its newness."""
    from gateway.clock import SystemClock
    from gateway.demo.edition import NAME, Edition

    articles = Edition(url=url, now=SystemClock().now()).in_language("fr")
    return {"name": NAME} | {str(each.tier): each.path for each in articles}
