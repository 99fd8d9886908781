"""The one page of the demo's identity provider: whom to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Protocol

_CSS = """\
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText;
font:1.0625rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{box-sizing:border-box;width:min(26rem,100%);padding:2rem 1.25rem}
h1{margin:0 0 .25rem;font-size:1.5rem;line-height:1.2}
p{margin:0 0 1.5rem}
form{display:grid;gap:.75rem}
button{min-height:3.5rem;padding:.6rem 1rem;border:1px solid GrayText;border-radius:6px;
background:none;color:inherit;font:inherit;text-align:start;cursor:pointer}
button:hover{border-color:currentColor}
button:focus-visible{outline:3px solid currentColor;outline-offset:2px}
button strong,button span{display:block}
button span{font-size:.9375rem}
.cancel{min-height:2.75rem;border-color:transparent;text-align:center;text-decoration:underline}
"""

_WORDS = {
    True: (
        "Choisissez un lecteur",
        "Ce fournisseur d’identité ne sert qu’à la démonstration : un clic suffit.",
        {
            "camille": "un compte gratuit",
            "dominique": "une abonnée",
            "claude": "le service financier",
        },
        "Annuler",
    ),
    False: (
        "Choose a reader",
        "This identity provider is for the demo alone: one click is enough.",
        {"camille": "a free account", "dominique": "a subscriber", "claude": "the finance desk"},
        "Cancel",
    ),
}


class Shown(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...


def chooser(people: Iterable[Shown], asked: Mapping[str, str], *, french: bool) -> str:
    """``asked`` is the authorization request; it comes back with the choice."""
    title, text, roles, cancel = _WORDS[french]
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in asked.items()
    )
    buttons = "".join(
        f'<button name="person" value="{each.key}"><strong>{escape(each.name)}</strong>'
        f"<span>{roles[each.key]} · {escape(each.email)}</span></button>"
        for each in people
    )
    cancelling = f'<button class="cancel" name="person" value="">{cancel}</button>'
    form = f'<form method="post" action="/choose">{hidden}{buttons}{cancelling}</form>'
    return _page("fr" if french else "en", title, f"<p>{text}</p>{form}")


def signed_out(issuer: str) -> str:
    return _page("en", "Signed out", f"<p>{issuer}</p>")


def _page(language: str, title: str, main: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_CSS}</style></head>"
        f"<body><main><h1>{title}</h1>{main}</main></body></html>"
    )
