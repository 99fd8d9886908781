"""The README is the manual: what it names is there. `make docs` runs this file alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway import config
from gateway.model.decision import Reason

ROOT = Path(__file__).resolve().parent.parent
MANUAL = (ROOT / "README.md").read_text("utf-8")
LINKS = sorted(
    {
        link
        for link in re.findall(r"\]\(([^)\s]+)\)", MANUAL)
        if "://" not in link and link[0] != "#"
    }
)


@pytest.mark.parametrize("link", LINKS)
def test_what_the_manual_links_to_is_there(link: str) -> None:
    assert (ROOT / link.split("#", maxsplit=1)[0]).exists()


def test_the_commands_of_the_manual_are_targets() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)(?:PEERS=none )?make ([a-z-]+)", MANUAL, re.MULTILINE))
    assert {"run", "test"} <= named
    assert named <= targets


def test_the_folders_that_the_manual_names_are_there() -> None:
    named = set(re.findall(r"`((?:deploy|policies|templates|gateway)/[\w./-]*)`", MANUAL))
    assert named
    assert not {path for path in named if not (ROOT / path).exists()}


def test_every_setting_is_documented() -> None:
    assert not [key for key in sorted(config.keys()) if f"`{key}`" not in MANUAL]


def test_every_reason_is_documented() -> None:
    assert not [reason for reason in Reason if f"| `{reason}` |" not in MANUAL]
