"""``lychgate demo``: a newspaper and the gateway in front of it, in one process, with no account.

The paper is an origin like any other, on a port of its own; its config and policies are the files
that a publisher would write, and stand in ``gateway/demo``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import ConfigUnread, policy_of

if TYPE_CHECKING:
    from gateway.app import Lychgate
    from gateway.cli.demo_money import DemoMoney
    from gateway.cli.demo_rooms import DemoRooms
    from gateway.clock import Clock
    from gateway.config import Settings
    from gateway.jobs.folding import Folding

# A run makes its own: one that is written down would be everybody's.
_KEY_NAME, _NO_KEY = "LYCHGATE_KEYS__COOKIE", "any-32-characters-as-nothing-is-signed"
_TELLING = ("leaving", "adopt", "life")  # the jobs of which letters come
_ADVICE = """\
{name} is behind the gateway on {url}  (Ctrl-C stops it)

  the front page, with badges      {url}/
  a public article                 {url}{free}
  one for members                  {url}{registered}
  one for subscribers              {url}{locked}
  one for supporters               {url}{dossier}
  in English                       {url}/en
  every wall, in every state       {url}/-/preview

A wall's button logs you in, at the demo's own provider (one click) or by mail, and then sells to you,
at the demo's own Stripe (one click: no card is asked for its number, and nothing costs anything).
  the plans                        {url}/-/plans      (a code for 20 % off: {code})
  your account                     {url}/-/account
  the mail that it sends           {url}/-/demo/mail
  move the time: renew, fail, end  {url}/-/demo/clock
  Stripe's side: refund, dispute   {stripe}/dashboard
  log out at the provider          {issuer}/
Or at once:
  read as a member                 {url}/-/demo/as/member
  read as a subscriber             {url}/-/demo/as/subscriber
  read as nobody                   {url}/-/demo/as/anonymous
  work as the finance clerk        {url}/-/demo/as/finance?return_to=/-/finance

The paper without the gateway      {origin}
Its rules, checked as yours        {key_name}='["{no_key}"]' lychgate check -c {folder}/lychgate.toml
Its config and policies            {folder}
"""


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0: any.")] = 8000,
    reader: Annotated[
        str, typer.Option("--as", metavar="member|subscriber", help="Read everything as one.")
    ] = "",
    config: ConfigUnread = None,
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
    """Addresses without a slash at the end, and where the paper's files stand."""

    url: str
    origin: str
    issuer: str
    stripe: str
    folder: str


@dataclass(frozen=True, slots=True)
class _Secrets:
    """Of this run alone."""

    cookie: str
    provider: str
    stripe: str
    webhook: str


def _run(taken: socket, beside: socket, *, url: str, origin: str, reader: str) -> None:
    from gateway import demo as paper
    from gateway.app import build
    from gateway.cli import playing
    from gateway.cli.demo_money import DemoMoney, new_secrets
    from gateway.cli.demo_rooms import MAIL_URL, DemoRooms
    from gateway.demo.site import app_factory
    from gateway.demo.stripe.clock import MovableClock
    from gateway.ops import logs
    from gateway.stores.engine import Store
    from gateway.stores.first import make_if_absent
    from gateway.wiring.money import folding

    gc.disable()  # until all is loaded (``playing.play``), as under ``serve``
    folder = Path(paper.__file__).parent
    logs.set_up(process="demo", least=logging.WARNING)
    identity, payments = playing.listener(0), playing.listener(0)
    issuer, stripe = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in (identity, payments))
    places = _Places(url, origin, issuer, stripe, str(folder))
    known = _Secrets(playing.new_key(), playing.new_key(), *new_secrets())
    clock = MovableClock()
    with tempfile.TemporaryDirectory(prefix="lychgate-demo-") as kept:
        settings = _settings(kept, places, known)
        store_url = settings.store.url.get_secret_value()
        make_if_absent(store_url)
        store = Store(store_url)
        money = DemoMoney(
            url=stripe, gateway_url=url, key=known.stripe, secret=known.webhook, clock=clock
        )
        rooms = DemoRooms(
            store=store, issuer=issuer, site_url=url, keys=[known.cookie], money=money, clock=clock
        )
        one = playing.readers_for(policy_of(settings))[reader] if reader else None
        lychgate = build(
            settings,
            clock=clock,
            readers=playing.OneReader(one) if one else None,
            extra=rooms,
            mail_shown_at=MAIL_URL,
        )
        assert lychgate.store is not None
        folds = folding(settings, store=lychgate.store, clock=clock)
        sites = (
            (playing.site_config(app_factory(url=url)), beside),
            (playing.site_config(_provider(places, known.provider, clock)), identity),
            (playing.site_config(money.stand_in, dated=True), payments),
        )
        with asyncio.Runner(loop_factory=lychgate.config.get_loop_factory()) as runner:
            runner.run(
                playing.play(
                    lychgate,
                    taken,
                    beside=sites,
                    furnish=money.open,
                    settle=lambda: _settle(lychgate, money, rooms, folds),
                    working=lambda: _work(settings, lychgate, money, folds),
                    started=lambda: _say(places, reader),
                )
            )
            runner.run(money.stand_in.close())
            runner.run(store.close())


