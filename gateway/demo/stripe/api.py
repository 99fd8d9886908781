"""One API request to one answer: key, version, route, parameters, idempotency, expansion, errors.

Synchronous: nothing is awaited between reading the state and changing it. Must not know sockets or
ASGI; ``server`` brings the bytes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.demo.stripe.account import API_VERSION, Account, RequestNote, Thing
from gateway.demo.stripe.agenda import catch_up
from gateway.demo.stripe.expanding import expand
from gateway.demo.stripe.idempotency import Answer, Keys
from gateway.demo.stripe.parameters import decode
from gateway.demo.stripe.refused import Refused
from gateway.demo.stripe.routes import ACTIONS, Route, find

BODY_BYTES_MAX = 1 << 20
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Asked:
    """``headers`` with names in lower case."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class Trouble:
    """The next ``times`` requests below ``path`` fail with ``status``.

    ``after``: once they were carried out, so that only the answer is lost on its way.
    """

    status: int = 500
    times: int = 1
    after: bool = False
    path: str = "/v1/"
    method: str = "POST"


@dataclass(slots=True)
class Api:
    account: Account
    secret_key: str
    keys: Keys = field(default_factory=Keys)
    troubles: list[Trouble] = field(default_factory=list)
    # What was asked, read and unread, for tests that check a client: method, path, parameters.
    seen: list[tuple[str, str, Thing]] = field(default_factory=list)

    def begin(self, asked: Asked) -> Answer | None:
        """A kept answer, or None and the request's key is in use until ``finish``."""
        key = asked.headers.get("idempotency-key")
        if asked.method != "POST" or not key:
            return None
        self._authorise(asked)
        print_of = (asked.method, asked.path, asked.body)
        kept = self.keys.begin(key, print_of, self.account.clock.now())
        if kept is None:
            return None
        more = (("idempotent-replayed", "true"), ("idempotency-key", key))
        return Answer(kept.status, kept.body, (*kept.headers, *more))

    def answer(self, asked: Asked) -> Answer:
        """Carry the request out. Its key, if it has one, was taken by ``begin``."""
        request_id = self.account.new_id("req", 14)
        key = asked.headers.get("idempotency-key") if asked.method == "POST" else None
        headers = (("request-id", request_id), ("stripe-version", API_VERSION))
        executed = False
        try:
            self._trouble(asked, after=False)
            said = self._carry_out(asked, RequestNote(request_id, key))
            executed = True
            answer = Answer(200, _json(said), headers)
        except Refused as refused:
            executed = executed or refused.executed
            answer = refusal(refused, headers)
        if key:
            self.keys.finish(key, answer if executed else None)
        try:
            self._trouble(asked, after=True)
        except Refused as lost:
            return refusal(lost, headers)
        return answer

    def _carry_out(self, asked: Asked, note: RequestNote) -> Thing:
        self._authorise(asked)
        route, ids, params = self._read(asked)
        catch_up(self.account, ACTIONS)
        self.account.request = note
        try:
            said = route.answer(self.account, params, *ids)
        finally:
            self.account.request = None
        catch_up(self.account, ACTIONS)
        return expand(self.account, said, params.get("expand", []))

    def _read(self, asked: Asked) -> tuple[Route, tuple[str, ...], Thing]:
        found = find(asked.method, asked.path)
        if found is None:
            raise Refused(
                f"Unrecognized request URL ({asked.method}: {asked.path}). Please see "
                "https://stripe.com/docs or we can help at https://support.stripe.com/.",
                status=404,
            )
        route, ids = found
        form = asked.query
        if asked.method == "POST":
            kind = asked.headers.get("content-type", _FORM).partition(";")[0].strip()
            if kind != _FORM or asked.query:
                raise Refused(
                    "Invalid request (check that your POST content type is "
                    "application/x-www-form-urlencoded)."
                )
            form = _text(asked.body)
        params = route.accepts.read(decode(form), "") or {}
        self.seen.append((asked.method, asked.path, params))
        return route, ids, params

    def _authorise(self, asked: Asked) -> None:
        scheme, _, proof = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            proof = base64.b64decode(proof + "==").decode(errors="replace").partition(":")[0]
        if not proof:
            raise Refused("You did not provide an API key.", status=401)
        if proof != self.secret_key:
            hidden = proof[:8] + "*" * max(0, len(proof) - 12) + proof[-4:]
            raise Refused(f"Invalid API Key provided: {hidden}", status=401)
        version = asked.headers.get("stripe-version", API_VERSION)
        if version != API_VERSION and not asked.path.startswith("/v2/"):
            raise Refused(f"Invalid Stripe API version: {version}")
        named = asked.headers.get("stripe-account") or asked.headers.get("stripe-context")
        if named not in (None, self.account.id):
            raise Refused(
                f"The provided key does not have access to account '{named}'.",
                status=403,
                code="account_invalid",
            )

    def _trouble(self, asked: Asked, *, after: bool) -> None:
        for trouble in self.troubles:
            fits = asked.path.startswith(trouble.path) and asked.method == trouble.method
            if trouble.times and trouble.after == after and fits:
                trouble.times -= 1
                kind = "api_error" if trouble.status >= 500 else "invalid_request_error"
                code = "rate_limit" if trouble.status == 429 else ""
                # A fault of Stripe's own comes once it has begun, and its answer is kept under the key.
                begun = trouble.status == 500
                raise Refused(
                    "Trouble, as asked.",
                    status=trouble.status,
                    kind=kind,
                    code=code,
                    executed=begun,
                )


def refusal(refused: Refused, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(refused.status, _json({"error": refused.error}), headers)


def _json(said: Thing) -> bytes:
    return json.dumps(said, indent=2).encode()


def _text(body: bytes) -> str:
    if len(body) > BODY_BYTES_MAX:
        raise Refused("The request is too large.", status=413)
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        raise Refused("Invalid characters in the request body.") from None
