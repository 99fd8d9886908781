"""The console's pages in each of their states, for ``Templates.check`` and the tests that look at them.

They aren't in the preview: that is of what readers see.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.page import journal_samples

Context = dict[str, object]

DESK: Context = {
    "who": "compta@news.example",
    "roles": ["admin", "finance"],
    "tabs": [
        {"name": name, "href": f"/-/finance/{name}", "here": name == "journal", "count": count}
        for name, count in (
            ("journal", 0),
            ("work", 3),
            ("day", 0),
            ("readers", 0),
            ("explain", 0),
            ("audit", 0),
        )
    ],
}


def pages() -> Iterator[tuple[str, str, Context]]:
    """Each a state, a template's name and its context."""
    for state, name, context in (*_explaining(), *journal_samples.pages()):
        yield state, name, {"desk": DESK, **context}


def _explaining() -> Iterator[tuple[str, str, Context]]:
    asked: Context = {"url": "/culture/exemple", "named": "anonymous", "wrong": "", "told": []}
    facts = [("status", "200"), ("decision", "teaser"), ("reason", "account-needed")]
    yield "explain", "finance-explain", {**asked, "told": facts}
    yield "explain-wrong", "finance-explain", {**asked, "wrong": "console.origin"}
