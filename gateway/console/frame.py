"""The frame around each page of the console: who may, what is written down first, what is drawn around.

An ``Action`` is one line of the route table: a method and a path, the roles that may, the word in the
audit log, and the road that answers. ``Frame.answer`` lets an operator enter, runs the road, and shows
nothing that the road didn't note. What must not be here: Starlette (``routes``), and what a page says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import quote, urlencode

from gateway.console.access import Denied, Operator, admit
from gateway.console.words import Words
from gateway.errors import RequestRefused
from gateway.identity.accounts import Accounts, Login
from gateway.identity.roles import Operators, Role
from gateway.model.audited import reason_of
from gateway.model.entry import Draft
from gateway.rooms.asking import PRIVATE, Ask, Headers, Reply, see_other
from gateway.rooms.pages import Pages, login_url

HOME = "/-/finance"
# Who may what. An admin may all that the others may.
FINANCE = frozenset((Role.FINANCE, Role.ADMIN))
EVERYONE = frozenset(Role)
ADMIN = frozenset((Role.ADMIN,))
GIVES = frozenset((Role.SUPPORT, Role.ADMIN))
# In the order in which they stand on a page, each with its path below HOME.
TABS = ("journal", "work", "day", "readers", "explain", "site", "audit")
_WITHIN = {"entries": "journal"}  # pages that stand under another tab than their path's
_WHY_MAX = 500


class Audit(Protocol):
    async def note(self, *, who: str, act: str, what: str, why: str = "", now: float) -> None:
        """Append. Raises StoreUnavailable: what can't be written down isn't shown."""


class Counting(Protocol):
    async def waiting(self, *, now: float) -> Mapping[str, int]:
        """What waits for somebody, by the name of a tab. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """A file that is sent as it is made. ``name`` is what it is saved as, ASCII."""

    name: str
    content_type: str
    chunks: AsyncIterator[bytes]

    @property
    def headers(self) -> Headers:
        saved = f'attachment; filename="{self.name}"'.encode("ascii")
        kind = self.content_type.encode("ascii")
        return ((b"content-type", kind), (b"content-disposition", saved), *PRIVATE)


Answer = Reply | Streamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """``path`` may hold ``{names}``. ``act`` is the audit log's word; empty where nothing of anybody
    is shown or done."""

    path: str
    method: str = "GET"
    roles: frozenset[Role]
    act: str
    road: Callable[[Visit], Awaitable[Answer]]


