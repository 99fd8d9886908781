"""Where mail is handed over, and whom it comes from."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from gateway.config.values import _ADDRESS, _scheme, _secret

_NAMED_ADDRESS = re.compile(r"(?:[^<>\r\n]*<([^<>\r\n]+)>|([^<>\r\n]+))")


def _sender(value: str) -> str:
    found = _NAMED_ADDRESS.fullmatch(value)
    if found is None or not _ADDRESS.fullmatch((found[1] or found[2]).strip()):
        raise ValueError("a sender is needed, as Le Courrier <bonjour@news.example>")
    return value


def _with_host(value: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(value.get_secret_value())
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise ValueError("a mail server is needed, as smtp://user:password@mail.example:587")
    return value


MailUrl = Annotated[
    SecretStr, BeforeValidator(_secret), _scheme("smtp", "smtps"), AfterValidator(_with_host)
]
Sender = Annotated[str, AfterValidator(_sender)]
