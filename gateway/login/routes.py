"""The addresses of the login way, and the road that answers each. A door to Starlette."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.routing import Router

from gateway.errors import RequestRefused
from gateway.login.account import AccountPages
from gateway.login.front import Front
from gateway.login.leaving import Leaving
from gateway.login.mailed_link import MailedLink
from gateway.rooms.asking import Ask, Reply, see_other
from gateway.rooms.routes import Doorway, Road, missing

_MAIL_OFF = "no-mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """``mailed`` is None where no mail is set up."""

    front: Front
    mailed: MailedLink | None
    account: AccountPages
    leaving: Leaving


def router(roads: Roads, door: Doorway) -> Router:
    front, mailed = roads.front, roads.mailed
    account, leaving = roads.account, roads.leaving
    routes = [
        door.route("/-/login", front.choose),
        door.route("/-/login/mail", _to_login),
        door.route("/-/login/mail", _mail(mailed.ask_for if mailed else None), "POST"),
        door.route("/-/login/code", _mail(mailed.code if mailed else None)),
        door.route("/-/login/code", _mail(mailed.type_code if mailed else None), "POST"),
        door.route("/-/login/code/apart", _mail(mailed.apart if mailed else None), "POST"),
        door.named("/-/login/mail/{name}", mailed.look if mailed else _no_mail),
        door.named("/-/login/mail/{name}", mailed.follow if mailed else _no_mail, "POST"),
        door.named("/-/login/{name}", front.start),
        door.named("/-/login/{name}/callback", front.callback),
        door.named("/-/login/{name}/callback", front.callback, "POST"),
        door.named("/-/login/{name}/start", front.third_party),
        door.named("/-/login/{name}/start", front.third_party, "POST"),
        door.named("/-/login/{name}/backchannel-logout", leaving.back_channel, "POST"),
        door.route("/-/logout", leaving.logged_out),
        door.route("/-/logout", leaving.log_out, "POST"),
        door.route("/-/account", account.show),
        door.route("/-/account/export", account.export),
        door.route("/-/account/name", account.rename, "POST"),
        door.route("/-/account/sessions/end", account.end_sessions, "POST"),
        door.route("/-/account/ways/remove", account.remove_way, "POST"),
        door.route("/-/account/erase", account.erase, "POST"),
    ]
    return Router(routes=routes, redirect_slashes=False, default=missing)


def _mail(road: Road | None) -> Road:
    async def none(ask: Ask) -> Reply:
        raise RequestRefused(404, _MAIL_OFF)

    return road or none


async def _to_login(ask: Ask) -> Reply:
    """The address of a form that was posted, looked at."""
    return see_other("/-/login")


async def _no_mail(ask: Ask, name: str) -> Reply:
    raise RequestRefused(404, _MAIL_OFF)
