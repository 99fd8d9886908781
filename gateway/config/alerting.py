"""The values of ``[alerts]``: an address that gets mail, and a webhook whose URL is a secret."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr

from gateway.config.values import _ADDRESS, _api_base, _secret


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("an e-mail address is needed")
    return value.lower()


def _webhook(value: SecretStr) -> SecretStr:
    """https, or http on loopback. A fault never repeats it: whoever knows the URL can write there."""
    url, _, query = value.get_secret_value().partition("?")
    del query
    try:
        _api_base(url)
    except ValueError:
        raise ValueError("a URL is needed, https://…") from None
    if not url:
        raise ValueError("a URL is needed, https://…")
    return value


Address = Annotated[str, AfterValidator(_address)]
Webhook = Annotated[SecretStr, BeforeValidator(_secret), AfterValidator(_webhook)]
