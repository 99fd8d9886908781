"""The providers' road: the page that lists them, the start of a login, and its callback.

The branching of a login stands in ``callback`` and on one screen; what is believed is decided in
``checks``, whom it makes of the reader in ``entering``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from gateway.errors import LoginRefused, LychgateError, RequestRefused, StoreUnavailable
from gateway.identity.accounts import Account, Entered, NotEntered
from gateway.identity.cookies import set_cookie
from gateway.login.attempts import KEPT_SECONDS, Attempt, Attempts, round_of
from gateway.login.entering import Entering
from gateway.login.failing import Failing
from gateway.login.joining import Joins
from gateway.login.limits import Limits
from gateway.login.pages import Pages
from gateway.login.provider import Proof, Provider
from gateway.login.refusal import Refusal
from gateway.rooms.asking import Ask, Reply, see_other
from gateway.rooms.pages import login_url
from gateway.rooms.return_to import return_to

_HINT_MAX = 320
_CONSOLE = "/-/finance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    site_url: str
    providers: Mapping[str, Provider]
    attempts: Attempts
    entering: Entering
    joins: Joins
    pages: Pages
    limits: Limits

    async def choose(self, ask: Ask) -> Reply:
        """``GET /-/login``: every way in. Whoever is in already hears as whom, and how to go on; but not
        on the way to the console, which asks even them to log in once more."""
        back = self._back(ask)
        known = None if back.startswith(_CONSOLE) else await self._known(ask)
        return await self.pages.page(
            ask,
            "login",
            who=(known.name or known.email or known.id) if known else "",
            who_email=known.email if known else "",
            providers=self.pages.ways(ask, back),
            mail=self.pages.mails,
            mail_url="/-/login/mail",
            adopt_url=self.pages.adopt_url,
            return_to=back,
            message="",
            email="",
            register=ask.asked("register") == "1",
        )

    async def start(self, ask: Ask, provider_id: str) -> Reply:
        """``GET /-/login/{provider}``: to the provider, remembering where from."""
        provider = self._provider(provider_id)
        if not _navigates(ask):
            raise RequestRefused(403, "not-followed")
        back, round_ = self._back(ask), round_of(ask.asked("round"))
        # It is a link, and another site may hold the same one: the browser says where it was followed.
        adding = ask.asked("add") == "1" and ask.header(b"sec-fetch-site") == "same-origin"
        try:
            await self.limits.login(ask.network)
            session = await self._session(ask) if adding or provider.form_post else ("", "")
            if adding and not session[0]:
                # A plain login would make an account of the way that was to be added.
                return see_other(login_url(back, ask.language))
            attempt = self.attempts.new(
                provider=provider.id,
                return_to=back,
                now=ask.now,
                round_=round_,
                session=session,
                adding=adding,
                language=ask.language,
            )
            url = await provider.authorization_url(
                state=attempt.state,
                nonce=attempt.nonce,
                verifier=attempt.verifier,
                redirect_uri=self._callback_url(provider),
                language=ask.language,
                fresh=ask.asked("fresh") == "1",
                login_hint=ask.asked("login_hint")[:_HINT_MAX],
            )
        except LychgateError as error:
            return await self.pages.of_error(
                ask, error, provider=provider, return_to=back, round_=round_
            )
        name, value = self.attempts.cookie(attempt)
        kept = self._cookie(provider, name, value, seconds=KEPT_SECONDS)
        pushed_out = self.attempts.too_many(ask.cookies)
        over = (self._cookie(provider, each, "", seconds=0) for each in pushed_out)
        return see_other(url).with_cookies(kept, *over)

    async def callback(self, ask: Ask, provider_id: str) -> Reply:
        """``/-/login/{provider}/callback``: a query, or a form where the provider posts one."""
        provider = self._provider(provider_id)
        # HEAD is refused too: what looks ahead must not spend the code.
        if ask.request.method != (method := "POST" if provider.form_post else "GET"):
            raise RequestRefused(405, "method-not-allowed", allow=method)
        said = ask.form if ask.posted else ask.query
        state = (said.get("state") or [""])[0]
        found = self.attempts.find(ask.cookies, state=state, provider=provider.id, now=ask.now)
        if found is None:
            # Another browser began it, or it has served, or this one keeps no cookies.
            if await self._known(ask):
                return see_other("/")
            return await self.pages.failed(
                ask, Failing.FOREIGN, provider=provider, round_=round_of(state)
            )
        ask = replace(ask, language=found.language or ask.language)
        try:
            if found.late(ask.now):
                raise LoginRefused(Refusal.TOO_LATE)
            await self.limits.login(ask.network)
            proof = await provider.identify(
                said,
                state=found.state,
                nonce=found.nonce,
                verifier=found.verifier,
                redirect_uri=self._callback_url(provider),
                now=ask.now,
            )
            reply = await self._enter(ask, provider, found, proof)
        except LychgateError as error:
            reply = await self.pages.of_error(
                ask, error, provider=provider, return_to=found.return_to, round_=found.round
            )
        # What stood in it has served.
        name = self.attempts.cookie_of(found.state)
        return reply.with_cookies(self._cookie(provider, name, "", seconds=0))

    async def third_party(self, ask: Ask, provider_id: str) -> Reply:
        """``/-/login/{provider}/start``: the provider, or a portal of its, asks for a login here
        (OpenID Connect Core 1.0, section 4)."""
        provider = self._provider(provider_id)
        said = ask.written if ask.posted else ask.asked
        if said("iss") != provider.issuer:
            raise RequestRefused(400, "foreign-issuer")
        told = {"return_to": return_to(said("target_link_uri"), site_url=self.site_url)}
        if hint := said("login_hint")[:_HINT_MAX]:
            told["login_hint"] = hint
        return see_other(f"/-/login/{provider.id}?{urlencode(told)}")

    async def _enter(self, ask: Ask, provider: Provider, attempt: Attempt, proof: Proof) -> Reply:
        if attempt.adding and not await self._still(ask, attempt):
            return await self.pages.failed(ask, Failing.EXPIRED, provider=provider)
        entered = await self.entering.enter(
            ask,
            proof.identity,
            provider=provider.id,
            used=f"state {attempt.state}",
            adding_to=attempt.reader_id if attempt.adding else "",
            id_token=proof.id_token,
        )
        if isinstance(entered, Entered):
            if provider.form_post and attempt.session_key:
                await self.entering.accounts.end_by_key(
                    attempt.reader_id, attempt.session_key, now=ask.now
                )
            if attempt.adding and entered.added:
                await self.joins.tell_of_new_way(ask, entered.reader_id, provider.name)
            return await self.entering.back(ask, entered, attempt.return_to)
        if entered is NotEntered.ADDRESS_TAKEN:
            return await self.joins.ask(ask, provider, proof.identity, attempt.return_to)
        failing = Failing.TAKEN if entered is NotEntered.IDENTITY_TAKEN else Failing.EXPIRED
        return await self.pages.failed(
            ask, failing, provider=provider, return_to=attempt.return_to, round_=attempt.round
        )

    async def _session(self, ask: Ask) -> tuple[str, str]:
        """The reader whose session this browser has, and its key."""
        login = await self.entering.login(ask)
        if login is None:
            return "", ""
        account = await self.entering.accounts.account(
            login.reader_id, session_id=login.session_id, now=ask.now
        )
        held = account.sessions if account else ()
        return login.reader_id, next((each.key for each in held if each.current), "")

    async def _still(self, ask: Ask, attempt: Attempt) -> bool:
        """Whether the session that asked for another way is live. It may have been ended by a reader
        who wants somebody else out, and a posted answer doesn't bring its cookie."""
        account = await self.entering.accounts.account(
            attempt.reader_id, session_id="", now=ask.now
        )
        return account is not None and any(
            each.key == attempt.session_key for each in account.sessions
        )

    async def _known(self, ask: Ask) -> Account | None:
        """Whose session this browser has; None as well where the store can't say just now."""
        try:
            login = await self.entering.login(ask)
            if login is None:
                return None
            return await self.entering.accounts.account(
                login.reader_id, session_id=login.session_id, now=ask.now
            )
        except StoreUnavailable:
            return None

    def _provider(self, provider_id: str) -> Provider:
        if provider_id not in self.providers:
            raise RequestRefused(404, "no-such-provider")
        return self.providers[provider_id]

    def _back(self, ask: Ask) -> str:
        return return_to(ask.asked("return_to"), site_url=self.site_url)

    def _callback_url(self, provider: Provider) -> str:
        return f"{self.site_url}/-/login/{provider.id}/callback"

    def _cookie(self, provider: Provider, name: bytes, value: str, *, seconds: int) -> bytes:
        secure = self.entering.secure
        return set_cookie(
            name, value, secure=secure, seconds=seconds, cross_site=provider.form_post
        )


def _navigates(ask: Ask) -> bool:
    """Whether somebody follows a link, as far as the browser says (Fetch Metadata). An image or a frame of
    another site would use up what its reader's network may do; scripts of the site's own fetch links."""
    wanted = ask.header(b"sec-fetch-dest")
    own = ask.header(b"sec-fetch-site") == "same-origin"
    return wanted in ("", "document") or (wanted == "empty" and own)
