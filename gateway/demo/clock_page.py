"""The page on which whoever tries the demo moves its time, to see what a subscription becomes."""

from __future__ import annotations

from html import escape

from gateway.demo.edition import day, moment

# A button's value → seconds. A month is long enough to turn any period of one.
STEPS = {"hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 31 * 86_400}

_CSS = """\
:root{color-scheme:light dark}
body{margin:0;background:Canvas;color:CanvasText;font:1.0625rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere;hyphens:auto}
main{box-sizing:border-box;max-width:44rem;margin:0 auto;padding:2rem 1rem}
h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.2}
p{margin:0 0 .75rem}
form{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0}
button{max-width:100%;min-height:2.75rem;padding:.5rem 1rem;border:1px solid;border-radius:.375rem;background:Canvas;color:CanvasText;font:inherit;cursor:pointer}
button:hover{text-decoration:underline}
li{margin:.25rem 0}
a{display:inline-block;min-height:1.5rem;padding:.25rem 0}
"""
_HOUR = {"fr": "%H\u00a0h\u00a0%M", "en": "%H:%M"}
_WORDS = {
    "fr": {
        "title": "L’heure de la démonstration",
        "now": "Pour Le Fanal et pour son prestataire de paiement, nous sommes le {day}, {hour}.",
        "lead": "Avancez l’heure pour voir un abonnement se renouveler, échouer ou s’éteindre. "
        "Elle ne recule pas\u00a0; au prochain démarrage, elle redevient celle de votre machine.",
        "hour": "Une heure plus tard",
        "day": "Un jour plus tard",
        "week": "Une semaine plus tard",
        "month": "Un mois plus tard",
        "dashboard": "Côté prestataire\u00a0: abonnements, cartes refusées, remboursements, litiges",
        "account": "Votre compte",
        "mail": "Les messages envoyés",
        "back": "Retour au journal",
    },
    "en": {
        "title": "The demo’s time",
        "now": "For Le Fanal and for its payment provider it is {day}, {hour}.",
        "lead": "Move it forward to see a subscription renew, fail or end. It doesn’t run back; "
        "at the next start it is your machine’s own again.",
        "hour": "An hour later",
        "day": "A day later",
        "week": "A week later",
        "month": "A month later",
        "dashboard": "The provider’s side: subscriptions, failing cards, refunds, disputes",
        "account": "Your account",
        "mail": "The mail that was sent",
        "back": "Back to the paper",
    },
}


def clock_page(now: float, language: str, *, dashboard: str) -> str:
    """``dashboard`` is the address of the provider's side."""
    say = _WORDS[language]
    told = say["now"].format(day=day(now, language), hour=moment(now).strftime(_HOUR[language]))
    buttons = "".join(f'<button name="step" value="{step}">{say[step]}</button>' for step in STEPS)
    links = "".join(
        f'<li><a href="{escape(place)}">{say[name]}</a></li>'
        for name, place in (
            ("dashboard", dashboard),
            ("account", "/-/account"),
            ("mail", "/-/demo/mail"),
            ("back", "/"),
        )
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{say["title"]}</title>'
        f"<style>{_CSS}</style></head><body><main><h1>{say['title']}</h1>"
        f"<p>{told}</p><p>{say['lead']}</p>"
        f'<form method="post" action="/-/demo/clock">{buttons}</form>'
        f"<ul>{links}</ul></main></body></html>"
    )
