"""The command line as it is typed, and a site for it to look at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from gateway.cli import main
from tests.cli.news_site import IDENTITY, NewsSite

KEY = "k" * 32
POLICY = """\
version: 1
include: [static]
default: public
teaser: { root: [article], body: [.story-text], keep: { paragraphs: 1, words_max: 40 } }
labels:
  - meta: article:content_tier
    map: { free: public, metered: members, locked: { access: paid, tiers: [gold] } }
  - css: .post-access
rules:
  - { name: what the site labelled, label: any, access: as-labelled }
"""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """``run("check", "--live")`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def type_it(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["lychgate", *words])
        with pytest.raises(SystemExit) as left:
            main()
        written = capfd.readouterr()
        return Ran(int(left.value.code or 0), written.out, written.err)

    return type_it


@pytest.fixture
def site(httpserver: HTTPServer) -> NewsSite:
    made = NewsSite(httpserver)
    made.serve()
    return made


@pytest.fixture
def configured(tmp_path: Path, site: NewsSite) -> Path:
    """Config and policy for the site, in the folder that commands run in."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "site.yaml").write_text(POLICY)
    file = tmp_path / "lychgate.toml"
    file.write_text(
        f'[site]\nurl = "http://127.0.0.1:8000"\norigin = "{site.url}"\nname = "The Tidewater Post"\n'
        f'timezone = "Europe/Paris"\n'
        f'[origin]\nheaders = {{ {IDENTITY[0]} = "{IDENTITY[1]}" }}\n'
        f'[policies]\n[keys]\ncookie = ["{KEY}"]\n'
    )
    return file
