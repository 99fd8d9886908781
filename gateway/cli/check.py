"""``lychgate check``: every fault of config, policies, policy tables and templates, in one run.

``--live`` then samples the site as the gateway would see it. Exit 1 for any fault.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT, Config, policy_of, settings_of
from gateway.errors import Faults

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.model.fault import Fault


def check(
    config: Config = DEFAULT,
    live: Annotated[
        bool, typer.Option("--live", help="Also sample the pages of the site's sitemap.")
    ] = False,
    online: Annotated[bool, typer.Option("--online", help="Also ask the login providers.")] = False,
) -> None:
    """Find every fault of config and policies."""
    settings = settings_of(config)
    faults = [fault for find in _FINDERS for fault in find(settings)]
    for fault in faults:
        print(fault, file=sys.stderr)
    failed = bool(faults)
    if not faults:
        _say_what_stands(settings)
    if live and not faults:
        from gateway.cli.live import sample

        failed |= not sample(settings)
    if online:
        from gateway.cli.online import ask_providers

        failed |= not ask_providers(settings)
    if failed:
        raise typer.Exit(1)


def _of_policies(settings: Settings) -> tuple[Fault, ...]:
    from gateway.policy.tables import check_tables

    try:
        policy = policy_of(settings)
    except Faults as found:
        return found.faults
    return check_tables(policy, settings.policies.folder)


def _of_templates(settings: Settings) -> tuple[Fault, ...]:
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
    try:
        return Templates([folder] if folder is not None else [], site=words).check()
    except Faults as found:
        return found.faults


def _of_addresses(settings: Settings) -> tuple[Fault, ...]:
    """Where a gateway would ask itself for ever."""
    from gateway.model.fault import Fault, Place

    if settings.site.origin == settings.site.url:
        return (Fault(Place("site.origin"), "the origin's address is the site's own"),)
    return ()


_FINDERS: tuple[Callable[[Settings], tuple[Fault, ...]], ...] = (
    _of_policies,
    _of_templates,
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
