"""The pages and mails of leaving in every state, for ``login_samples``. Times are words."""

from __future__ import annotations

from collections.abc import Iterator

Context = dict[str, object]
_EMAIL = "camille@exemple.example"
_WORDS = {
    "fr": {
        "plan": "Soutien",
        "paid": "23 décembre 2026",
        "made": "23 novembre 2026",
        "until": "7 décembre 2026",
        "asked": "27 novembre 2026 à 18\u00a0h\u00a040\u00a0min\u00a012\u00a0s (heure de Paris, UTC+1)",
        "reason": "Je déménage.",
        "money": "9,90\u00a0€",
    },
    "en": {
        "plan": "Supporter",
        "paid": "23 December 2026",
        "made": "23 November 2026",
        "until": "7 December 2026",
        "asked": "27 November 2026 at 18:40:12 (Paris time, UTC+1)",
        "reason": "I am moving.",
        "money": "€9.90",
    },
}
RESULTS = (
    "ending",
    "ended",
    "already",
    "withdrawn",
    "withdrawn-free",
    "withdrawn-before",
    "withdrawn-rest",
    "withdrawn-hand",
    "too-late",
    "refused",
    "nothing",
)


def pages(language: str) -> Iterator[tuple[str, str, Context]]:
    words = _WORDS.get(language, _WORDS["en"])
    for way in ("cancel", "withdraw"):
        yield from _forms(way, words)
        yield from _recaps(way, words)
        told = _told(way, words)
        done: Context = {**told, "mails": True, "hours": 72, "outcomes": []}
        yield f"{way}-sent", "leaving-done", {**done, "state": "sent"}
        yield f"{way}-received", "leaving-done", {**done, "state": "received"}
    for result in RESULTS:
        way = "withdraw" if result.startswith(("withdrawn", "too-late")) else "cancel"
        done = {**_told(way, words), "mails": result != "ended", "hours": 72, "state": "done"}
        yield f"left-{result}", "leaving-done", {**done, "outcomes": [_outcome(result, words)]}
    for said in ("over", "too-many", "store-down"):
        failed: Context = {"said": said, "way": "cancel", "form_url": "/-/cancel"}
        yield f"leaving-{said}", "leaving-failed", failed


def _forms(way: str, words: dict[str, str]) -> Iterator[tuple[str, str, Context]]:
    other = "/-/cancel" if way == "withdraw" else "/-/withdraw"
    form: Context = {
        "way": way,
        "action": f"/-/{way}",
        "other_url": other,
        "signed_in": False,
        "choices": [],
        "others": [],
        "chosen": "",
        "who": "",
        "email": "",
        "reference": "",
        "wished": "",
        "reason": "",
        "first_day": "2026-11-27",
        "last_day": "2027-11-28",
        "message": "",
        "mails": True,
        "login_url": f"/-/login?return_to=/-/{way}",
    }
    yield way, "leaving", form
    typed = {"who": "Camille Le Goff", "email": "camille@exemple", "reference": "sub_1QxYz"}
    yield f"{way}-wrong", "leaving", {**form, **typed, "message": "leaving.bad-address"}
    yield f"{way}-nameless", "leaving", {**form, "message": "leaving.no-name"}
    yield f"{way}-no-mail", "leaving", {**form, "mails": False}
    own: Context = {**form, "signed_in": True, "who": "Camille Le Goff", "email": _EMAIL}
    one = _choice(words)
    yield f"{way}-own", "leaving", {**own, "choices": [one]}
    two = {**one, "id": "sub_1QzTwo", "made": words["until"]}
    day = {"chosen": "sub_1QzTwo"}
    if way == "cancel":
        day |= {"message": "leaving.bad-day", "wished": "2020-01-01"}
    yield f"{way}-own-two", "leaving", {**own, "choices": [one, two], **day}
    left = {**one, "leaving": words["paid"]}
    yield f"{way}-own-left", "leaving", {**own, "others": [left]}
    yield f"{way}-own-over", "leaving", {**own, "others": [{**left, "over": True}]}
    yield f"{way}-own-none", "leaving", {**own, "email": ""}


def _recaps(way: str, words: dict[str, str]) -> Iterator[tuple[str, str, Context]]:
    recap: Context = {
        **_told(way, words),
        "action": f"/-/{way}/x",
        "form_url": f"/-/{way}",
        "wished_day": "",
        "subscription": "sub_1QxYz",
        "later": False,
        "outcomes": [],
    }
    can = {**_choice(words), "can": True}
    yield f"{way}-recap", "leaving-recap", {**recap, "choices": [can]}
    cannot = {**can, "can": False, "leaving": words["paid"]}
    yield f"{way}-recap-not", "leaving-recap", {**recap, "choices": [cannot]}
    two = [can, {**can, "id": "sub_1QzTwo", "open": False}, {**cannot, "over": True}]
    yield f"{way}-recap-two", "leaving-recap", {**recap, "choices": two, "subscription": ""}
    yield f"{way}-recap-unknown", "leaving-recap", {**recap, "choices": [], "subscription": ""}
    if way == "cancel":
        yield "cancel-recap-trial", "leaving-recap", {**recap, "choices": [{**can, "trial": True}]}
        wish: Context = {**recap, "choices": [can], "wished": words["until"]}
        yield "cancel-recap-sooner", "leaving-recap", {**wish, "wished_day": "2026-12-07"}
        yield "cancel-recap-later", "leaving-recap", {**wish, "later": True}


def _choice(words: dict[str, str]) -> Context:
    return {
        "id": "sub_1QxYz",
        "plan": words["plan"],
        "paid_until": words["paid"],
        "open": True,
        "trial": False,
        "over": False,
        "leaving": "",
        "made": words["made"],
        "withdraw_until": words["until"],
    }


def _told(way: str, words: dict[str, str]) -> Context:
    return {
        "number": "5f0c1e9a7b3d2846",
        "way": way,
        "who": "Camille Le Goff",
        "email": _EMAIL,
        "reference": "sub_1QxYz",
        "wished": "",
        "reason": "",
        "asked": words["asked"],
    }


def _outcome(result: str, words: dict[str, str]) -> Context:
    found = result != "nothing"
    return {
        "result": result,
        "plan": words["plan"] if found else "",
        "reference": "sub_1QxYz" if found else "",
        "day": words["until"] if result == "too-late" else words["paid"],
        "money": words["money"] if result in ("withdrawn", "withdrawn-rest") else "",
        "rest": words["money"] if result in ("withdrawn-rest", "withdrawn-hand") else "",
    }


def mails(language: str) -> Iterator[tuple[str, str, Context]]:
    words = _WORDS.get(language, _WORDS["en"])
    for kind in ("cancel", "withdraw"):
        told = {**_told(kind, words), "reason": words["reason"], "outcomes": []}
        del told["way"]
        said: Context = {**told, "kind": kind}
        link = f"https://news.example/-/{kind}/cWy0-3kq"
        bare = {"who": "", "reference": "", "reason": ""}
        yield f"mail-{kind}-link", "leaving-link", {**said, **bare, "link": link, "hours": 72}
        yield f"mail-{kind}-received", "leaving-receipt", said
        result = "ending" if kind == "cancel" else "withdrawn"
        done = {**said, "outcomes": [_outcome(result, words)], "wished": words["paid"]}
        yield f"mail-{kind}-done", "leaving-receipt", done
    yield "mail-left-hand", "leaving-hand", {**said, "outcomes": [_outcome("refused", words)]}
    nothing = {**said, "who": "", "reason": "", "outcomes": [_outcome("nothing", words)]}
    yield "mail-left-nothing", "leaving-receipt", nothing
