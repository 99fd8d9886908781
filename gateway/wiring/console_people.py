"""The console's pages of one thing each put together: an entry, a reader, an explanation; and the log of
who looked at them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from gateway.config import Settings
from gateway.console.acting import Acting
from gateway.console.audit_pages import AuditPages
from gateway.console.dashboard import Dashboard
from gateway.console.entries import EntryPages
from gateway.console.explain import Asking
from gateway.console.explaining import Explaining
from gateway.console.frame import Action
from gateway.console.reader_acts import Mails, ReaderActs
from gateway.console.readers import ReaderPages
from gateway.console.site_pages import SitePages
from gateway.money.stripe_api.customers import Customers
from gateway.money.stripe_api.door import Door
from gateway.money.stripe_api.objects import Objects
from gateway.rooms.pages import Drawing
from gateway.stores.accounts import Accounts
from gateway.stores.audit import Audit
from gateway.stores.engine import Store
from gateway.stores.handling import HandlingOf
from gateway.stores.ledger import Ledger
from gateway.stores.ledger_work import LedgerWork
from gateway.stores.merging import Directory
from gateway.stores.openings import Openings
from gateway.stores.payloads import Payloads
from gateway.stores.readers import customer_known, readers_with
from gateway.wiring.journal import journal_of
from gateway.wiring.money import mode_of


def people_actions(
    settings: Settings,
    *,
    store: Store,
    door: Door | None,
    asking: Callable[[], Asking],
    mails: Mails | None,
    drawing: Drawing,
    purge: Callable[[str], Awaitable[None]],
) -> tuple[Action, ...]:
    """``door`` and ``mails``: None where there is no Stripe, or no mail server."""
    ledger, directory, journal = Ledger(store), Directory(store), journal_of(settings, store)
    acting = Acting(ledger=ledger, handlings=HandlingOf(store))
    tiers = partial(_tiers, settings, asking)
    entries = EntryPages(
        ledger=ledger,
        work=LedgerWork(store),
        payloads=Payloads(store),
        handlings=HandlingOf(store),
        acting=acting,
        stripe=Objects(door) if door is not None else None,
        dashboard=_dashboard(settings),
    )
    readers = ReaderPages(
        accounts=Accounts(store),
        directory=directory,
        ledger=ledger,
        work=LedgerWork(store),
        payloads=Payloads(store),
        journal=journal,
        dashboard=_dashboard(settings),
        tiers=tiers,
        mails=mails is not None,
        slack_hours=settings.stripe.renewal_slack_hours if settings.stripe is not None else 0,
    )
    acts = ReaderActs(
        accounts=Accounts(store),
        directory=directory,
        ledger=ledger,
        bindings=journal,
        known=partial(customer_known, store),
        acting=acting,
        stripe=Customers(door) if door is not None else None,
        mails=mails,
        tiers=tiers,
    )
    explaining = Explaining(
        asking=asking,
        readers_with=partial(readers_with, store),
        site_url=settings.site.url,
        planned=_planned(settings),
    )
    log = AuditPages(log=Audit(store), drawing=drawing)
    site = SitePages(
        asking=asking,
        openings=Openings(store),
        purge=purge,
        site_url=settings.site.url,
    )
    rooms = (entries, readers, acts, explaining, site, log)
    return tuple(action for room in rooms for action in room.actions())


def _tiers(settings: Settings, asking: Callable[[], Asking]) -> frozenset[str]:
    """A tier is known when a plan or a rule names it."""
    rules = asking().policy().rules
    ruled = {tier for rule in rules if rule.access is not None for tier in rule.access.tiers}
    return _planned(settings) | ruled


def _planned(settings: Settings) -> frozenset[str]:
    return frozenset(tier for plan in settings.plan for tier in plan.tiers)


def _dashboard(settings: Settings) -> Dashboard:
    """A stand-in for Stripe has no dashboard of Stripe's, and pages of its own for payers."""
    if settings.stripe is None:
        return Dashboard(base="")
    livemode = mode_of(settings).get("livemode")
    if settings.stripe.api_base:
        return Dashboard(base="", livemode=livemode, hosts=(f"{settings.stripe.api_base}/",))
    return Dashboard(livemode=livemode)
