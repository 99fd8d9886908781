"""``lychgate check``: every fault of config, policies, policy tables and templates, in one run.

``--live`` then samples the site as the gateway would see it. Exit 1 for any fault.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, Config, policy_of, settings_of
from gateway.errors import Faults
from gateway.model.fault import Fault, Place
from gateway.model.rule import LabelKind

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.page.templates import Templates


def check(
    config: Config = DEFAULT,
    live: Annotated[
        bool, typer.Option("--live", help="Also sample the pages of the site's sitemap.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the login providers and Stripe.")
    ] = False,
) -> None:
    """Find every fault of config and policies."""
    settings = _settings(config)
    faults = [fault for find in _FINDERS for fault in find(settings)]
    for fault in faults:
        print(fault, file=sys.stderr)
    for doubt in doubts(settings):
        typer.echo(f"warning: {doubt}", err=True)
    failed = bool(faults)
    if not faults:
        _say_what_stands(settings)
    if live and not faults:
        from gateway.cli.live import sample

        failed |= not sample(settings)
    if online:
        from gateway.cli.online import ask_providers

        failed |= not ask_providers(settings)
        if settings.stripe is not None:
            from gateway.cli.online_stripe import ask_stripe

            failed |= not ask_stripe(settings)
    if failed:
        raise typer.Exit(1)


def _settings(config: Path) -> Settings:
    """Raises Faults: those of the config, and those of the policies beside it too."""
    try:
        return settings_of(config)
    except Faults as found:
        raise Faults((*found.faults, *_of_policies_beside(config))) from None


def _of_policies_beside(config: Path) -> tuple[Fault, ...]:
    from gateway.config import policies_folder
    from gateway.policy.compile import compile_policy
    from gateway.policy.load import load

    try:
        folder = policies_folder(config)
    except Faults:
        return ()  # named already
    try:
        compile_policy(load(folder))
    except Faults as found:
        return found.faults
    return ()


def doubts(settings: Settings) -> Iterator[str]:
    """What is most likely a slip, and may be meant."""
    if settings.stripe is not None and settings.plan and not settings.stripe.automatic_tax:
        yield (
            "[stripe] automatic_tax is off and no tax rate is named: readers pay the bare price, so "
            "its prices must have their tax included"
        )
    yield from _unopened(settings)
    try:
        silent = _templates(settings).without_texts()
    except Faults:
        return  # named already
    for language in silent:
        yield (
            f"[site] languages names {language}, which has no texts: our pages speak another of them "
            f"instead, until templates.folder has a locale/{language}.json"
        )


def _unopened(settings: Settings) -> Iterator[str]:
    """Tiers that nobody can buy: most likely a slip, though an operator may grant them."""
    opened = {tier for plan in settings.plan for tier in plan.tiers}
    try:
        policy = policy_of(settings)
    except Faults:
        return  # named already
    if not opened:
        return
    named = [
        (f"{rule.place}: rule `{rule.name}`", rule.access.tiers)
        for rule in policy.rules
        if rule.access is not None
    ]
    named += [
        (f"label `{label.kind}: {label.name}`, word `{word}`", access.tiers)
        for label in policy.settings.labels
        for word, access in label.map
    ]
    for where, tiers in named:
        for tier in sorted(tiers):
            if tier not in opened:
                yield (
                    f"{where}: no plan opens the tier `{tier}`; plans open: "
                    f"{', '.join(sorted(opened))}"
                )


def _of_policies(settings: Settings) -> tuple[Fault, ...]:
    from gateway.policy.tables import check_tables

    try:
        policy = policy_of(settings)
    except Faults as found:
        return found.faults
    return check_tables(policy, settings.policies.folder)


def _of_templates(settings: Settings) -> tuple[Fault, ...]:
    try:
        return _templates(settings).check()
    except Faults as found:
        return found.faults


def _templates(settings: Settings) -> Templates:
    """Raises Faults."""
    from gateway.page.templates import SiteWords, Templates

    site = settings.site
    words = SiteWords(
        name=site.name,
        url=site.url,
        languages=site.languages,
        terms=site.legal.terms,
        privacy=site.legal.privacy,
        support=site.legal.support,
    )
    folder = settings.templates.folder
    return Templates([folder] if folder is not None else [], site=words)


def _of_selectors(settings: Settings) -> tuple[Fault, ...]:
    """Selectors that no page can match, for they can't be read. Their place is where they stand."""
    from gateway.page.places import readable

    try:
        told = policy_of(settings).settings
    except Faults:
        return ()  # named already
    teaser = told.teaser
    written = {*teaser.body, *teaser.root, *teaser.chrome, *told.remove}
    written |= {each.css for each in told.replace}
    written |= {each.name for each in told.labels if each.kind is LabelKind.CSS}
    folder = settings.policies.folder
    return tuple(
        Fault(_place_of(each, folder), f"`{each}` is no CSS selector that can be read")
        for each in sorted(written)
        if not readable(each)
    )


def _place_of(text: str, folder: Path) -> Place:
    for path in sorted(folder.glob("*.yaml")):
        before, found, _ = path.read_text("utf-8", "replace").partition(text)
        if found:
            line = before.count("\n") + 1
            return Place(str(path), line, len(before) - before.rfind("\n"))
    return Place(str(folder))


def _of_dropped_prices(settings: Settings) -> tuple[Fault, ...]:
    """Prices in no plan any more, though somebody pays for them. The store knows who does, and where
    there is none to ask, nobody."""
    if settings.stripe is None:
        return ()
    from gateway.errors import StoreUnavailable
    from gateway.money.dropping import refuse_dropped
    from gateway.stores.engine import Store
    from gateway.stores.ledger import Ledger
    from gateway.stores.migrating import State, schema_state

    named = {price for plan in settings.plan for price in plan.prices}
    named |= set(settings.stripe.dropped_prices)
    url = settings.store.url.get_secret_value()

    async def look() -> None:
        store = Store(url)
        try:
            await refuse_dropped(Ledger(store), named)
        finally:
            await store.close()

    try:
        if schema_state(url) is State.CURRENT:
            asyncio.run(look())
    except StoreUnavailable:
        return ()
    except Faults as found:
        return found.faults
    return ()


_FINDERS: tuple[Callable[[Settings], tuple[Fault, ...]], ...] = (
    _of_policies,
    _of_selectors,
    _of_templates,
    _of_dropped_prices,
)


def _say_what_stands(settings: Settings) -> None:
    policy = policy_of(settings)
    own = len(policy.source.own)
    typer.echo(
        f"{settings.site.url} in front of {settings.site.origin}: no fault. "
        f"{own} {'rule' if own == 1 else 'rules'} of its own and "
        f"{len(policy.rules) - own} of packs, policy {policy.version}, "
        f"mode {settings.policies.mode}."
    )
