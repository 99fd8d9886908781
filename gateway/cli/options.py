"""What several commands ask alike: the config file, and how it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.policy.compile import Policy

DEFAULT = Path("lychgate.toml")

Config = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", help="The config file to read.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def settings_of(config: Path) -> Settings:
    """Raises Faults."""
    from gateway.config import load_settings

    return load_settings(config)


def policy_of(settings: Settings) -> Policy:
    """Raises Faults."""
    from gateway.policy.compile import compile_policy
    from gateway.policy.load import load

    return compile_policy(load(settings.policies.folder))
