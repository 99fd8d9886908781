"""Who may enter the console: an operator whose login is fresh. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.identity.accounts import Login
from gateway.identity.roles import Operators, Role


class Denied(StrEnum):
    ANONYMOUS = "anonymous"  # nobody is logged in
    NO_ROLE = "no-role"  # the login bears no role, or none that may do this
    STALE = "stale"  # an operator who logged in more than twelve hours ago


@dataclass(frozen=True, slots=True)
class Operator:
    """``who`` is the verified address, for the audit log."""

    who: str
    roles: frozenset[Role]


def admit(
    login: Login | None, operators: Operators, *, now: float, asked: frozenset[Role] | None = None
) -> Operator | Denied:
    """``asked``: one of these is needed; None: any role."""
    if login is None:
        return Denied.ANONYMOUS
    roles = operators.roles(login)
    if not roles or (asked is not None and not roles & asked):
        return Denied.NO_ROLE
    if operators.stale(login, now):
        return Denied.STALE
    return Operator(login.proved_email or login.reader_id, roles)
