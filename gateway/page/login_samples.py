"""Every page and mail of the login way in every state, for ``samples``."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.page import (
    account_samples,
    adopting_samples,
    finance_samples,
    leaving_samples,
    life_samples,
    plans_samples,
)

_PATH = "/culture/exemple"
LOGIN = f"/-/login?return_to={_PATH}"
_EMAIL = "camille@exemple.example"
_PROVIDERS = [
    {"id": "google", "name": "Google", "url": f"/-/login/google?return_to={_PATH}"},
    {"id": "apple", "name": "Apple", "url": f"/-/login/apple?return_to={_PATH}"},
]
SAID = (
    "cancelled",
    "expired",
    "foreign",
    "provider-down",
    "provider-said-no",
    "unverified-email",
    "refused",
    "taken",
    "too-many",
    "store-down",
    "loop",
)

Context = dict[str, object]


def pages(language: str) -> Iterator[tuple[str, str, Context]]:
    """A state's identity, its page and the context. The first of each page is the usual one."""
    form: Context = {"mail_url": "/-/login/mail", "return_to": _PATH, "message": "", "email": ""}
    both: Context = {"providers": _PROVIDERS, "mail": True, "register": False, **form}
    both |= {"adopt_url": "/-/adopt"}
    yield "login", "login", both
    yield "register", "login", {**both, "register": True}
    yield "login-known", "login", {**both, "who": "Camille Le Goff", "who_email": _EMAIL}
    yield "login-mail", "login", {**both, "providers": []}
    yield "login-providers", "login", {**both, "mail": False}
    wrong = {"message": "login.mail.bad-address", "email": "camille@exemple"}
    yield "login-wrong", "login", {**both, **wrong}
    yield "login-none", "login", {**both, "providers": [], "mail": False}
    sent: Context = {
        "email": _EMAIL,
        "code_url": "/-/login/code",
        "return_to": _PATH,
        "wrong": False,
        "login_url": LOGIN,
        "demo_mail_url": "",
    }
    yield "sent", "login-sent", sent
    yield "sent-wrong", "login-sent", {**sent, "wrong": True}
    yield "sent-demo", "login-sent", {**sent, "demo_mail_url": "/-/demo/mail"}
    yield "sent-unasked", "login-sent", {**sent, "email": ""}
    link: Context = {"action": "/-/login/mail/x", "email": _EMAIL, "return_to": _PATH}
    yield "link", "login-link", {**link, "foreign": False}
    yield "link-foreign", "login-link", {**link, "foreign": True}
    yield from _joins()
    yield from _failures()
    yield "logged-out", "logged-out", {"login_url": LOGIN, "home": "/"}
    yield from account_samples.pages(language)
    yield from plans_samples.pages(language)
    erase: Context = {"action": "/-/account/erase", "account_url": "/-/account"}
    yield "erase", "account-erase", {**erase, "email": _EMAIL}
    yield "erase-plan", "account-erase", {**erase, "email": "", "plan": "Soutien"}
    yield "erase-later", "account-erase", {**erase, "email": _EMAIL, "later": True}
    yield "erased", "account-erased", {"home": "/"}
    yield from adopting_samples.pages()
    yield from leaving_samples.pages(language)
    denied: Context = {"roles": [], "stale": False, "login_url": "/-/login?return_to=/-/finance"}
    denied |= {"needed": ["finance", "admin"]}
    yield "finance-denied", "finance-denied", denied
    yield "finance-denied-support", "finance-denied", {**denied, "roles": ["support"]}
    yield "finance-stale", "finance-denied", {**denied, "roles": ["finance"], "stale": True}


def _joins() -> Iterator[tuple[str, str, Context]]:
    join: Context = {
        "email": _EMAIL,
        "provider": "Google",
        "mailed": True,
        "code_url": "/-/login/code",
        "wrong": False,
        "separate_url": "/-/login/code/apart",
        "ways": [],
        "login_url": LOGIN,
    }
    yield "join", "login-join", join
    yield "join-wrong", "login-join", {**join, "wrong": True}
    without = {"mailed": False, "separate_url": "", "ways": ["Apple"]}
    yield "join-elsewhere", "login-join", {**join, **without}


def _failures() -> Iterator[tuple[str, str, Context]]:
    failed: Context = {
        "provider": "Google",
        "again_url": "/-/login/google?return_to=/",
        "others": _PROVIDERS[1:],
        "mail": True,
        "login_url": LOGIN,
        "help_url": f"/-/help?from={_PATH}",
        "error_id": "5f0c1e9a7b3d2846",
    }
    for said in SAID:
        again = {"again_url": ""} if said == "loop" else {}
        yield f"failed-{said}", "login-failed", {**failed, "said": said, **again}
    mail = {"said": "expired", "provider": "", "again_url": "", "others": _PROVIDERS}
    yield "failed-mail", "login-failed", {**failed, **mail}
    alone = {"said": "provider-down", "others": [], "mail": False}
    yield "failed-alone", "login-failed", {**failed, **alone}


def mails(language: str) -> Iterator[tuple[str, str, Context]]:
    """A state's identity, its mail and the context."""
    link = "https://news.example/-/login/mail/cWy0-3kq"
    told: Context = {"code": "402718", "link": link, "minutes": 15, "email": _EMAIL, "provider": ""}
    yield "mail-login", "login", told
    yield "mail-join", "join", {**told, "link": "", "provider": "Google"}
    happened: Context = {"provider": "Google", "email": _EMAIL}
    for kind in ("new-way", "erased"):
        yield f"mail-{kind}", "notice", {**happened, "kind": kind}
    device = {"kind": "new-device", "device": "Safari · iPhone", "lines": ["France, 11:40"]}
    yield "mail-new-device", "notice", {**happened, **device}
    yield from finance_samples.mails()
    yield from adopting_samples.mails()
    yield from leaving_samples.mails(language)
    yield from life_samples.mails(language)


def helps() -> Iterator[Context]:
    """Whoever asks for help: nobody, a member, a subscriber of another plan, one who must pay."""
    nobody: Context = {
        "signed_in": False,
        "who": "",
        "email": "",
        "held": [],
        "on_hold": False,
        "reason": "account-needed",
        "open": False,
        "adopt_url": "/-/adopt",
        "support": "mailto:lecteurs@exemple.example",
        "error_id": "5f0c1e9a7b3d2846",
    }
    yield nobody
    member = {**nobody, "signed_in": True, "who": "Camille Le Goff", "email": _EMAIL}
    yield {**member, "reason": "subscription-needed"}
    held = [{"plan": "Soutien", "until": "2026-12-23", "mendable": False, "lines": []}]
    yield {**member, "held": held, "reason": "other-tier-needed"}
    yield {**member, "on_hold": True, "reason": "subscription-on-hold"}
