"""The page on which the demo shows its mail: each letter as a mail program would, the newest first.

A letter stands in a frame where nothing runs; a link in it opens in the page's stead. The page around
it gives the frame its letter's height, for which it must be of the same origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from gateway.model.letter import Letter

_CSS = """\
:root{color-scheme:light dark}
body{margin:0;background:Canvas;color:CanvasText;font:1.0625rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere;hyphens:auto}
main{box-sizing:border-box;max-width:44rem;margin:0 auto;padding:2rem 1rem}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.2}
article{margin:2rem 0 0;padding:1.5rem 0 0;border-top:1px solid GrayText}
h2{margin:0;font-size:1.125rem;line-height:1.3}
p{margin:0 0 .75rem;overflow-wrap:anywhere}
iframe{display:block;box-sizing:border-box;width:100%;height:34rem;border:1px solid GrayText;background:Canvas}
a,summary{display:inline-block;min-height:1.5rem;padding:.6rem 0}
summary{display:list-item;cursor:pointer}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
"""
_FITTING = """\
for (const frame of document.querySelectorAll("iframe")) {
  const fit = () => {
    const page = frame.contentDocument.documentElement;
    if (!page) return;
    frame.style.height = "0";
    frame.style.height = page.scrollHeight + 2 + "px";
  };
  frame.addEventListener("load", fit);
  // As wide as the frame, and its height isn't the frame's.
  new ResizeObserver(() => requestAnimationFrame(fit)).observe(frame.previousElementSibling);
}
"""
_WORDS = {
    "fr": (
        "Courrier de la démonstration",
        "Rien n’est envoyé\u00a0: ce qui partirait par e-mail se lit ici.",
        "Aucun message pour l’instant.",
        "À\u00a0: {to}",
        "En texte seul",
        "Retour au journal",
    ),
    "en": (
        "The demo’s mail",
        "Nothing is sent: what would go out by e-mail is read here.",
        "No message yet.",
        "To: {to}",
        "As plain text",
        "Back to the paper",
    ),
}


def mail_page(letters: Iterable[tuple[str, Letter]], language: str) -> str:
    """Each letter with the address that it goes to."""
    title, lead, none, to, plain, back = _WORDS[language]
    shown = "".join(
        f"<article><h2>{escape(letter.subject)}</h2><p>{to.format(to=escape(address))}</p>"
        f'<iframe sandbox="allow-same-origin allow-top-navigation-by-user-activation"'
        f' title="{escape(letter.subject)}" srcdoc="{escape(_in_top(letter.html))}"></iframe>'
        f"<details><summary>{plain}</summary><pre>{escape(letter.text)}</pre></details></article>"
        for address, letter in letters
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{_CSS}</style></head>'
        f"<body><main><h1>{title}</h1><p>{lead}</p>{shown or f'<p>{none}</p>'}"
        f'<p><a href="/">{back}</a></p></main><script>{_FITTING}</script></body></html>'
    )


def _in_top(page: str) -> str:
    """A link in a framed letter opens where the letter stands."""
    return page.replace("<head>", '<head><base target="_top">', 1)
