"""What a reader may have of a feed's item: never more than of the page that it leads to."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.edge.feed_items import FeedItems, ItemJudge
from gateway.model.decision import Decision, Full, Reason, Refuse, Teaser
from gateway.model.opening import Opening
from gateway.model.page import PageFacts, PageKind
from gateway.model.reader import ANONYMOUS, Reader
from gateway.model.request import Request
from gateway.origin.cache import PageCache
from gateway.origin.freshness import Freshness
from gateway.page.feeds import FeedItem
from gateway.policy.compile import Policy
from tests.origin.records import SetClock, record
from tests.policy.writing import GOLD, MEMBER, NOW, asking, page, policy

HOST = "news.example"
OPEN = Full(Reason.PUBLIC_PAGE)
SITE = f"https://{HOST}"
PATHS = """
default: public
rules:
  - { name: dossiers, path: /paid/**, access: paid }
"""
LABELS = """
default: public
labels: [{ meta: tier, map: { libre: public } }]
rules:
  - { name: dossiers, path: /paid/**, access: paid }
  - { name: opened, path: /open/**, access: public }
  - { name: labelled, label: any, access: as-labelled }
"""


def items() -> FeedItems:
    hosts = {HOST: HOST, "inner:2368": HOST, "shop.example": "shop.example"}
    cache = PageCache(bytes_max=1 << 20, hosts={HOST.encode(): HOST}, clock=SetClock(NOW))
    return FeedItems(cache=cache, hosts=hosts, site_host=HOST)


def judging(
    rules: Policy,
    *,
    reader: Reader = ANONYMOUS,
    request: Request | None = None,
    found: FeedItems | None = None,
    feed: Decision = OPEN,
) -> ItemJudge:
    asked = request or asking("/feed.xml")
    return (found or items()).judging(asked, reader, feed, policy=rules, now=NOW)


def item(*links: str, categories: tuple[str, ...] = (), dates: tuple[str, ...] = ()) -> FeedItem:
    return FeedItem(links, categories, dates)


CLOSED = [
    (),
    ("",),
    (f"{SITE}//paid/a",),
    (f"{SITE}/./paid/a",),
    (f"{SITE}/x/../paid/a",),
    (f"{SITE}/p%61id/a",),
    (f"{SITE}/paid/a?utm_source=rss#top",),
    (f"HTTPS://{HOST.upper()}/PAID/a",),
    (f"{SITE}/paid/été",),
    ("http://inner:2368/paid/a",),
    ("//news.example/paid/a",),
    ("/paid/a",),
    ("paid/a",),
    ("?p=123",),
    ("#top",),
    ("urn:uuid:1",),
    ("mailto:a@news.example",),
    ("https:paid/a",),
    ("https:///paid/a",),
    ("https://[", "https://other.example/a"),
    (f"https://user@{HOST}/open",),
    (f"{SITE}\\paid\\a",),
    (f"{SITE}/paid%2Fa",),
    (f"{SITE}/a;b",),
    (f"{SITE}/\ud800",),
    ("https://other.example/a",),
    (f"{SITE}/", f"{SITE}/paid/a"),
    ("https://feeds.example/1", f"{SITE}/paid/a"),
]


@pytest.mark.parametrize("links", CLOSED)
def test_an_item_is_closed_wherever_a_browser_would_end_up_closed(links: tuple[str, ...]) -> None:
    assert not isinstance(judging(policy(PATHS))(item(*links)), Full)


@pytest.mark.parametrize(
    "links",
    [
        (f"{SITE}/a",),
        (f"{SITE}",),
        (f"{SITE}//a",),
        (f"{SITE}/été?x=1",),
        ("/a",),
        ("http://inner:2368/a", "g1"),
        ("https://feeds.example/1", f"{SITE}/a"),
    ],
)
def test_an_item_of_an_open_page_is_open(links: tuple[str, ...]) -> None:
    assert isinstance(judging(policy(PATHS))(item(*links)), Full)


def test_a_link_to_another_name_of_the_site_is_judged_by_that_name() -> None:
    rules = policy(
        "default: public\nrules:\n  - { name: shop, host: shop.example, access: paid }\n"
    )
    assert isinstance(judging(rules)(item("https://shop.example/a")), Teaser)
    assert isinstance(judging(rules)(item(f"{SITE}/a")), Full)


def test_an_item_gets_no_more_than_its_feed_and_a_refused_page_is_refused() -> None:
    rules = policy(PATHS + "  - { name: drafts, path: /drafts/**, access: refuse }\n")
    closed = judging(rules, feed=Refuse(Reason.REFUSED_BY_RULE))
    assert isinstance(closed(item("/a")), Refuse)
    assert isinstance(judging(rules)(item("/drafts/a", "/a")), Refuse)
    assert isinstance(judging(rules, reader=GOLD)(item("/paid/a")), Full)


UNTOLD = [
    "{ name: r, section: Economie, access: paid }",
    "{ name: r, author: Jean, access: members }",
    "{ name: r, language: en, access: paid }",
    "{ name: r, tag: premium, access: paid }",
    "{ name: r, older_than: 30d, access: paid }",
    "{ name: r, section: Economie, younger_than: 1d, access: paid }",
]


@pytest.mark.parametrize("rule", UNTOLD)
def test_what_a_feed_can_t_tell_may_hold(rule: str) -> None:
    rules = policy(f"default: public\nrules:\n  - {rule}\n")
    assert judging(rules)(item("/a")) is None
    assert isinstance(judging(rules, reader=GOLD)(item("/a")), Full)


TODAY, LONG_AGO = "2026-09-21T14:00:00Z", "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("rule", "found", "opened"),
    [
        (UNTOLD[3], item("/a", categories=("Sport",)), True),
        (UNTOLD[3], item("/a", categories=("Premium",)), False),
        (UNTOLD[4], item("/a", dates=(TODAY,)), True),
        (UNTOLD[4], item("/a", dates=(LONG_AGO,)), False),
        (UNTOLD[5], item("/a", dates=(LONG_AGO,)), True),
        ("{ name: r, section: Economie, access: public }", item("/a"), True),
        ("{ name: r, section: E, tag: x, access: paid }", item("/a", categories=("y",)), True),
        ("{ name: r, path: /b, section: E, access: paid }", item("/a"), True),
    ],
)
def test_what_a_feed_tells_settles_it(rule: str, found: FeedItem, opened: bool) -> None:
    rules = policy(f"default: public\nrules:\n  - {rule}\n")
    assert isinstance(judging(rules)(found), Full) is opened


@pytest.mark.parametrize("category", ["Libre", "public", "Sport", "members", "paid"])
def test_a_category_may_close_an_article_and_opens_none(category: str) -> None:
    rules = policy(LABELS)
    assert not isinstance(judging(rules)(item("/a", categories=(category,))), Full)
    assert not isinstance(judging(rules, reader=MEMBER)(item("/a", categories=(category,))), Full)
    assert isinstance(judging(rules, reader=GOLD)(item("/a", categories=(category,))), Full)
    assert isinstance(judging(rules)(item("/open/a", categories=(category,))), Full)


def test_a_story_opened_by_hand_is_open_in_feeds() -> None:
    rules = policy(LABELS).with_openings([Opening("/a", NOW + 60, "news")])
    assert isinstance(judging(rules)(item("/a")), Full)


def kept(
    rules: Policy, *, facts: PageFacts | None = None, status: int = 200, until: float = NOW + 60
) -> FeedItems:
    """A page that says that it is public."""
    found, said = items(), facts or page("public")
    made = dataclasses.replace(
        record("/a", host=HOST, status=status),
        facts=said,
        policy_version=rules.version,
        specialised=rules.specialise(rules.way(HOST, "/a"), said, now=NOW, query=b""),
        fresh=Freshness(True, NOW - 60, until, until, until + 9999, b"public"),
    )
    found.cache.put(made)
    return found


def test_a_page_s_record_tells_while_it_is_fresh() -> None:
    rules = policy(LABELS)
    for link in ("/a", "/a?utm_source=rss"):
        assert isinstance(judging(rules, found=kept(rules))(item(link)), Full)
    for link in ("/a?id=12", "/a/", "/b"):
        assert judging(rules, found=kept(rules))(item(link)) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"status": 301},
        {"status": 404},
        {"until": NOW},
        {"facts": PageFacts(PageKind.LISTING)},
    ],
)
def test_a_record_of_anything_else_tells_nothing(changed: dict[str, object]) -> None:
    rules = policy(LABELS)
    found = kept(rules, **changed)  # type: ignore[arg-type]  # by name
    assert judging(rules, found=found)(item("/a")) is None
    assert found.known("/a", policy=rules, now=NOW) is None


CONDITIONS = [
    (
        "referrer: friend.example",
        asking("/feed", headers=((b"referer", b"http://friend.example"),)),
    ),
    ("country: FR", asking("/feed", country="FR")),
    ("header: { X-App: one }", asking("/feed", headers=((b"x-app", b"one"),))),
    ("device: phone", asking("/feed", headers=((b"sec-ch-ua-mobile", b"?1"),))),
]


@pytest.mark.parametrize(("condition", "request_"), CONDITIONS)
def test_a_condition_on_the_request_makes_the_feed_one_reader_s(
    condition: str, request_: Request
) -> None:
    rule = f"{{ name: friends, path: /paid/**, {condition}, access: public }}"
    rules = policy(PATHS.replace("rules:\n", f"rules:\n  - {rule}\n"))
    for asked in (request_, None):
        judge_item = judging(rules, request=asked)
        assert isinstance(judge_item(item("/a")), Full)
        assert not judge_item.by_request
        assert isinstance(judge_item(item("/paid/a")), Full) is (asked is not None)
        assert judge_item.by_request


def test_what_the_page_s_own_address_settles_is_the_same_for_all() -> None:
    rule = "{ name: print, path: /**, query: { print: '1' }, access: refuse }"
    rules = policy(PATHS.replace("rules:\n", f"rules:\n  - {rule}\n"))
    judge_item = judging(rules)
    assert isinstance(judge_item(item("/a?print=1")), Refuse)
    assert isinstance(judge_item(item("/a")), Full)
    assert not judge_item.by_request


@pytest.mark.parametrize(
    ("link", "opened"),
    [
        ("/sound/a.mp3", True),
        (f"{SITE}/sound/a.mp3?x=1", True),
        ("/paid/a.mp3", False),
        ("https://cdn.example/a.mp3", False),
        ("", False),
    ],
)
def test_a_closed_item_keeps_files_that_a_rule_opens(link: str, opened: bool) -> None:
    assert judging(policy(PATHS)).opens(link) is opened
    assert not judging(policy(PATHS), feed=Refuse(Reason.REFUSED_BY_RULE)).opens(link)
    assert not judging(policy(LABELS)).opens(link)
