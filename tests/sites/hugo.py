"""A Hugo site as a careless newsroom has it: whole articles in its feeds, JSON and plain-text twins.

Written, built by Hugo and served by nginx, all in a folder of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.bench.processes import free_port, run, running
from tests.peers import program
from tests.sites.behind import paragraphs

PARAGRAPHS = 8
TIERS = ("free", "metered", "locked")
ARTICLES = 60
_CONFIG = """\
baseURL = "{url}/"
title = "The Courier"
languageCode = "en"
enableRobotsTXT = true
paginate = 10
[outputs]
home = ["HTML", "RSS", "JSON"]
section = ["HTML", "RSS"]
page = ["HTML", "JSON"]
[markup.goldmark.renderer]
unsafe = true
"""
_HEAD = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title>
{{ with .Params.access }}<meta property="article:content_tier" content="{{ . }}">{{ end }}
<meta name="description" content="{{ .Summary | plainify | truncate 400 }}">
{{ if .IsPage }}<script type="application/ld+json">{"@context":"https://schema.org",
"@type":"NewsArticle","headline":{{ .Title }},"articleBody":{{ .Plain }}}</script>{{ end }}
</head><body><header><a href="/">The Courier</a></header>
"""
_LAYOUTS = {
    "_default/single.html": _HEAD
    + """<main><article><h1>{{ .Title }}</h1><span class="badge">{{ .Params.access }}</span>
<div class="post-content">{{ .Content }}</div>
<!-- {{ .Plain }} --></article>
<aside>{{ range first 3 (where site.RegularPages "Section" "news") }}<a href="{{ .RelPermalink }}">
<b>{{ .Title }}</b> <span class="badge">{{ .Params.access }}</span></a>{{ end }}</aside>
</main></body></html>""",
    "_default/list.html": _HEAD
    + """<main><ul>{{ range .Paginator.Pages }}<li><a href="{{ .RelPermalink }}">{{ .Title }}</a>
<span class="badge">{{ .Params.access }}</span></li>{{ end }}</ul>
{{ template "_internal/pagination.html" . }}</main></body></html>""",
    "_default/rss.xml": """{{ printf "<?xml version=\\"1.0\\"?>" | safeHTML }}
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>{{ .Title }}</title><link>{{ .Permalink }}</link><description>News</description>
{{ range .Site.RegularPages }}<item><title>{{ .Title }}</title><link>{{ .Permalink }}</link>
<guid>{{ .Permalink }}</guid><description>{{ .Summary | html }}</description>
<content:encoded>{{ .Content | html }}</content:encoded></item>{{ end }}</channel></rss>""",
    "_default/single.json": '{"title":{{ .Title | jsonify }},"text":{{ .Plain | jsonify }}}',
    "index.json": (
        '[{{ range $n, $p := .Site.RegularPages }}{{ if $n }},{{ end }}{"u":{{ $p.RelPermalink |'
        ' jsonify }},"t":{{ $p.Plain | jsonify }}}{{ end }}]'
    ),
}
_NGINX = """\
daemon off; {user} pid {home}/pid; error_log stderr error; worker_processes 1;
events {{}}
http {{
    types {{ text/html html; application/rss+xml xml; application/json json; text/css css;
            text/markdown md; text/plain txt; }}
    charset utf-8; access_log off;
    client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f;
    uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    server {{ listen 127.0.0.1:{port}; root {public}; index index.html; absolute_redirect off; }}
}}
"""


@dataclass(frozen=True)
class Article:
    name: str
    path: str
    tier: str


@dataclass(frozen=True)
class Hugo:
    url: str
    public: Path
    articles: tuple[Article, ...]

    def every_path(self) -> list[str]:
        """Each file of the site, and each folder as its page."""
        found = []
        for file in sorted(self.public.rglob("*")):
            if file.is_file():
                path = "/" + file.relative_to(self.public).as_posix()
                found += [path, path.removesuffix("index.html")]
        return sorted(set(found))


@contextmanager
def hugo(folder: Path, *, reader_url: str) -> Iterator[Hugo]:
    """Built for the address that readers type, served on one of its own."""
    source, public = folder / "source", folder / "public"
    articles = _write(source, reader_url)
    run([program("hugo"), "--quiet", "-s", str(source), "-d", str(public)], timeout_seconds=120)
    # What sites forget: the sources beside the pages, and a file for language models.
    for article in articles:
        text = (source / "content" / "news" / f"{article.name}.md").read_text()
        (public / "news" / article.name / "index.md").write_text(text)
        with (public / "llms-full.txt").open("a") as everything:
            everything.write(text)
    home, port = folder / "nginx", free_port()
    home.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    config = home / "nginx.conf"
    config.write_text(_NGINX.format(user=user, home=home, port=port, public=public))
    command = [program("nginx"), "-p", str(home), "-c", str(config)]
    with running("hugo", command, port=port, folder=home):
        yield Hugo(f"http://127.0.0.1:{port}", public, tuple(articles))


def _write(source: Path, reader_url: str) -> list[Article]:
    for name, text in _LAYOUTS.items():
        path = source / "layouts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (source / "config.toml").write_text(_CONFIG.format(url=reader_url))
    news = source / "content" / "news"
    news.mkdir(parents=True)
    articles = []
    for number in range(ARTICLES):
        tier = TIERS[number % len(TIERS)]
        name = f"{tier}-{number:03}"
        front = {
            "title": f"The {name} affair",
            "date": f"2026-{number % 9 + 1:02}-{number % 27 + 1:02}T08:00:00Z",
            "access": tier,
            "tags": [f"topic{number % 5}"],
        }
        body = "\n\n".join(paragraphs(name, PARAGRAPHS))
        (news / f"{name}.md").write_text(f"{json.dumps(front)}\n\n{body}\n")
        articles.append(Article(name, f"/news/{name}/", tier))
    return articles
