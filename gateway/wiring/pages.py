"""The pages of ours and their rooms' door, the site's own names, and its policies with what is told of a reload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from gateway.config import Settings
from gateway.edge.entrance import Application
from gateway.edge.feed_items import FeedItems
from gateway.edge.help_page import HelpPage
from gateway.edge.ingress import Ingress
from gateway.edge.pages import Pages
from gateway.edge.reserved import Reserved, Room
from gateway.errors import Faults
from gateway.model.fault import Fault
from gateway.ops.logs import logger
from gateway.origin.cache import PageCache
from gateway.page.templates import SiteWords, Templates
from gateway.policy.compile import Policy
from gateway.policy.reload import PolicyHolder
from gateway.stores.engine import Store
from gateway.wiring.holding import Holding


def templates_of(settings: Settings, *, beside_others: bool = False) -> Templates:
    """A process that starts ``beside_others`` of a site that is up speaks in the shipped words rather
    than not at all. Raises Faults."""
    folder = settings.templates.folder
    site = SiteWords(
        name=settings.site.name,
        url=settings.site.url,
        languages=tuple(settings.site.languages),
        terms=settings.site.legal.terms,
        privacy=settings.site.legal.privacy,
        support=settings.site.legal.support,
        sells=settings.stripe is not None,
    )
    try:
        return Templates([folder] if folder else [], site=site)
    except Faults as faulty:
        if not beside_others:
            raise
        told = [str(fault) for fault in faulty.faults]
        logger("lychgate.templates").error("templates-faulty", faults=told)
        return Templates([], site=site)


def adopt_url_of(settings: Settings) -> str:
    """Where pages lead those who pay already; empty where there is nothing to take along."""
    return "/-/adopt" if settings.stripe is not None and settings.mail is not None else ""


def help_page_of(
    settings: Settings,
    *,
    store: Store | None,
    templates: Templates,
    ingress: Ingress,
    pages: Pages,
    policy: Callable[[], Policy],
    forget: Callable[[str], Awaitable[None]],
) -> HelpPage:
    return HelpPage(
        templates=templates,
        failures=pages.failures,
        ingress=ingress,
        pages=pages,
        policy=policy,
        holding=Holding(settings, store=store, templates=templates),
        adopt_url=adopt_url_of(settings),
        forget=forget,
        clock=pages.clock,
    )


def feed_items_of(settings: Settings, hosts: Mapping[bytes, str], *, cache: PageCache) -> FeedItems:
    """``hosts`` as the cache has them. Links may also name the site as its own software knows it."""
    sent = {name.decode(): host for name, host in hosts.items()}
    site = sent[urlsplit(settings.site.url).netloc.lower()]
    inner = (urlsplit(settings.site.origin).netloc, settings.origin.host)
    named = {**{name.lower(): site for name in inner if name}, **sent}
    return FeedItems(cache=cache, hosts=named, site_host=site)


def reserved_of(
    settings: Settings, hosts: Mapping[bytes, str], *, rooms: Sequence[Room], rest: Application
) -> Reserved:
    return Reserved(
        rooms=rooms,
        rest=rest,
        origins=site_origins(settings),
        site_url=settings.site.url,
        host=hosts[urlsplit(settings.site.url).netloc.lower().encode()],
    )


def site_origins(settings: Settings) -> frozenset[bytes]:
    """As browsers name them in ``Origin``: the site's own, under each of its names."""
    parts = urlsplit(settings.site.url)
    names = (parts.netloc, *settings.site.aliases)
    return frozenset(f"{parts.scheme}://{name}".lower().encode() for name in names)


def policies_of(settings: Settings, last_good: Path | None = None) -> PolicyHolder:
    """Raises Faults."""
    return PolicyHolder(
        settings.policies.folder,
        timezone=ZoneInfo(settings.site.timezone),
        kept=last_good,
        told=_reloaded,
    )


def _reloaded(policy: Policy, faults: tuple[Fault, ...]) -> None:
    log = logger("lychgate.policy")
    if faults:
        log.error("policy-faulty", kept=policy.version, faults=[str(fault) for fault in faults])
    else:
        log.info("policy-loaded", version=policy.version, rules=len(policy.rules))
