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
from gateway.config.reading import keys
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
from gateway.config.values import Bind, bare_url, site_url

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
    "bare_url",
    "keys",
    "load_settings",
    "policies_folder",
    "site_url",
]


def load_settings(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises ``errors.Faults`` with every fault of the file and the environment.

    An absent file is none where the environment says where the site is; files that settings name
    are seen from its folder all the same.
    """
    source, folder = _source(path, environ)
    return reading.load_settings(source, environ, folder=folder)


def policies_folder(path: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Where policies stand by settings that may be faulty otherwise. Raises ``errors.Faults`` where
    the file can't be read at all."""
    source, folder = _source(path, environ)
    return reading.policies_folder(source, environ, folder=folder)


def _source(path: Path | None, environ: Mapping[str, str]) -> tuple[Path | None, Path]:
    alone = path is None or ("LYCHGATE_SITE__URL" in environ and not path.exists())
    return None if alone else path, Path() if path is None else path.parent
