"""The pages and mails of taking along what one pays already, in every state, for ``login_samples``."""

from __future__ import annotations

from collections.abc import Iterator

Context = dict[str, object]
_EMAIL = "camille@exemple.example"
_PATH = "/culture/exemple"


def pages() -> Iterator[tuple[str, str, Context]]:
    form: Context = {
        "state": "form",
        "action": "/-/adopt",
        "email": "",
        "seems": False,
        "message": "",
        "minutes": 15,
        "return_to": _PATH,
        "again_url": f"/-/adopt?return_to={_PATH}",
        "demo_mail_url": "",
    }
    yield "adopt", "adopt", form
    yield "adopt-seems", "adopt", {**form, "seems": True, "email": _EMAIL}
    wrong = {"message": "login.mail.bad-address", "email": "camille@exemple"}
    yield "adopt-wrong", "adopt", {**form, **wrong}
    many = {"message": "login-failed.too-many.text", "email": _EMAIL}
    yield "adopt-too-many", "adopt", {**form, **many}
    yield "adopt-sent", "adopt", {**form, "state": "sent"}
    yield "adopt-sent-demo", "adopt", {**form, "state": "sent", "demo_mail_url": "/-/demo/mail"}
    yield "adopt-done", "adopt", {**form, "state": "done"}
    yield "adopt-over", "adopt", {**form, "state": "over", "email": _EMAIL}
    link: Context = {
        "action": "/-/adopt/mine",
        "signed_in": True,
        "who": _EMAIL,
        "login_url": "/-/login?return_to=/-/adopt/mine",
    }
    yield "adopt-link", "adopt-link", link
    yield "adopt-link-signed-out", "adopt-link", {**link, "signed_in": False, "who": ""}


def mails() -> Iterator[tuple[str, str, Context]]:
    link = "https://news.example/-/adopt/cWy0-3kq"
    told: Context = {"link": link, "minutes": 15, "days": 7}
    for kind in ("asked", "invited"):
        yield f"mail-adopt-{kind}", "adopt", {**told, "kind": kind}
