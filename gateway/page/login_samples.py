"""Every page and mail of the login way in every state, for ``samples``."""

from __future__ import annotations

from collections.abc import Iterator

_PATH = "/culture/exemple"
_LOGIN = f"/-/login?return_to={_PATH}"
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


def pages() -> Iterator[tuple[str, str, Context]]:
    """A state's identity, its page and the context. The first of each page is the usual one."""
    form: Context = {"mail_url": "/-/login/mail", "return_to": _PATH, "message": "", "email": ""}
    both: Context = {"providers": _PROVIDERS, "mail": True, "register": False, **form}
    yield "login", "login", both
    yield "register", "login", {**both, "register": True}
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
        "login_url": _LOGIN,
        "demo_mail_url": "",
    }
    yield "sent", "login-sent", sent
    yield "sent-wrong", "login-sent", {**sent, "wrong": True}
    yield "sent-demo", "login-sent", {**sent, "demo_mail_url": "/-/demo/mail"}
    link: Context = {"action": "/-/login/mail/x", "email": _EMAIL, "return_to": _PATH}
    yield "link", "login-link", {**link, "foreign": False}
    yield "link-foreign", "login-link", {**link, "foreign": True}
    yield from _joins()
    yield from _failures()
    yield "logged-out", "logged-out", {"login_url": _LOGIN, "home": "/"}
    yield from _accounts()
    erase: Context = {"action": "/-/account/erase", "account_url": "/-/account"}
    yield "erase", "account-erase", {**erase, "email": _EMAIL}


def _joins() -> Iterator[tuple[str, str, Context]]:
    join: Context = {
        "email": _EMAIL,
        "provider": "Google",
        "mailed": True,
        "code_url": "/-/login/code",
        "wrong": False,
        "separate_url": "/-/login/code/apart",
        "ways": [],
        "login_url": _LOGIN,
    }
    yield "join", "login-join", join
    yield "join-wrong", "login-join", {**join, "wrong": True}
    without = {"mailed": False, "separate_url": "", "ways": ["Apple"]}
    yield "join-elsewhere", "login-join", {**join, **without}


def _failures() -> Iterator[tuple[str, str, Context]]:
    for said in SAID:
        yield (
            f"failed-{said}",
            "login-failed",
            {
                "said": said,
                "provider": "Google",
                "again_url": "" if said == "loop" else "/-/login/google?return_to=/",
                "others": _PROVIDERS[1:],
                "mail": True,
                "login_url": _LOGIN,
                "help_url": f"/-/help?from={_PATH}",
                "error_id": "5f0c1e9a7b3d2846",
            },
        )


def _accounts() -> Iterator[tuple[str, str, Context]]:
    reader = {
        "name": "Camille Le Goff",
        "email": _EMAIL,
        "email_verified": True,
        "language": "fr",
        "member_since": "2026-11-02",
    }
    sessions = [
        {"key": "a", "device": "Firefox · Linux", "place": "France", "last_seen": "11:40"},
        {"key": "b", "device": "Safari · iPhone", "place": "", "last_seen": "2026-11-19 08:12"},
    ]
    full: Context = {
        "reader": reader,
        "subscriptions": [
            {"plan": "Soutien", "until": "2026-12-23", "mendable": False, "lines": ["9,90 €"]}
        ],
        "manage_url": "/-/portal",
        "cancel_url": "/-/cancel",
        "ways": [
            {"key": "a", "name": "Google", "detail": _EMAIL, "removable": True},
            {"key": "b", "name": "e-mail", "detail": _EMAIL, "removable": True},
        ],
        "add_ways": _PROVIDERS[1:],
        "add_mail": True,
        "mail_url": "/-/login/mail",
        "sessions": [{**each, "current": n == 0} for n, each in enumerate(sessions)],
        "roles": ["finance"],
        "message": "account.said.saved",
        "languages": [
            {"code": "fr", "name": "Français", "chosen": True},
            {"code": "en", "name": "English", "chosen": False},
        ],
        "return_to": _PATH,
    }
    yield "account", "account", full
    bare = {"name": "", "email": "", "email_verified": False, "language": "", "member_since": "x"}
    free: Context = {
        "reader": bare,
        "subscriptions": [],
        "manage_url": "",
        "cancel_url": "",
        "ways": [{"key": "a", "name": "Google", "detail": "", "removable": False}],
        "add_ways": [],
        "add_mail": False,
        "sessions": [{**sessions[0], "device": "", "current": True}],
        "roles": [],
        "message": "",
        "languages": [{"code": "fr", "name": "Français", "chosen": True}],
        "return_to": "/",
    }
    yield "account-free", "account", {**full, **free}
    held = [{"plan": "Soutien", "until": "", "mendable": True, "lines": []}]
    yield "account-settle", "account", {**full, "subscriptions": held}


def mails() -> Iterator[tuple[str, str, Context]]:
    """A state's identity, its mail and the context."""
    link = "https://news.example/-/login/mail/cWy0-3kq"
    told: Context = {"code": "402718", "link": link, "minutes": 15, "email": _EMAIL, "provider": ""}
    yield "mail-login", "login", told
    yield "mail-join", "join", {**told, "link": "", "provider": "Google"}
    for kind in ("new-way", "erased"):
        yield f"mail-{kind}", "notice", {"kind": kind, "provider": "Google", "email": _EMAIL}
