"""The settings: ``lychgate.toml`` and ``LYCHGATE_…`` as one frozen value, or every fault at once.

``sections`` holds the nouns, ``values`` the checks of one value each, ``places`` finds a key in the
file, ``environment`` lays variables over it, ``reading`` puts it together. This package is the only
reader of the environment and takes 0.2 s to import (pydantic), so the command line imports it late.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.config import reading
from gateway.config.reading import hosts, keys
from gateway.config.sections import (
    Console,
    Keys,
    Limits,
    Login,
    Mail,
    Newsroom,
    Ops,
    Origin,
    Plan,
    Policies,
    Provider,
    Server,
    Settings,
    Site,
    Stripe,
)
from gateway.config.values import Bind

__all__ = [
    "Bind",
    "Console",
    "Keys",
    "Limits",
    "Login",
    "Mail",
    "Newsroom",
    "Ops",
    "Origin",
    "Plan",
    "Policies",
    "Provider",
    "Server",
    "Settings",
    "Site",
    "Stripe",
    "hosts",
    "in_environment",
    "keys",
    "load_settings",
]


def load_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises ``errors.Faults`` with every fault of the file and the environment."""
    return reading.load_settings(path, environ)


def in_environment(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment says where the site is, so that no file may be needed."""
    return "LYCHGATE_SITE__URL" in environ
