"""E-mail addresses as people type them: one grammar for all of this gateway. Pure.

Narrower than RFC 5321, 4.1.2, on purpose: addresses are compared to those of the config, and mail is
sent to them, so there must be one way to read each. No quoted local part, comment or address literal.
"""

from __future__ import annotations

import re

CHARACTERS_MAX = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_LOCAL_MAX = 64
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+\Z){_LABEL}", re.ASCII)
# IDNA 2003 and 2008 make two domains of one that holds these (UTS 46, 7: deviation characters).
_AMBIGUOUS = re.compile("[ßẞς\u200c\u200d]")


def address(written: str) -> str:
    """What somebody typed: in lower case, its domain as ``xn--`` where it must be; empty where it
    is no address."""
    trimmed = written.strip(" \t")
    local, _, domain = trimmed.partition("@")
    if len(trimmed) > CHARACTERS_MAX or len(local) > _LOCAL_MAX or not local.isascii():
        return ""
    if not domain.isascii():
        if _AMBIGUOUS.search(domain):
            return ""
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    found = f"{local}@{domain}".lower()
    if not _LOCAL.fullmatch(local.lower()) or not _DOMAIN.fullmatch(domain.lower()):
        return ""
    return found if len(found) <= CHARACTERS_MAX else ""