def _say(places: _Places, reader: str) -> None:
    from gateway.cli.demo_money import CODE

    typer.echo(
        _ADVICE.format(
            **asdict(places), code=CODE, key_name=_KEY_NAME, no_key=_NO_KEY, **examples(places.url)
        )
    )
    if reader:
        typer.echo(f"Everything is read as a {reader} (--as).")


async def _settle(lychgate: Lychgate, money: DemoMoney, rooms: DemoRooms, folds: Folding) -> None:
    """Once pages are served: what the gateway does about webhooks, and the first who subscribes."""
    money.fold = folds.fold_due
    money.before = lychgate.sessions.flush_sightings
    money.post = rooms.send_mail
    rooms.heard = lychgate.polling.poll if lychgate.polling else None
    await rooms.furnish()


async def _work(settings: Settings, lychgate: Lychgate, money: DemoMoney, folds: Folding) -> None:
    """What the background process does under ``serve``, until cancelled. Mail is sent when it is
    looked at, and before time moves."""
    from gateway.jobs.folding import EVERY_SECONDS
    from gateway.jobs.periodic import Job, run_all
    from gateway.stores.leases import Leases
    from gateway.wiring.terms import terms_job
    from gateway.wiring.works import works_of_money

    assert lychgate.store is not None
    store, clock = lychgate.store, lychgate.clock
    works = works_of_money(settings, store=store, clock=clock, folds=folds)
    jobs = [Job("fold", EVERY_SECONDS, folds.fold_due), terms_job(settings, store=store)]
    jobs += [job for work in works for job in work.jobs()]
    money.fetch = next(job.work for job in jobs if job.name == "fetch")
    money.tell = tuple(job.work for job in jobs if job.name in _TELLING)
    jobs = [replace(job, work=money.alone(job.work)) for job in jobs]
    try:
        await run_all(jobs, leases=Leases(store), clock=clock)
    finally:
        for work in works:
            await work.close()


def _settings(kept: str, places: _Places, known: _Secrets) -> Settings:
    """The paper's own file, with what only this run knows. ``kept`` goes when the demo ends."""
    from gateway.cli.demo_rooms import PROVIDER
    from gateway.config import load_settings

    provider = {"id": PROVIDER, "name": "Fanal ID", "issuer": places.issuer, "client_id": "fanal"}
    return load_settings(
        Path(places.folder) / "lychgate.toml",
        {
            "LYCHGATE_SITE__URL": places.url,
            "LYCHGATE_SITE__ORIGIN": places.origin,
            "LYCHGATE_SERVER__BIND": places.url.removeprefix("http://"),
            _KEY_NAME: json.dumps([known.cookie]),
            "LYCHGATE_OPS__ACCESS_LOG": "false",
            "LYCHGATE_STORE__URL": f"sqlite:///{kept}/demo.db",
            "LYCHGATE_LOGIN__PROVIDER": json.dumps([{**provider, "client_secret": known.provider}]),
            "LYCHGATE_STRIPE__SECRET_KEY": known.stripe,
            "LYCHGATE_STRIPE__WEBHOOK_SECRETS": json.dumps([known.webhook]),
            "LYCHGATE_STRIPE__API_BASE": places.stripe,
        },
    )


def _provider(places: _Places, secret: str, clock: Clock) -> Any:
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
    return Identity(issuer=places.issuer, client=client, clock=clock.now).application


def examples(url: str) -> dict[str, str]:
    """The paper's name, and the oldest French article of each tier: no rule opens it for its newness."""
    from gateway.clock import SystemClock
    from gateway.demo.edition import NAME, Edition

    articles = Edition(url=url, now=SystemClock().now()).in_language("fr")
    told = {"name": NAME}
    for each in articles:
        told["dossier" if each.path.startswith("/dossiers/") else str(each.tier)] = each.path
    return told
