"""Where a reader goes after logging in: a place on the site, or the front page.

Pure. The grammar says what is let through; what isn't in it is not repaired but given up, for
browsers, proxies and origins each repair in their own way. It is that of ``edge/target``'s canonical
form, narrower: a path of whole segments, a query, a fragment, ASCII only (RFC 3986, 3.3 to 3.5).
This file must not know of requests, forms or logins.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

LENGTH_MAX = 1500
FRONT_PAGE = "/"

_CHARACTER = r"A-Za-z0-9._~!$&'()*+,;=:@\-"
# An escape in a path spells neither a control nor a dot, nor what a server could take for a
# delimiter once it is decoded (`/` `\`).
_ESCAPE = r"%(?![01]|2[EeFf]|5[Cc]|7[Ff])[0-9A-Fa-f]{2}"
# A segment isn't empty and isn't `.` or `..`, parameters behind it or not: `/a/..;x/b`.
_SEGMENT = rf"/(?!\.{{1,2}}(?:[/;?#]|%3[Bb]|\Z))(?:[{_CHARACTER}]|{_ESCAPE})+"
# Browsers send brackets, braces, bars and carets of a query as they were typed (`?a[]=1`).
_LOOSE = rf"(?:[{_CHARACTER}/?\[\]{{}}|^]|%[0-9A-Fa-f]{{2}})*"
_LOCAL = re.compile(rf"(?P<path>(?:{_SEGMENT})+/?|/)(?:\?{_LOOSE})?(?:#{_LOOSE})?")
# Some decode again what they decoded; IIS and others also read %uXXXX.
_ENCODED_TWICE = re.compile(r"%(?:[0-9A-Fa-f]{2}|[Uu])")
# Coming from a login, these would lead to the next one, or out again.
_LOOP = re.compile(r"/-(?:;[^/]*)?/log(?:in|out)", re.IGNORECASE)


def return_to(written: str, *, site_url: str) -> str:
    """``written`` as path, query and fragment, safe in a Location header; ``/`` where it isn't.

    ``site_url`` has no slash at its end. An absolute URL is taken only where it begins with
    ``site_url`` and a slash, character by character.
    """
    local = written.removeprefix(site_url)
    if len(written) > LENGTH_MAX:
        return FRONT_PAGE
    found = _LOCAL.fullmatch(local)
    if found is None:
        return FRONT_PAGE
    try:
        path = unquote(found["path"], errors="strict")
    except UnicodeDecodeError:
        return FRONT_PAGE
    return FRONT_PAGE if _ENCODED_TWICE.search(path) or _LOOP.match(path) else local