@dataclass(slots=True, kw_only=True)
class Visit:
    """One operator at one page. ``names`` are what stands in the path."""

    ask: Ask = field(repr=False)
    operator: Operator
    names: Mapping[str, str]
    action: Action = field(repr=False)
    frame: Frame = field(repr=False)
    noted: bool = field(default=False, init=False)

    @property
    def now(self) -> float:
        return self.ask.now

    @property
    def language(self) -> str:
        return self.ask.language

    @property
    def who(self) -> str:
        return self.operator.who

    @property
    def words(self) -> Words:
        return self.frame.words

    def may(self, roles: frozenset[Role]) -> bool:
        return bool(self.operator.roles & roles)

    def number(self, name: str) -> int:
        """A number in the path. Raises RequestRefused (404) for anything else."""
        text = self.names[name]
        if not (text.isascii() and text.isdigit() and len(text) <= 15):
            raise RequestRefused(404, "not-found")
        return int(text)

    async def note(
        self, what: str, why: str = "", *, act: str = "", entry: Draft | None = None
    ) -> None:
        """Into the audit log, before anything is shown or done. ``entry`` bears the reason where it may
        name a reader: the log is never erased."""
        if entry is not None:
            why = reason_of(entry.event_id)
        await self.frame.audit.note(
            who=self.who,
            act=act or self.action.act,
            what=what,
            why=why[:_WHY_MAX],
            now=self.now,
        )
        self.noted = True

    async def page(self, name: str, *, status: int = 200, **context: object) -> Reply:
        """``templates/page/{name}.html`` within the console's navigation."""
        desk = await self.frame.desk(self)
        return await self.frame.pages.page(self.ask, name, status=status, desk=desk, **context)

    def onward(self, path: str, **query: str) -> Reply:
        """303 to a page of the console that speaks as this one does."""
        said = urlencode({**query, "lang": self.language})
        return see_other(f"{quote(path, safe='/')}?{said}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """``actions`` are the whole route table. ``languages``: each of the site's, and its name in itself.
    ``plans``: by the tier that one opens alone, its name in each language."""

    accounts: Accounts
    operators: Operators
    audit: Audit
    pages: Pages
    words: Words
    actions: Sequence[Action] = field(default=(), repr=False)
    counting: Counting | None = None
    languages: Sequence[tuple[str, str]] = ()
    plans: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    async def answer(self, ask: Ask, action: Action, names: Mapping[str, str]) -> Answer:
        """Raises RequestRefused and whatever the road raises."""
        login = await self.accounts.login(ask.session_id, now=ask.now) if ask.session_id else None
        entered = admit(login, self.operators, now=ask.now, asked=action.roles)
        if not isinstance(entered, Operator):
            return await self._refused(ask, entered, login, needed=action.roles)
        visit = Visit(ask=ask, operator=entered, names=names, action=action, frame=self)
        try:
            answer = await action.road(visit)
        except RequestRefused as refused:
            if refused.refused_status != 404:
                raise
            return await visit.page("finance-missing", status=404)
        failed = isinstance(answer, Reply) and answer.status >= 400
        if action.act and not visit.noted and not failed:
            raise RuntimeError(f"{action.method} {action.path} shows what it didn't note")
        return answer

    async def home(self, visit: Visit) -> Reply:
        """The first tab that this operator may see."""
        first = next(iter(self._tabs(visit)), "explain")
        return visit.onward(f"{HOME}/{first}")

    async def desk(self, visit: Visit) -> Mapping[str, object]:
        """What ``finance-layout.html`` draws around a page."""
        counts = await self.counting.waiting(now=visit.now) if self.counting else {}
        section = visit.ask.request.path.removeprefix(f"{HOME}/").partition("/")[0]
        section = _WITHIN.get(section, section)
        tabs = [
            {
                "name": name,
                "href": f"{HOME}/{name}",
                "here": name == section,
                "count": counts.get(name, 0),
            }
            for name in self._tabs(visit)
        ]
        return {
            "who": visit.who,
            "roles": sorted(visit.operator.roles),
            "tabs": tabs,
            "languages": self._tongues(visit, section),
            "plans": {
                tier: names.get(visit.language) or next(iter(names.values()), "")
                for tier, names in self.plans.items()
            },
        }

    def _tongues(self, visit: Visit, section: str) -> list[dict[str, object]]:
        """This very page in each language; of an answer to a form, the page of its tab."""
        path = f"{HOME}/{section}" if visit.ask.posted else visit.ask.request.path
        query = () if visit.ask.posted else visit.ask.query.items()
        kept = [(name, each) for name, values in query for each in values if name != "lang"]
        return [
            {
                "code": code,
                "name": name,
                "href": f"{quote(path, safe='/')}?{urlencode([*kept, ('lang', code)])}",
                "here": code == visit.language,
            }
            for code, name in self.languages
        ]

    def _tabs(self, visit: Visit) -> list[str]:
        open_paths = {each.path for each in self.actions if visit.may(each.roles)}
        return [name for name in TABS if f"{HOME}/{name}" in open_paths]

    async def _refused(
        self, ask: Ask, denied: Denied, login: Login | None, *, needed: frozenset[Role]
    ) -> Reply:
        back = ask.request.path if not ask.posted else HOME
        entrance = login_url(back, ask.language)
        if denied is Denied.ANONYMOUS:
            return see_other(entrance)
        return await self.pages.page(
            ask,
            "finance-denied",
            status=403,
            roles=sorted(self.operators.roles(login)) if login else [],
            needed=[str(each) for each in Role if each in needed],
            stale=denied is Denied.STALE,
            login_url=entrance,
        )


def with_home(frame: Frame) -> Frame:
    """The frame with the two addresses of its front page in its table."""
    home = Action(path=HOME, roles=EVERYONE, act="", road=frame.home)
    return replace(frame, actions=(home, replace(home, path=f"{HOME}/"), *frame.actions))
