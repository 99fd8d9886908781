"""Where a wall or a page of ours leads: plans, login, account, help, and back to where it stood.

What must not be here: whether there is anything at these addresses, and who follows them.
"""

from __future__ import annotations

import re
from urllib.parse import quote

# A path and query of RFC 3986 characters whose second one isn't a slash: it can't name a host.
_LOCAL_PATH = re.compile(r"/([\w.~!$&'()*+,;=:@%?-][\w.~!$&'()*+,;=:@%?/-]*)?", re.ASCII)


def local(path: str) -> str:
    """``path`` if it can be nothing but one of this site; else nothing."""
    return path if _LOCAL_PATH.fullmatch(path) else ""


def links(return_to: str, language: str, *, back: str = "") -> dict[str, str]:
    """The way on from a page, and back to it, in the language that it speaks. A percent sign in a
    path is encoded again. ``back`` is the path without its fragment."""
    value, spoken = quote(return_to, safe="/"), f"&lang={language}"
    return {
        "plans_url": f"/-/plans?return_to={value}{spoken}",
        "login_url": f"/-/login?return_to={value}{spoken}",
        "register_url": f"/-/login?return_to={value}{spoken}&register=1",
        "account_url": "/-/account",
        "help_url": f"/-/help?from={quote(back or return_to, safe='/')}{spoken}",
    }
