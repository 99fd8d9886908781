"""``check --online``: asks each login provider for its metadata, as logging in will.

By the very check that a login makes (OpenID Connect Discovery 1.0, section 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import typer

from gateway.errors import LoginRefused
from gateway.login.checks import Refusal, check_metadata
from gateway.wiring.providers import kind_of

if TYPE_CHECKING:
    from gateway.config import Provider, Settings

_PATH = "/.well-known/openid-configuration"
_SECONDS = 5.0
_BYTES_MAX = 1 << 20


def ask_providers(settings: Settings) -> bool:
    """Prints a line a provider; whether all answered as they should."""
    if not settings.login.provider:
        typer.echo("No login provider is configured: nothing to ask.")
        return True
    sound = True
    with httpx2.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client:
        for provider in settings.login.provider:
            if kind_of(provider) != "openid":
                typer.echo(f"{provider.id}: plain OAuth 2, which publishes nothing to look at")
                continue
            fault = fault_of(provider, client)
            sound = sound and not fault
            typer.echo(f"{provider.id}: {fault or 'answers'}", err=bool(fault))
    return sound


def fault_of(provider: Provider, client: httpx2.Client) -> str:
    """What is wrong with a provider's metadata; empty where nothing is."""
    try:
        answer = client.get(provider.issuer.rstrip("/") + _PATH)
        if answer.status_code != 200:
            return f"its metadata answers {answer.status_code}"
        if len(answer.content) > _BYTES_MAX:
            return "its metadata is larger than 1 MB"
        told = answer.json()
    except httpx2.HTTPError as error:
        return f"it can't be reached: {type(error).__name__}"
    except ValueError:
        return "its metadata isn't JSON"
    try:
        check_metadata(told, issuer=provider.issuer)
    except LoginRefused as refused:
        if refused.reason == Refusal.METADATA_ISSUER:
            return f"its metadata names another issuer than {provider.issuer}"
        return f"its metadata can't be used: {refused.detail}"
    return ""
