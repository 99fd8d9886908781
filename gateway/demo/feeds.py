"""The paper's other faces: RSS and JSON Feed with whole articles, the sitemap, robots.txt.

They hold every withheld word on purpose, as the feeds of real sites do: closing them is the
gateway's work, and the demo shows it.
"""

from __future__ import annotations

import json
from email.utils import format_datetime
from xml.sax.saxutils import escape

from gateway.demo.articles import Article
from gateway.demo.edition import HOME, NAME, SECTIONS, Edition, moment


def rss(edition: Edition, language: str, path: str) -> str:
    """RSS 2.0 with ``content:encoded``. The label is a category, beside the tags."""
    items = "".join(_rss_item(edition, article) for article in edition.in_language(language))
    home = edition.url + HOME[language]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<channel>\n<title>{NAME}</title>\n<link>{escape(home)}</link>\n"
        f"<description>{NAME}</description>\n<language>{language}</language>\n"
        f'<atom:link href="{escape(edition.url + path)}" rel="self"'
        ' type="application/rss+xml"/>\n'
        f"<lastBuildDate>{format_datetime(moment(edition.printed_at))}</lastBuildDate>\n"
        f"{items}</channel>\n</rss>\n"
    )


def _rss_item(edition: Edition, article: Article) -> str:
    url = escape(edition.url + article.path)
    words = (article.badge, SECTIONS[article.language][article.section][1], *article.tags)
    categories = "".join(f"<category>{escape(word)}</category>\n" for word in words)
    body = article.body.replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<item>\n<title>{escape(article.title)}</title>\n<link>{url}</link>\n"
        f'<guid isPermaLink="true">{url}</guid>\n<dc:creator>{escape(article.author)}</dc:creator>\n'
        f"<pubDate>{format_datetime(moment(article.published_at))}</pubDate>\n{categories}"
        f"<description>{escape(article.standfirst)}</description>\n"
        f"<content:encoded><![CDATA[{body}]]></content:encoded>\n</item>\n"
    )


def json_feed(edition: Edition, language: str, path: str) -> str:
    """JSON Feed 1.1."""
    items = [
        {
            "id": edition.url + article.path,
            "url": edition.url + article.path,
            "title": article.title,
            "summary": article.standfirst,
            "content_html": article.body,
            "image": f"{edition.url}/images/{article.image}.svg",
            "date_published": moment(article.published_at).isoformat(),
            "date_modified": moment(article.updated_at).isoformat(),
            "authors": [{"name": article.author}],
            "tags": [article.badge, *article.tags],
            "language": article.language,
        }
        for article in edition.in_language(language)
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": NAME,
        "home_page_url": edition.url + HOME[language],
        "feed_url": edition.url + path,
        "language": language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)


def sitemap(edition: Edition) -> str:
    urls = [f"<url><loc>{escape(edition.url + HOME[each])}</loc></url>\n" for each in HOME]
    for sections in SECTIONS.values():
        urls += [
            f"<url><loc>{escape(edition.url + path)}</loc></url>\n" for path, _ in sections.values()
        ]
    for article in edition.articles:
        changed = moment(article.updated_at).isoformat()
        urls.append(
            f"<url><loc>{escape(edition.url + article.path)}</loc>"
            f"<lastmod>{changed}</lastmod></url>\n"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{''.join(urls)}</urlset>\n"
    )


def robots(edition: Edition) -> str:
    return f"User-agent: *\nDisallow: /-/\nAllow: /-/plans\n\nSitemap: {edition.url}/sitemap.xml\n"
