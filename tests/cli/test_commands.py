"""Each command as it is typed: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from pytest_httpserver import HTTPServer

from gateway import __version__
from gateway.cli.options import not_reached
from gateway.cli.store import instant
from gateway.errors import OriginFailed, OriginTimeout
from tests.cli.conftest import KEY, Run
from tests.cli.news_site import NewsSite, paragraphs


def test_help_names_every_command(run: Run) -> None:
    told = run("--help")
    assert told.code == 0
    for name in "demo try init serve check explain audit open migrate".split():
        assert f"\n  {name} " in told.out
    assert run("--version").out == f"lychgate {__version__}\n"


@pytest.mark.parametrize("group", [(), ("reader",), ("ledger",)])
def test_no_line_of_the_lists_of_commands_is_cut_off(run: Run, group: tuple[str, ...]) -> None:
    assert "..." not in run(*group, "--help").out.partition("Commands:")[2]


# check


def test_check_says_what_stands(run: Run, configured: Path) -> None:
    ran = run("check")
    assert ran.code == 0
    assert "no fault. 1 rule of its own" in ran.out
    assert ran.err == ""


def test_check_tells_faults_of_config_in_lines(run: Run, configured: Path) -> None:
    configured.write_text(configured.read_text().replace("name =", "nmae ="))
    ran = run("check")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "lychgate.toml:1:1: `site.name` is required",
        "lychgate.toml:4:1: unknown key `site.nmae`; did you mean `name`?",
    ]


def test_check_tells_faults_of_policies_in_lines(run: Run, configured: Path) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text().replace("default: public", "defualt: public"))
    ran = run("check")
    assert ran.code == 1
    assert "policies/site.yaml:3:1: unknown key `defualt`" in ran.err


def test_a_faulty_config_hides_no_fault_of_the_policies(run: Run, configured: Path) -> None:
    configured.write_text(configured.read_text().replace("name =", "nmae ="))
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text().replace("default: public", "defualt: public"))
    ran = run("check")
    assert ran.code == 1
    assert [line.rsplit(":", 3)[0] for line in ran.err.splitlines()][:2] == ["lychgate.toml"] * 2
    assert "policies/site.yaml:3:1: unknown key `defualt`" in ran.err
    policy.rename(configured.parent / "elsewhere.yaml")
    configured.write_text("[site\n")
    assert [line.partition(":")[0] for line in run("check").err.splitlines()] == ["lychgate.toml"]


def test_check_runs_policy_tables(run: Run, configured: Path) -> None:
    table = configured.parent / "policies" / "site.test.yaml"
    table.write_text("cases:\n  - { url: /, page: { label: locked }, expect: full }\n")
    ran = run("check")
    assert ran.code == 1
    assert ran.err.startswith("policies/site.test.yaml:2:")
    table.write_text("cases:\n  - { url: /, page: { label: locked }, expect: teaser subscribe }\n")
    assert run("check").code == 0


def test_check_tells_faults_of_templates(run: Run, configured: Path) -> None:
    (configured.parent / "own" / "wall").mkdir(parents=True)
    (configured.parent / "own" / "wall" / "register.html").write_text("{% if %}")
    configured.write_text(configured.read_text() + '[templates]\nfolder = "own"\n')
    ran = run("check")
    assert ran.code == 1
    assert "own/wall/register.html:1:0:" in ran.err
    (configured.parent / "own" / "locale").mkdir()
    (configured.parent / "own" / "locale" / "fr.json").write_text(
        '{"wall.register.heading": "Créez'
    )
    assert "own/locale/fr.json:1:27: not JSON: Unterminated string\n" in run("check").err


def test_check_tells_of_languages_without_texts(run: Run, configured: Path) -> None:
    settings = configured.read_text()
    configured.write_text(
        settings.replace("[site]", '[site]\nlanguages = ["fr-CA", "de", "en"]', 1)
        + '[templates]\nfolder = "own"\n'
    )
    (configured.parent / "own" / "locale").mkdir(parents=True)
    ran = run("check")
    assert (ran.code, ran.err.count("warning: ")) == (0, 1), ran
    assert "[site] languages names de, which has no texts" in ran.err
    (configured.parent / "own" / "locale" / "de.json").write_text(
        '{"wall.register.heading": "Los"}'
    )
    assert run("check").err == ""


def test_check_doubts_a_tier_that_no_plan_opens(run: Run, configured: Path) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    rule = "  - { name: the club, path: /club/, access: paid, tiers: [gold, clubb] }\n"
    policy.write_text(policy.read_text() + rule)
    assert run("check").err == "", "nothing is sold here: operators grant"
    plan = '[[plan]]\nid = "{0}"\nname.en = "{0}"\ntiers = ["{0}"]\nprices = ["price_{0}"]\n'
    stripe = '[stripe]\nsecret_key = "sk_test_1"\nwebhook_secrets = ["whsec_1"]\n'
    sold = configured.read_text() + stripe + "automatic_tax = true\n"
    configured.write_text(sold + plan.format("golden") + plan.format("club"))
    ran = run("check")
    assert ran.code == 0, "`reader grant` may open it"
    no = "no plan opens the tier"
    open_ = "plans open: club, golden"
    assert ran.err.splitlines() == [
        f"warning: policies/site.yaml:11:5: rule `the club`: {no} `clubb`; {open_}",
        f"warning: policies/site.yaml:11:5: rule `the club`: {no} `gold`; {open_}",
        f"warning: label `meta: article:content_tier`, word `locked`: {no} `gold`; {open_}",
    ]
    configured.write_text(sold + plan.format("gold") + plan.format("clubb"))
    assert run("check").err == ""


def test_check_live_samples_the_sitemap_by_template(run: Run, configured: Path) -> None:
    ran = run("check", "--live")
    assert ran.code == 0, ran
    assert "4 of 4 pages that the sitemap names" in ran.out
    assert "/a/*  (4)" in ran.out
    assert "2 × article: paid(gold), teaser, label locked (meta: article:content_tier)" in ran.out
    assert "1 × article: public, full, label free" in ran.out


def test_check_live_fails_where_bodies_arent_found(run: Run, configured: Path) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text().replace(".story-text", ".no-such-thing"))
    ran = run("check", "--live")
    assert ran.code == 1
    assert "no body found, so none of it is shown in part: /a/storm-inquiry" in ran.out


def test_check_live_fails_where_a_label_cant_be_read(run: Run, configured: Path) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text().replace("metered: members, ", ""))
    ran = run("check", "--live")
    assert ran.code == 1
    assert "no map knows the label “metered”, so it is the strictest: /a/storm-inquiry" in ran.out


def test_check_live_tells_of_marks_that_are_settled_for_nobody(
    run: Run, configured: Path, site: NewsSite
) -> None:
    site.marked = '<a data-lg-when="anonymous" href="/-/login">Log in</a>'
    assert run("check", "--live").code == 0
    policy = configured.parent / "policies" / "site.yaml"
    text = policy.read_text()
    policy.write_text(text.replace("label: any, access: as-labelled", "path: /b/**, access: paid"))
    ran = run("check", "--live")
    assert ran.code == 1
    assert "its data-lg-when marks are settled for nobody, since nothing could gate it" in ran.out
    rule = "rules:\n  - { name: notes, path: /a/**, access: public, cache: 60s }"
    policy.write_text(policy.read_text().replace("rules:", rule))
    assert run("check", "--live").code == 0


def test_check_finds_selectors_that_can_t_be_read(run: Run, configured: Path) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text() + 'remove: [".ad", "p:::x", "div >> > a"]\n')
    ran = run("check")
    assert ran.code == 1
    line = policy.read_text().count("\n")
    for selector in ("p:::x", "div >> > a"):
        column = policy.read_text().splitlines()[-1].index(selector) + 1
        assert f"{policy.name}:{line}:{column}: `{selector}` is no CSS selector" in ran.err
    assert "`.ad`" not in ran.err


def test_check_online_asks_each_provider(
    run: Run, configured: Path, httpserver: HTTPServer
) -> None:
    issuer = httpserver.url_for("/idp").rstrip("/")
    configured.write_text(
        configured.read_text()
        + f'[[login.provider]]\nid = "a"\nissuer = "{issuer}"\nclient_id = "c"\nclient_secret = "s"\n'
    )
    told = {"issuer": issuer} | dict.fromkeys(
        ("authorization_endpoint", "token_endpoint", "jwks_uri"), f"{issuer}/x"
    )
    path = "/idp/.well-known/openid-configuration"
    for answer, line in (
        (told, ""),
        (told | {"issuer": "https://evil.example"}, f"names another issuer than {issuer}"),
        (told | {"jwks_uri": 3}, "its metadata can't be used: jwks_uri"),
        ([], "its metadata can't be used: not an object"),
    ):
        httpserver.expect_oneshot_request(path).respond_with_json(answer)
        ran = run("check", "--online")
        assert ran.code == (1 if line else 0)
        assert line in ran.err
    assert run("check", "--online").err == "a: its metadata answers 500\n"


# explain


def test_explain_says_why(run: Run, configured: Path) -> None:
    ran = run("explain", "http://127.0.0.1:8000/a/open-letters")
    assert ran.code == 0, ran
    assert "decision    teaser, wall subscribe (subscription-needed)" in ran.out
    assert "rule        what the site labelled" in ran.out
    assert "label       locked (from meta: article:content_tier)" in ran.out
    assert "dropped     Set-Cookie visit" in ran.out


def test_explain_asks_the_origin_for_no_page_of_ours(
    run: Run, configured: Path, site: NewsSite
) -> None:
    asked = len(site.server.log)
    ran = run("explain", "/-/plans")
    assert ran.code == 0, ran
    assert "the gateway's own: no rule is asked, and never the origin" in ran.out
    assert "answer" not in ran.out
    assert len(site.server.log) == asked


def test_explain_in_report_mode_says_who_fetches(run: Run, configured: Path) -> None:
    text = configured.read_text().replace("[policies]", '[policies]\nmode = "report"')
    configured.write_text(text)
    ran = run("explain", "/a/open-letters")
    assert "fetched as  the reader: in report mode" in ran.out
    assert "caching" not in ran.out, "the origin said nothing of it"
    assert "dropped" not in ran.out


@pytest.mark.parametrize(
    ("reader", "decision", "wall"),
    [
        ("anonymous", "teaser", "subscribe"),
        ("member", "teaser", "subscribe"),
        ("tier:silver", "teaser", "upgrade"),
        ("tier:gold", "full", ""),
    ],
)
def test_explain_for_each_reader(
    run: Run, configured: Path, reader: str, decision: str, wall: str
) -> None:
    ran = run("explain", "/a/open-letters", "--as", reader, "--json")
    told = json.loads(ran.out)
    assert (told["decision"], told["wall"]) == (decision, wall)
    assert told["status"] == 200
    assert told["words_kept"] + told["words_withheld"] == sum(
        len(each.split()) for each in paragraphs("Cawderpool")
    )
    assert (told["words_withheld"] == 0) is (decision == "full")
    assert told["cache_control"].startswith("private" if reader != "anonymous" else "public")


def test_explain_prints_the_very_body(run: Run, configured: Path) -> None:
    anonymous = run("explain", "/a/open-letters", "--body").out
    gold = run("explain", "/a/open-letters", "--body", "--as", "tier:gold").out
    last = paragraphs("Cawderpool")[-1]
    assert last in gold
    assert last not in anonymous
    assert "lg-wall" in anonymous


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("/a//open-letters", "answer      308 to /a/open-letters"),
        ("/a/%2e%2e/b", "answer      400"),
        ("/llms.txt", "decision    refuse (refused-by-rule)"),
        ("/posts.json", "answer      404"),
    ],
)
def test_explain_what_isnt_an_article(run: Run, configured: Path, target: str, line: str) -> None:
    assert line in run("explain", target).out


def test_explain_doubts_a_tier_that_nobody_names(run: Run, configured: Path) -> None:
    ran = run("explain", "/a/open-letters", "--as", "tier:golden", "--json")
    assert json.loads(ran.out)["wall"] == "upgrade"
    assert ran.err == "warning: no rule, label or plan names the tier `golden`; named: gold\n"
    assert run("explain", "/a/open-letters", "--as", "tier:gold").err == ""


def test_explain_refuses_what_it_cant_know(run: Run, configured: Path) -> None:
    assert run("explain", "/", "--as", "nobody").code == 2
    told = "no reader has the address a@b.example"
    assert told in run("explain", "/", "--as", "a@b.example").err, "an absent store is made"
    other = run("explain", "https://other.example/")
    assert other.code == 1
    assert other.err == "lychgate: host-unknown: the site is http://127.0.0.1:8000\n"
    for command in (("explain",), ("open", "--until", "2d", "--reason", "x")):
        half = run(*command, "http://[::1")
        assert (half.code, half.err) == (1, "lychgate: url-unreadable: http://[::1\n")


def test_explain_says_of_a_redirect_what_its_head_says(
    run: Run, configured: Path, site: NewsSite
) -> None:
    site.server.expect_request("/moved").respond_with_data("", 301, {"Location": "/a/x"})
    ran = run("explain", "/moved")
    assert "answer      301 to /a/x" in ran.out
    assert "caching     public, max-age=0, must-revalidate (as the origin says" in ran.out


def test_explain_a_reader_by_address(run: Run, configured: Path) -> None:
    run("migrate")
    with sqlite3.connect(configured.parent / "lychgate.db") as store:
        store.execute(
            "INSERT INTO reader (id, email, email_verified, name, language, newsroom, created_at)"
            " VALUES ('r1', 'Camille@reader.example', 1, '', '', 1, 0)"
        )
    store.close()
    ran = run("explain", "/a/open-letters", "--as", "camille@reader.example")
    assert "decision    full (newsroom)" in ran.out


# open, migrate


def test_open_is_written_with_its_reason_and_counts(run: Run, configured: Path) -> None:
    ran = run("open", "/a/open-letters", "--until", "2d", "--reason", "a public inquiry")
    assert ran.code == 0, ran
    assert ran.out.startswith("/a/open-letters is open to everyone until ")
    with sqlite3.connect(configured.parent / "lychgate.db") as store:
        rows = store.execute("SELECT act, what, why FROM audit").fetchall()
    store.close()
    assert rows == [("open", "/a/open-letters", "a public inquiry")]
    assert "decision    full (opened-by-hand)" in run("explain", "/a/open-letters").out
    assert "decision    teaser" in run("explain", "/a/late-tides").out


def test_what_was_opened_is_closed_again(run: Run, configured: Path) -> None:
    closing = ("open", "/a/open-letters", "--until", "now", "--reason", "a slip")
    ran = run(*closing)
    assert (ran.code, ran.out) == (1, "Nothing of it was open by hand.\n")
    run("open", "/a/open-letters", "--until", "2d", "--reason", "a public inquiry")
    ran = run(*closing)
    assert (ran.code, ran.out) == (0, "What was opened of /a/open-letters is closed again.\n")
    with sqlite3.connect(configured.parent / "lychgate.db") as store:
        rows = store.execute("SELECT act, what, why FROM audit").fetchall()
        news = store.execute("SELECT count(*) FROM news WHERE kind = 'opening'").fetchone()
    store.close()
    assert rows[1:] == [("close", "/a/open-letters", "a slip")]
    assert news == (2,)
    assert "decision    teaser" in run("explain", "/a/open-letters").out


def test_open_needs_a_reason_and_a_time_to_come(run: Run, configured: Path) -> None:
    assert run("open", "all", "--until", "2d", "--reason", " ").code == 2
    assert "is over already" in run("open", "all", "--until", "2020-01-01", "--reason", "x").err
    assert run("open", "/a/../b", "--until", "2d", "--reason", "x").code == 1
    assert not (configured.parent / "lychgate.db").exists()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400),
        ("12h", 43_200),
        ("2d", 172_800),
        ("1970-01-01T02:00", 3600),  # Paris is an hour ahead
        ("1970-01-01T02:00+00:00", 7200),
        ("1970-01-01", 82_800),  # its end
    ],
)
def test_moments(text: str, seconds: int) -> None:
    assert instant(text, now=0.0, zone=ZoneInfo("Europe/Paris")) == seconds


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "1e9", "0h", "99999d99"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        instant(text, now=0.0, zone=ZoneInfo("UTC"))


def test_migrate_twice(run: Run, configured: Path) -> None:
    assert run("migrate").out == "The store was migrated.\n"
    assert run("migrate").out == "The store is current.\n"


# serve


def test_serve_refuses_faults_before_it_starts(run: Run, configured: Path, site: NewsSite) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    sound = policy.read_text()
    policy.write_text("version: 2\ndefault: public\n")
    ran = run("serve")
    assert (ran.code, ran.err) == (1, "policies/site.yaml:1:10: `version` is 1\n")
    policy.write_text(sound)
    configured.write_text(configured.read_text().replace("http://127.0.0.1:8000", site.url))
    ran = run("serve")
    assert ran.code == 1
    assert "would ask itself" in ran.err


# init


def test_init_proposes_what_it_saw(run: Run, site: NewsSite, tmp_path: Path) -> None:
    ran = run("init", "--origin", site.url)
    assert ran.code == 0, ran
    assert "made with   Hugo 0.111.3" in ran.out
    assert "body        .story-text within article" in ran.out
    assert "label       meta article:content_tier: " in ran.out
    config, policy = tmp_path / "lychgate.toml", tmp_path / "policies" / "site.yaml"
    assert len(config.read_text().splitlines()) <= 15
    assert len(policy.read_text().splitlines()) <= 15
    assert "body: ['.story-text']" in policy.read_text()
    assert 'name = "The Tidewater Post"' in config.read_text()
    assert run("check", "--live").code == 0
    assert "wall register" in run("explain", "/a/storm-inquiry").out


def test_init_makes_a_key_for_its_owner_alone_and_keeps_it(
    run: Run, site: NewsSite, tmp_path: Path
) -> None:
    run("init", "--origin", site.url)
    key = tmp_path / "lychgate.key"
    first = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(first.strip()) >= 32
    ran = run("init", "--origin", site.url)
    assert ran.code == 1
    assert "lychgate.toml and policies/site.yaml exist; --force overwrites them" in ran.err
    assert run("init", "--origin", site.url, "--force").code == 0
    assert key.read_text() == first


def test_init_writes_the_config_that_it_is_told(run: Run, site: NewsSite, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    assert run("init", "--origin", site.url, "--config", "etc/gate.toml").code == 0
    found = sorted(path.name for path in (tmp_path / "etc").iterdir())
    assert found == ["gate.toml", "lychgate.key", "policies"]
    assert run("--config", "etc/gate.toml", "check").code == 0


@pytest.mark.parametrize("command", ["demo", "try", "bench", "init", "check", "serve", "migrate"])
def test_every_command_takes_a_config(run: Run, command: str) -> None:
    assert "--config FILE" in run(command, "--help").out


def test_a_config_before_the_command_is_that_of_the_command(run: Run) -> None:
    assert run("--config", "a.toml", "check").err.startswith("a.toml:")
    assert run("-c", "a.toml", "reader", "show", "ana@news.example").err.startswith("a.toml:")
    assert run("-c", "a.toml", "check", "-c", "b.toml").err.startswith("b.toml:")


def test_a_store_that_cant_be_opened_is_named_with_the_reason(run: Run, configured: Path) -> None:
    (configured.parent / "notes.db").write_text("not a database, but long enough to be read" * 20)
    for url, why in (
        ("sqlite:////nowhere/x.db", "sqlite:////nowhere/x.db: unable to open database file"),
        ("sqlite:///notes.db", "notes.db: file is not a database"),
    ):
        with configured.open("a") as config:
            config.write(f'[store]\nurl = "{url}"\n')
        ran = run("ledger", "verify")
        assert ran.code == 1
        assert ran.err.startswith("lychgate: store-unavailable: ")
        assert ran.err.endswith(f"{why}\n")
        configured.write_text(configured.read_text().rpartition("[store]")[0])


def test_init_of_nobody(run: Run, tmp_path: Path) -> None:
    ran = run("init", "--origin", "http://127.0.0.1:9")
    assert ran.code == 1
    assert ran.err == "lychgate: origin-failed: nobody answers at that address\n"
    assert list(tmp_path.iterdir()) == []
    assert run("init", "--origin", "ftp://x").code == 2


@pytest.mark.parametrize(
    "words",
    [
        *(
            (*command, url)
            for command in (("init", "--origin"), ("try",), ("audit", "--sitemap"))
            for url in ("http://[::1", "http://127.0.0.1:99999", "http://a@news.example")
        ),
        ("init", "--origin", "http://127.0.0.1:9", "--url", "not a url"),
        ("init", "--origin", "http://127.0.0.1:9", "--url", "http://news.example"),
    ],
)
def test_an_address_that_no_site_can_have(
    run: Run, configured: Path, words: tuple[str, ...]
) -> None:
    ran = run(*words)
    assert ran.code == 2
    assert words[-1] in ran.err or "a whole URL is needed" in ran.err
    assert "Traceback" not in ran.err


def test_init_says_where_it_cant_write(run: Run, site: NewsSite, tmp_path: Path) -> None:
    (tmp_path / "policies").write_text("")
    ran = run("init", "--origin", site.url)
    assert (ran.code, ran.err) == (1, "lychgate: policies: File exists\n")
    assert [path.name for path in tmp_path.iterdir()] == ["policies"]


def test_init_writes_an_address_as_check_wants_it(run: Run, site: NewsSite, tmp_path: Path) -> None:
    assert run("init", "--origin", site.url, "--url", "https://news.example:443/").code == 0
    assert 'url = "https://news.example" ' in (tmp_path / "lychgate.toml").read_text()
    assert run("check").code == 0


def test_init_of_a_site_of_one_page_believes_no_status(run: Run, httpserver: HTTPServer) -> None:
    page = "<html><head><title>App</title></head><body><div id=app></div></body></html>"
    httpserver.expect_request(re.compile("/.*")).respond_with_data(page, content_type="text/html")
    ran = run("init", "--origin", httpserver.url_for("").rstrip("/"))
    assert ran.code == 0, ran
    assert "made with   no system that is known here" in ran.out


@pytest.mark.parametrize(
    ("path", "status", "name"),
    [("/wp-json/", 200, "WordPress"), ("/ghost/api/content/settings/", 403, "Ghost")],
)
def test_init_knows_a_system_by_the_data_that_it_answers_with(
    run: Run, httpserver: HTTPServer, path: str, status: int, name: str
) -> None:
    httpserver.expect_request("/").respond_with_data("<title>A</title>", content_type="text/html")
    httpserver.expect_request(path).respond_with_data(
        "{}", status, content_type="application/json; charset=UTF-8"
    )
    assert f"made with   {name} (" in run("init", "--origin", httpserver.url_for("")).out


@pytest.mark.parametrize(
    ("status", "headers"), [(200, {}), (302, {"Location": "http://a@news.example/"})]
)
def test_init_of_a_site_that_names_what_is_no_address(
    run: Run, httpserver: HTTPServer, status: int, headers: dict[str, str]
) -> None:
    page = '<title>The Post</title><link rel="canonical" href="http://[::1">'
    httpserver.expect_request("/").respond_with_data(page, status, headers)
    ran = run("init", "--origin", httpserver.url_for(""))
    assert ran.code == 0, ran
    assert ": The Post\n" in ran.out


# audit


def test_audit_finds_every_leak_of_an_open_site(run: Run, configured: Path, site: NewsSite) -> None:
    ran = run("audit", "--sitemap", f"{site.url}/sitemap.xml", "--json")
    assert ran.code == 1, ran
    told = json.loads(ran.out)
    assert told["withheld_articles"] == 3
    leaked = {leak["article"] for leak in told["leaks"]}
    assert leaked == {"/a/storm-inquiry", "/a/open-letters", "/a/late-tides"}
    assert all(leak["url"].startswith(site.url) and leak["place"] for leak in told["leaks"])
    assert KEY not in ran.out


def test_audit_of_a_closed_site_finds_nothing(run: Run, configured: Path, site: NewsSite) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text().replace("paragraphs: 1", "paragraphs: 2"))
    site.gated = True
    ran = run("audit", "--sitemap", f"{site.url}/sitemap.xml")
    assert ran.code == 0, ran
    assert "No public surface shows withheld text." in ran.out
    assert ran.err == ""


def test_audit_finds_a_forgotten_face(run: Run, configured: Path, site: NewsSite) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text().replace("paragraphs: 1", "paragraphs: 2"))
    site.gated = True
    site.leaking = "Dunmorrow"
    ran = run("audit", "--sitemap", f"{site.url}/sitemap.xml")
    assert ran.code == 1
    assert f"{site.url}/posts.json  " in ran.out
    assert "/a/late-tides, line 1, in the text" in ran.out


def test_audit_of_a_public_address_that_is_down(run: Run, configured: Path) -> None:
    ran = run("audit", "--sitemap", "http://127.0.0.1:9/sitemap.xml")
    assert ran.code == 3
    where = "lychgate: http://127.0.0.1:9 can't be asked: nobody answers at that address"
    assert ran.err == where + "\n"
    config = configured.read_text()
    configured.write_text(config.replace("http://127.0.0.1:8000", "http://127.0.0.1:9"))
    ran = run("audit")
    assert ran.err == where + "; where it is this gateway, start `lychgate serve` first\n"


def test_audit_that_could_not_look_never_says_that_nothing_shows(
    run: Run, configured: Path, site: NewsSite
) -> None:
    policy = configured.parent / "policies" / "site.yaml"
    policy.write_text(policy.read_text().replace("paragraphs: 1", "paragraphs: 2"))
    site.gated = True
    ran = run("audit", "--sitemap", f"{site.url}/no-such-sitemap.xml")
    assert ran.code == 3
    assert "names no page of" in ran.err
    assert "Of what could be read, no public surface" in ran.out
    origin = configured.read_text().replace(
        f'origin = "{site.url}"', 'origin = "http://127.0.0.1:9"'
    )
    configured.write_text(origin)
    ran = run("audit", "--sitemap", f"{site.url}/sitemap.xml")
    assert ran.code == 3
    assert "Nothing was read, so nothing can be said." in ran.out
    assert "No public surface" not in ran.out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OriginFailed("ConnectionRefusedError"), "nobody answers at that address"),
        (OriginFailed("SSLCertVerificationError"), "its certificate can't be trusted"),
        (OriginFailed("SomethingForeign"), "the connection failed"),
        (OriginFailed("the origin hung up"), "the origin hung up"),
        (OriginTimeout(), "no answer in time"),
        (OriginFailed(), "no answer"),
    ],
)
def test_no_class_is_named_to_people(error: OriginFailed, said: str) -> None:
    assert not_reached(error) == said


def test_audit_lists_badges_that_contradict_decisions(
    run: Run, configured: Path, site: NewsSite
) -> None:
    site.gated = True
    ran = run("audit", "--sitemap", f"{site.url}/sitemap.xml", "--json")
    badges = json.loads(ran.out)["badges"]
    assert {badge["article"] for badge in badges} == {
        "/a/storm-inquiry",
        "/a/open-letters",
        "/a/late-tides",
    }
    assert badges[0]["word"] == "Public"
