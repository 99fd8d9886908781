"""What several commands ask alike: the config file, and how it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.errors import OriginFailed
    from gateway.policy.compile import Policy

DEFAULT = Path("lychgate.toml")

Config = Annotated[
    Path, typer.Option("--config", "-c", metavar="FILE", help="The config file to read.")
]
ConfigUnread = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="As every command takes it; not read here."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def settings_of(config: Path) -> Settings:
    """Raises Faults."""
    from gateway.config import load_settings

    return load_settings(config)


_NOT_REACHED = {
    "ConnectionRefusedError": "nobody answers at that address",
    "gaierror": "no machine has that name",
    "OriginTimeout": "no answer in time",
    "OriginBusy": "too much is asked of it already",
}


def not_reached(error: OriginFailed) -> str:
    """Why a site couldn't be asked. The detail may be the name of a class, which is for the log."""
    if not error.detail:
        return _NOT_REACHED.get(type(error).__name__, "no answer")
    if " " in error.detail:
        return error.detail
    if error.detail.startswith("SSL"):
        return "its certificate can't be trusted"
    return _NOT_REACHED.get(error.detail, "the connection failed")


def policy_of(settings: Settings) -> Policy:
    """Raises Faults."""
    from zoneinfo import ZoneInfo

    from gateway.policy.compile import compile_policy
    from gateway.policy.load import load

    timezone = ZoneInfo(settings.site.timezone)
    return compile_policy(load(settings.policies.folder, timezone=timezone))
