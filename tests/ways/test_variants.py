"""A variant that many wait for is made once, and by nobody in vain."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.edge import showing
from gateway.page.render import render_teaser
from tests.ways.house import Page, house

POLICY = """version: 1
default: public
teaser: { root: [article], body: [article], keep: { paragraphs: 1 } }
rules:
  - { name: members, path: /members/**, access: members, cache: 60s }
"""
STORY = Page(
    f"<!doctype html><article><p>It begins.</p><p>{'It rains. ' * 400}</p></article>".encode()
)


@pytest.mark.anyio
async def test_fifty_who_wait_for_one_teaser_have_it_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    draw = render_teaser

    def counted(*given: Any, **named: Any) -> Any:
        made.append(named["return_to"])
        return draw(*given, **named)

    monkeypatch.setattr(showing, "render_teaser", counted)
    async with house(tmp_path, policy=POLICY, pages={"/members/a": STORY}) as inside:
        host, port = inside.address
        limits = httpx2.Limits(max_connections=50)
        async with httpx2.AsyncClient(
            base_url=f"http://{host}:{port}", limits=limits, trust_env=False
        ) as client:
            asked = [client.get("/members/a", headers={"host": "localhost"}) for _ in range(50)]
            answers = await asyncio.gather(*asked)
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert made == ["/members/a"]


@pytest.mark.anyio
async def test_a_fault_in_making_is_everybodys_and_the_next_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = render_teaser

    def fails(*given: Any, **named: Any) -> Any:
        raise RuntimeError("as no template should")

    monkeypatch.setattr(showing, "render_teaser", fails)
    async with house(tmp_path, policy=POLICY, pages={"/members/a": STORY}) as inside:
        host, port = inside.address
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False) as client:
            asked = [client.get("/members/a", headers={"host": "localhost"}) for _ in range(5)]
            answers = await asyncio.gather(*asked)
            assert {answer.status_code for answer in answers} == {500}
            assert not any("It rains" in answer.text for answer in answers)
            monkeypatch.setattr(showing, "render_teaser", draw)
            again = await client.get("/members/a", headers={"host": "localhost"})
            assert again.status_code == 200
            assert "It begins" in again.text
