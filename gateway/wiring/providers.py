"""Login providers from the settings: which kind each is, what it is called, how we prove ourselves."""

from __future__ import annotations

from collections.abc import Callable

from gateway.clock import Clock
from gateway.config import Provider as ProviderSettings
from gateway.config import Settings
from gateway.login import apple
from gateway.login.apple import ISSUER as APPLE
from gateway.login.apple import AppleSecret, constant
from gateway.login.client import Client
from gateway.login.plain_oauth import FACEBOOK, GITHUB, Endpoints, PlainOAuth
from gateway.login.provider import OpenIDProvider, Provider
from gateway.login.token_client import SCOPES, Registration

_NAMES = {
    "https://accounts.google.com": "Google",
    APPLE: "Apple",
    "https://github.com": "GitHub",
    "https://www.facebook.com": "Facebook",
    "https://login.microsoftonline.com": "Microsoft",
}
_KINDS = {"https://github.com": "github", "https://www.facebook.com": "facebook"}
_SCOPES = {APPLE: apple.SCOPES}
_PLAIN = {"github": GITHUB, "facebook": FACEBOOK}


def kind_of(told: ProviderSettings) -> str:
    """``openid``, or a plain OAuth 2 kind, by what the config says or the issuer tells."""
    return told.kind or _KINDS.get(told.issuer, "openid")


def provider_of(
    told: ProviderSettings, *, client: Client, clock: Clock, settings: Settings
) -> Provider:
    """A configured provider, by its kind."""
    kind = kind_of(told)
    secret: Callable[[], str] = constant("")
    if told.client_secret is not None:
        secret = constant(told.client_secret.get_secret_value())
    elif told.private_key is not None:
        secret = AppleSecret(
            team_id=told.team_id,
            key_id=told.key_id,
            client_id=told.client_id,
            private_key=told.private_key.get_secret_value(),
            audience=told.issuer,
            clock=clock,
        )
    plain = _PLAIN.get(kind)
    people = people_of(settings)
    registration = Registration(
        id=told.id,
        name=told.name or _name(told),
        issuer=told.issuer,
        client_id=told.client_id,
        secret=secret,
        scopes=told.scopes or (plain.scopes if plain else _SCOPES.get(told.issuer, SCOPES)),
        form_post=(told.response_mode or ("form_post" if told.issuer == APPLE else "query"))
        == "form_post",
        wants_groups=any(each.startswith("group:") for each in people),
        name_posted=apple.name_posted if told.issuer == APPLE else None,
    )
    if plain is None:
        return OpenIDProvider(registration, client=client, clock=clock)
    endpoints = Endpoints(
        told.authorize_url or plain.authorize,
        told.token_url or plain.token,
        told.api_url or plain.api,
        registration.scopes,
        plain.answers_as,
    )
    return PlainOAuth(registration, kind=kind, endpoints=endpoints, client=client)


def _name(told: ProviderSettings) -> str:
    found = next((name for issuer, name in _NAMES.items() if told.issuer.startswith(issuer)), "")
    return found or told.id.replace("-", " ").capitalize()


def people_of(settings: Settings) -> tuple[str, ...]:
    """Everybody whom the config names: addresses and groups."""
    console = settings.console
    return (*settings.newsroom.readers, *console.finance, *console.support, *console.admins)
