"""``/-/me`` and ``/-/me.js``: who reads, for the site's own header ("Bonjour Ana").

The script is for publishers whose pages are shared; without it nothing is lost. It fills elements
marked ``data-lg-me="name"`` (or ``email``, ``kind``) and shows those marked ``data-lg-for="member"``.
"""

from __future__ import annotations

import json

from gateway.edge.answers import Plain
from gateway.model.reader import Reader

_PRIVATE = ((b"cache-control", b"private, no-store"), (b"vary", b"cookie"))

SCRIPT = b"""\
fetch("/-/me",{credentials:"same-origin"}).then(function(r){return r.json()}).then(function(m){
var d=document,each=function(s,f){Array.prototype.forEach.call(d.querySelectorAll(s),f)};
d.documentElement.setAttribute("data-lg-reader",m.reader);
each("[data-lg-me]",function(e){var v=m[e.getAttribute("data-lg-me")];if(v)e.textContent=v});
each("[data-lg-for]",function(e){
e.hidden=e.getAttribute("data-lg-for").split(" ").indexOf(m.reader)<0});
d.dispatchEvent(new CustomEvent("lychgate",{detail:m}))}).catch(function(){});
"""


def me(reader: Reader, now: float) -> Plain:
    """JSON: ``reader`` is anonymous, member or subscriber; the rest only of somebody."""
    told: dict[str, object] = {"reader": str(reader.kind(now))}
    if reader.id:
        told |= {
            "name": reader.name,
            "email": reader.email,
            "tiers": sorted(reader.tiers(now)),
            "account": "/-/account",
        }
    else:
        told["login"] = "/-/login"
    headers = ((b"content-type", b"application/json; charset=utf-8"), *_PRIVATE)
    return Plain(200, headers, json.dumps(told, ensure_ascii=False).encode())


def script() -> Plain:
    headers = (
        (b"content-type", b"text/javascript; charset=utf-8"),
        (b"cache-control", b"public, max-age=3600"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Plain(200, headers, SCRIPT)
