"""Conditions on the request, made into one test a rule; the door to CEL.

CEL (``when:``) is the optional extra ``cel``, imported when a rule uses it. Its variables are
``method path host query header country device referrer``; ``query`` and ``header`` are maps with
lower-case names. An expression that fails raises ``ConditionFailed``, and a failed condition denies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gateway.model.request import Device, Request
from gateway.model.rule import ASKS_NOTHING_OF_REQUEST, RequestConditions

WHEN_CHARACTERS_MAX = 4000
VARIABLES = ("method", "path", "host", "query", "header", "country", "device", "referrer")
ANY_VALUE = "*"  # `query: { s: "*", p: "*" }` asks for both names, whatever their values
_QUERY_FIELDS_MAX = 200


class ConditionFailed(Exception):
    """A ``when`` that raised: the rule set can't be trusted for this request."""


class BadCondition(ValueError):
    """The message says how to mend it."""


def query_of(request: Request) -> dict[str, str]:
    """Names as sent; of a doubled name the last value, as most origins read it."""
    pairs = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True, max_num_fields=None)
    return dict(pairs[:_QUERY_FIELDS_MAX])


def query_names(query: bytes) -> frozenset[str]:
    """Every name in a raw query, decoded: ``%66ilter`` is ``filter``; ``filter[]`` is ``filter`` too,
    and ``rest.route`` is ``rest_route``, since PHP takes it so."""
    names: set[str] = set()
    for name, _ in parse_qsl(query.decode("latin-1").replace(";", "&"), keep_blank_values=True):
        names.add(name)
        names.add(re.split(r"[\[.]", name, maxsplit=1)[0])
        names.add(_as_php(name))
    return frozenset(names)


def _as_php(name: str) -> str:
    """A parameter's name as PHP registers it: no spaces before it, none of ``space . [`` within."""
    name = name.lstrip(" ").partition("\0")[0]
    head, bracket, rest = name.partition("[")
    if bracket and "]" not in rest:
        head = name.replace("[", "_", 1)
    return re.sub("[ .]", "_", head)


def device_of(request: Request) -> Device:
    hint = request.header(b"sec-ch-ua-mobile")
    agent = (request.header(b"user-agent") or b"").lower()
    if b"ipad" in agent or b"tablet" in agent or (b"android" in agent and b"mobile" not in agent):
        return Device.TABLET
    if hint == b"?1" or b"mobi" in agent or b"iphone" in agent:
        return Device.PHONE
    return Device.DESKTOP


def referrer_of(request: Request) -> str:
    """The host that a reader came from, without ``www.``; empty where it isn't told."""
    try:
        host = urlsplit((request.header(b"referer") or b"").decode("latin-1")).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def host_matches(pattern: str, host: str) -> bool:
    """``*.news.example`` is any host below, not the domain itself."""
    if pattern.startswith("*."):
        return host.endswith(pattern[1:]) and host != pattern[2:]
    return host == pattern


def _query_holds(asked: RequestConditions, query: bytes) -> bool:
    if asked.query_any and not query_names(query).intersection(asked.query_any):
        return False
    if not asked.query:
        return True
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    names = query_names(query) if any(value == ANY_VALUE for _, value in asked.query) else ()
    return all(
        name in names if value == ANY_VALUE else (name, value) in pairs
        for name, value in asked.query
    )


@dataclass(frozen=True, slots=True)
class RequestTest:
    """All of a rule's conditions on the request."""

    conditions: RequestConditions
    when: Callable[[Mapping[str, Any]], Any] | None

    def __call__(self, request: Request) -> bool:
        """Raises ConditionFailed."""
        asked = self.conditions
        if asked.methods and request.method not in asked.methods:
            return False
        if asked.countries and request.country not in asked.countries:
            return False
        if not _query_holds(asked, request.query) or not self._headers(request):
            return False
        if asked.devices and device_of(request) not in asked.devices:
            return False
        if asked.referrers:
            came_from = referrer_of(request)
            if not any(host_matches(pattern, came_from) for pattern in asked.referrers):
                return False
        return self.when is None or self._when(request)

    def for_page(self, query: bytes) -> RequestTest | bool:
        """What is left to ask of those who read one page, whose query is known: all of them GET or
        HEAD it. True or False where nothing is left."""
        asked = self.conditions
        if not _query_holds(asked, query):
            return False
        methods = asked.methods
        if methods and not {"GET", "HEAD"} & set(methods):
            return False
        if {"GET", "HEAD"} <= set(methods):
            methods = ()
        left = replace(asked, query=(), query_any=(), methods=methods)
        if left == ASKS_NOTHING_OF_REQUEST:
            return True
        return RequestTest(left, self.when)

    @property
    def beyond_url(self) -> bool:
        """Whether it asks more of a request than its URL, by which caches tell answers apart, or what no GET
        of the same URL meets: the answer to a POST may be kept for one (RFC 9110 section 9.3.3)."""
        asked = self.conditions
        asks_more = asked.headers or asked.headers_any or asked.devices or asked.referrers
        other_methods = asked.methods and "GET" not in asked.methods
        return bool(asks_more or other_methods) or self.beyond_choice

    @property
    def beyond_choice(self) -> bool:
        """Whether it asks, or may ask, what a reader can't choose."""
        return bool(self.conditions.countries) or self.when is not None

    def _headers(self, request: Request) -> bool:
        asked = self.conditions
        for name, value in asked.headers:
            sent = request.header(name.encode())
            if sent is None or sent.decode("latin-1") != value:
                return False
        names = asked.headers_any
        return not names or any(request.header(name.encode()) is not None for name in names)

    def _when(self, request: Request) -> bool:
        assert self.when is not None
        try:
            answer = self.when(
                {
                    "method": request.method,
                    "path": request.path,
                    "host": request.host,
                    "query": query_of(request),
                    "header": {
                        name.decode("latin-1"): value.decode("latin-1")
                        for name, value in request.headers
                        if name != b"cookie"
                    },
                    "country": request.country,
                    "device": str(device_of(request)),
                    "referrer": referrer_of(request),
                }
            )
        except Exception as error:
            raise ConditionFailed(str(error)) from error
        if not isinstance(answer, bool):
            raise ConditionFailed("the expression gave no yes or no")
        return answer


def request_test(conditions: RequestConditions) -> RequestTest:
    """Raises BadCondition for a ``when`` that can't be compiled."""
    return RequestTest(conditions, _compiled(conditions.when) if conditions.when else None)


def _compiled(expression: str) -> Callable[[Mapping[str, Any]], Any]:
    if len(expression) > WHEN_CHARACTERS_MAX:
        raise BadCondition(f"`when` is longer than {WHEN_CHARACTERS_MAX} characters")
    try:
        import cel
    except ImportError:
        raise BadCondition("`when` needs the extra: pip install 'lychgate[cel]'") from None
    try:
        program = cel.compile(expression)
    except Exception as error:
        raise BadCondition(f"`when` can't be read: {str(error).splitlines()[0]}") from None
    unknown = set(program.variables()) - set(VARIABLES)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise BadCondition(f"`when` knows no {names}; it knows {', '.join(VARIABLES)}")

    def run(values: Mapping[str, Any]) -> Any:
        return program.execute(dict(values))

    return run
