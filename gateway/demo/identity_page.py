"""The pages of the demo's identity provider: whom to be, who one is, and good-bye. No script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Protocol
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

_CSS = """\
:root{color-scheme:light dark;--ink:#14212b;--soft:#4a5965;--line:#b9c3ca;--paper:#fff;--sea:#0b5a73}
@media (prefers-color-scheme:dark){
:root{--ink:#eef3f5;--soft:#b4c0c8;--line:#4d5a63;--paper:#10181d;--sea:#8fd3e8}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);
font:1.0625rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{box-sizing:border-box;width:min(27rem,100%);padding:2rem 1.25rem}
.mark{margin:0 0 1.5rem;color:var(--sea);font-weight:600}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.2;text-wrap:balance}
p{margin:0 0 1.5rem}
form{display:grid;gap:.75rem}
button{min-height:3.5rem;padding:.6rem 1rem;border:1px solid var(--line);border-radius:6px;
background:none;color:inherit;font:inherit;text-align:start;cursor:pointer;overflow-wrap:anywhere}
button:hover{border-color:var(--sea)}
button:focus-visible{outline:3px solid var(--sea);outline-offset:2px}
button strong,button span{display:block}
button span{color:var(--soft);font-size:.9375rem}
.quiet{min-height:2.75rem;border-color:transparent;text-align:center;text-decoration:underline}
"""
NAME = "Fanal ID"
_WORDS = {
    "fr": {
        "choose": "Choisissez un lecteur",
        "only": "Ce fournisseur d’identité ne sert qu’à la démonstration\u00a0: un clic suffit.",
        "camille": "un compte gratuit",
        "dominique": "une abonnée",
        "claude": "le service financier",
        "cancel": "Annuler",
        "in": "Vous êtes connecté",
        "as": "En tant que {name}.",
        "out": "Vous n’êtes pas connecté",
        "leave": "Se déconnecter partout",
        "leave?": "Voulez-vous vous déconnecter\u00a0?",
        "left": "Vous êtes déconnecté",
        "close": "Vous pouvez fermer cette page.",
        "refused": "Cette demande n’est pas valable",
        "why": "Ce qui ne va pas\u00a0: {why}.",
    },
    "en": {
        "choose": "Choose a reader",
        "only": "This identity provider is for the demo alone: one click is enough.",
        "camille": "a free account",
        "dominique": "a subscriber",
        "claude": "the finance desk",
        "cancel": "Cancel",
        "in": "You are logged in",
        "as": "As {name}.",
        "out": "You are not logged in",
        "leave": "Log out everywhere",
        "leave?": "Do you want to log out?",
        "left": "You are logged out",
        "close": "You can close this page.",
        "refused": "This request isn’t valid",
        "why": "What is wrong: {why}.",
    },
}


class Shown(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...


def chooser(people: Iterable[Shown], asked: Mapping[str, str], language: str) -> str:
    """``asked`` is the authorization request; it comes back with the choice."""
    words = _WORDS[language]
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    buttons = "".join(
        f'<button name="person" value="{escape(each.key)}"><strong>{escape(each.name)}</strong>'
        f"<span>{words[each.key]}</span><span>{escape(each.email)}</span></button>"
        for each in people
    )
    cancel = f'<button class="quiet" name="cancel" value="1">{words["cancel"]}</button>'
    form = f'<form method="post" action="/choose">{hidden}{buttons}{cancel}</form>'
    return _page(language, "choose", f"<p>{words['only']}</p>{form}")


def account(name: str, language: str) -> str:
    """``name`` is empty where nobody is logged in."""
    if not name:
        return _page(language, "out", "")
    said = _WORDS[language]["as"].format(name=escape(name))
    return _page(language, "in", f"<p>{said}</p>{_leaving(language)}")


def confirm(language: str) -> str:
    return _page(language, "leave?", _leaving(language))


def signed_out(language: str) -> str:
    return _page(language, "left", f"<p>{_WORDS[language]['close']}</p>")


def refused(why: str, language: str) -> str:
    """For what may not be sent on to anybody's address."""
    said = _WORDS[language]["why"].format(why=f"<code>{escape(why)}</code>")
    return _page(language, "refused", f"<p>{said}</p>")


def reply(page: str, status: int = 200, *, leads_to: str = "") -> HTMLResponse:
    """``leads_to``: another site's address that a form on the page ends at."""
    parts = urlsplit(leads_to)
    target = f" {parts.scheme}://{parts.netloc}" if leads_to else ""
    headers = {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
        f" form-action 'self'{target}; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return HTMLResponse(page, status, headers)


def _leaving(language: str) -> str:
    words = _WORDS[language]["leave"]
    return f'<form method="post" action="/leave"><button><strong>{words}</strong></button></form>'


def _page(language: str, title: str, main: str) -> str:
    words = _WORDS[language][title]
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{words} · {NAME}</title><style>{_CSS}</style></head>"
        f'<body><main><p class="mark">{NAME}</p><h1>{words}</h1>{main}</main></body></html>'
    )
