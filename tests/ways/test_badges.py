"""``badges: correct`` through the gateway: a listing's badges say what its pages ask."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.ways.house import Page, house

POLICY = """
version: 1
default: public
badges: correct
teaser: { body: [".body"], root: ["article.story"] }
labels:
  - css: .badge
    map: { Membres: members, Publique: public, Abonnés: paid }
rules:
  - { name: dossiers, path: /dossiers/**, access: paid }
  - { name: labelled, label: any, access: as-labelled }
"""


def card(link: str, word: str) -> str:
    return (
        f'<article class="card"><a href="{link}">x</a><span class="badge">{word}</span></article>'
    )


FRONT = "".join(
    (
        card("/dossiers/a", "Membres"),
        card("/b", "Membres"),
        card("/c", "Abonnés"),
        card("/d", "Publique"),
    )
)
STORY = (
    '<!doctype html><html lang=fr><body><article class="story"><span class="badge">Publique</span>'
    '<div class="body"><p>Un alinéa entier de cette histoire.</p></div></article></body></html>'
)
KEPT = (("Cache-Control", "max-age=50"),)


@pytest.mark.anyio
async def test_badges_follow_what_is_known_and_nothing_is_fetched_for_them(tmp_path: Path) -> None:
    pages = {
        "/": Page(f"<!doctype html><html lang=fr><body>{FRONT}</body></html>".encode()),
        "/b": Page(STORY.encode(), headers=KEPT),
    }
    async with house(tmp_path, policy=POLICY, pages=dict(pages)) as inside:
        host, port = inside.address
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}") as client:
            await client.get("/b", headers={"host": "localhost"})
            front = (await client.get("/", headers={"host": "localhost"})).text
        assert [asked.target for asked in inside.origin.seen] == [b"/b", b"/"]
    words = [part.split("<")[0] for part in front.split('class="badge">')[1:]]
    assert words == ["Abonnés", "Publique", "Abonnés", "Publique"]
