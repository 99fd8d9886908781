"""The account page in every state, for ``login_samples``. Times are words, as the page is given them."""

from __future__ import annotations

from collections.abc import Iterator

Context = dict[str, object]
_EMAIL = "camille@exemple.example"
_ADD = "/-/login/{}?return_to=/-/account&add=1"
_WORDS = {
    "fr": {
        "plan": "Soutien",
        "day": "23 décembre 2026",
        "since": "2 novembre 2026",
        "next": "Prochain prélèvement\u00a0: 9,90\u00a0€ le 23 décembre 2026",
        "moment": "19 novembre, 08:12",
        "ended": "Votre abonnement Soutien a pris fin le 23 octobre 2026.",
    },
    "en": {
        "plan": "Supporter",
        "day": "23 December 2026",
        "since": "2 November 2026",
        "next": "Next charge: €9.90 on 23 December 2026",
        "moment": "19 November, 08:12",
        "ended": "Your Supporter subscription ended on 23 October 2026.",
    },
}


def pages(language: str) -> Iterator[tuple[str, str, Context]]:
    words = _WORDS.get(language, _WORDS["en"])
    plan = {"plan": words["plan"], "until": words["day"], "mendable": False}
    plan |= {"reference": "sub_1QxYz"}
    full = _full(language, words)
    yield "account", "account", {**full, "subscriptions": [{**plan, "lines": [words["next"]]}]}
    ending = {"subscriptions": [{**plan, "lines": []}], "cancel_url": "", "return_to": "/"}
    yield "account-ending", "account", {**full, **ending, "message": "account.said.last-way"}
    held = [{"plan": words["plan"], "until": "", "mendable": True, "lines": []}]
    yield "account-settle", "account", {**full, "subscriptions": held, "message": ""}
    none: Context = {"subscriptions": [], "cancel_url": "", "message": "", "ended": words["ended"]}
    none |= {"adopt_url": "/-/adopt"}
    yield "account-former", "account", {**full, **none, "roles": ["finance", "support", "admin"]}
    yield "account-free", "account", {**full, **none, "ended": "", **_bare(words)}


def _full(language: str, words: dict[str, str]) -> Context:
    return {
        "reader": {
            "name": "Camille Le Goff",
            "email": _EMAIL,
            "email_verified": True,
            "language": language,
            "member_since": words["since"],
        },
        "manage_url": "/-/portal",
        "cancel_url": "/-/cancel",
        "ways": [
            {"key": "a", "name": "Google", "detail": _EMAIL, "removable": True},
            {"key": "b", "name": "e-mail", "detail": _EMAIL, "removable": True},
        ],
        "add_ways": [
            {"id": "apple", "name": "Apple", "url": _ADD.format("apple")},
            {"id": "facebook", "name": "Facebook", "url": _ADD.format("facebook")},
        ],
        "add_mail": True,
        "mail_url": "/-/login/mail",
        "sessions": [
            _session("a", "Firefox · Linux", "France", "11:40", current=True),
            _session("b", "Safari · iPhone", "", words["moment"]),
            _session("c", "", "203.0.113.*", words["moment"]),
        ],
        "roles": [],
        "message": "account.said.saved",
        "languages": [
            {"code": "fr", "name": "Français", "chosen": language == "fr"},
            {"code": "en", "name": "English", "chosen": language != "fr"},
        ],
        "return_to": "/culture/exemple",
    }


def _bare(words: dict[str, str]) -> Context:
    """Nothing is sold, nothing is told: one way in, one session, one language."""
    return {
        "reader": {
            "name": "",
            "email": "",
            "email_verified": False,
            "language": "",
            "member_since": words["since"],
        },
        "manage_url": "",
        "ways": [{"key": "a", "name": "Google", "detail": "", "removable": False}],
        "add_ways": [],
        "add_mail": False,
        "sessions": [_session("a", "", "", words["moment"], current=True)],
        "languages": [{"code": "fr", "name": "Français", "chosen": True}],
        "return_to": "/",
    }


def _session(
    key: str, device: str, place: str, last_seen: str, *, current: bool = False
) -> Context:
    return {
        "key": key,
        "device": device,
        "place": place,
        "last_seen": last_seen,
        "current": current,
    }
