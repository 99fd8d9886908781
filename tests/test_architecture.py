"""The structure that ARCHITECTURE.md draws, kept by looking at the code: rooms, doors, purity, size.

A new folder, door or exception goes into the tables here, with its reason in ARCHITECTURE.md.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "gateway"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)

EVERYONE = {"model", "errors", "clock", "ops", "shipped"}
ROOMS = {
    "model": set(),
    "errors": {"model"},
    "clock": set(),
    "shipped": set(),
    "ops": {"model", "errors", "clock"},
    "config": set(),
    "edge": {"identity", "policy", "origin", "page"},
    "identity": set(),
    "policy": set(),
    "origin": set(),
    "page": set(),
    "rooms": {"identity"},
    "login": {"identity", "rooms"},
    "money": {"identity", "rooms"},
    # Explaining and auditing ask the gate itself, so that nothing is decided twice.
    "console": {"edge", "identity", "money", "rooms", "policy", "page", "origin"},
    "stores": {"identity"},  # the values of the ports that it implements
    "bus": set(),
    "jobs": {"money", "login", "identity", "stores", "bus", "config", "origin", "page", "wiring"},
    "demo": {"config", "policy"},
    "bench": {"config", "policy", "page", "identity", "stores", "money"},
    "cli": {"app", "config", "policy", "origin", "page", "console", "demo", "bench"}
    | {
        "supervisor",
        "worker",
        "stores",
        "identity",
        "edge",
        "wiring",
        "clock",
        "login",
        "jobs",
        "money",
        "rooms",
    },
    "supervisor": {"config", "stores"},
}
# The money way's packages, each with those that it may import beside itself; "" are the files that
# stand in no package. No arrow leads back: the fold knows nothing of who sells, leaves or writes.
MONEY = {
    "entries": set(),
    "folding": {"entries"},
    "stripe_api": {"entries", "folding"},
    "": {"entries", "folding"},
    "selling": {"entries", "folding", ""},
    "leaving": {"entries", "folding", ""},
    "arriving": {"entries", "folding", ""},
    "life": {"entries", "folding", ""},
}
COMPOSITION_ROOTS = {"app", "wiring", "worker", "desk", "__main__", "__init__"}

# One door a dependency: the only files that may import it.
DOORS = {
    "itsdangerous": {"identity/cookies.py"},
    "jinja2": {"page/templates.py", "demo"},
    "httptools": {"origin/wire.py", "origin/answer.py", "edge"},
    "selectolax": {"page", "cli", "console"},
    "ruamel": {"policy"},
    "cel": {"policy/conditions.py"},
    "sqlalchemy": {"stores"},
    "alembic": {"stores"},
    "prometheus_client": {"ops"},
    "structlog": {"ops"},
    "redis": {"bus"},
    "joserfc": {"origin/assertion.py", "login", "demo", "bench/storm.py"},
    "authlib": {"login/token_client.py"},
    "aiosmtplib": {"jobs/smtp.py"},
    "limits": {"login/limits.py", "stores/rates.py", "bus/rates.py"},
    "stripe": {"money/stripe_api"},
    "starlette": {"app.py", "edge", "identity/cookies.py", "demo", "routes.py"},
    "uvicorn": {"cli", "edge", "ops/server.py", "supervisor.py", "demo", "wiring"},
}
PURE = (
    "policy/paths.py",
    "policy/labels.py",
    "policy/compile.py",
    "policy/decide.py",
    "page/*.py",
    "origin/freshness.py",
    "origin/forward.py",
    "origin/links.py",
    "console/access.py",
    "console/comparing.py",
    "console/dashboard.py",
    "console/dossier.py",
    "console/effect.py",
    "console/entry_view.py",
    "console/granting.py",
    "console/masking.py",
    "console/reader_view.py",
    "console/timeline.py",
    "console/day_figures.py",
    "console/journal.py",
    "console/journal_table.py",
    "console/plain_text.py",
    "console/spreadsheet.py",
    "identity/address.py",
    "identity/roles.py",
    "edge/egress.py",
    "edge/codings.py",
    "edge/kinds.py",
    "edge/target.py",
    "edge/headers.py",
    "edge/ingress.py",
    "edge/framing.py",
    "edge/handshake.py",
    "edge/origin_check.py",
    "login/address.py",
    "login/checks.py",
    "login/tokens.py",
    "login/refusal.py",
    "model/*.py",
    "money/entries/*.py",
    "money/folding/*.py",
    "money/arriving/import_files.py",
    "money/day.py",
    "money/leaving/contracts.py",
    "money/leaving/withdrawing.py",
    "money/life/due.py",
    "money/selling/offers.py",
    "money/selling/ordering.py",
    "money/selling/showcase.py",
    "money/signature.py",
    "rooms/return_to.py",
)
LINES_MAX = 300
FUNCTION_LINES_MAX = 70


def room(path: Path) -> str:
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every absolute name that a file imports, those for type checking alone included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def named(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_rooms_import_only_what_they_may(path: Path) -> None:
    own = room(path)
    if own in COMPOSITION_ROOTS:
        return
    allowed = ROOMS[own] | EVERYONE | {own} if own not in ("model", "clock") else {own}
    wrong = [
        f"{named(path)}:{line}: {name}"
        for line, name in imports(path)
        if name.startswith("gateway.") and name.split(".")[1] not in allowed | {"__version__"}
    ]
    assert not wrong, f"{own} may import only {sorted(allowed)}"


@pytest.mark.parametrize("path", [path for path in FILES if room(path) == "money"], ids=named)
def test_the_money_ways_packages_import_one_way(path: Path) -> None:
    inside = path.relative_to(PACKAGE / "money").parts[:-1]
    own = inside[0] if inside else ""
    allowed = MONEY[own] | {own}
    wrong = [
        f"{named(path)}:{line}: {name}"
        for line, name in imports(path)
        if name.startswith("gateway.money.")
        for part in [name.split(".")[2]]
        for package in [part if (PACKAGE / "money" / part).is_dir() else ""]
        if package not in allowed
    ]
    assert not wrong, f"money/{own} may import only {sorted(allowed)}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_each_dependency_has_its_door(path: Path) -> None:
    name = named(path)
    wrong = [
        f"{name}:{line}: {imported}"
        for line, imported in imports(path)
        for doors in [DOORS.get(imported.split(".")[0])]
        if doors is not None
        and not any(
            name == door or name.startswith(f"{door}/") or path.name == door for door in doors
        )
    ]
    assert not wrong


@pytest.mark.parametrize("pattern", PURE)
def test_pure_files_hold_no_io(pattern: str) -> None:
    paths = sorted(PACKAGE.glob(pattern))
    assert paths, f"no file matches {pattern}"
    for path in paths:
        tree = ast.parse(path.read_text())
        waiting = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)]
        assert not waiting, f"{named(path)} is pure, yet async at {waiting}"
        roots = {name.split(".")[0] for _, name in imports(path)}
        assert not roots & {"time", "socket", "asyncio", "aiohttp", "sqlalchemy"}, named(path)


def test_only_clock_reads_the_time_and_only_config_the_environment() -> None:
    for path in FILES:
        text = path.read_text()
        if named(path) != "clock.py":
            assert "time.time()" not in text, f"{named(path)} reads the time itself"
        if room(path) != "config":
            assert "os.environ" not in text or named(path) in ENVIRONMENT, named(path)


# The supervisor hands its own environment to its workers; benches start foreign programs.
ENVIRONMENT = {"supervisor.py"}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_sizes(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LINES_MAX, f"{named(path)} is more than one room"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{named(path)}:{node.lineno} {node.name}"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_file_says_its_law(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{named(path)} has no docstring"


def test_what_few_sites_need_is_loaded_by_those_alone() -> None:
    """Stripe's library by who sells, Alembic by who migrates: both are paid for at each start."""
    rare = {"stripe", "alembic", "asyncpg", "redis", "sqlalchemy.dialects.postgresql"}
    code = (
        "import sys, gateway.supervisor, gateway.worker, gateway.desk, gateway.jobs.background;"
        f"print(sorted(sys.modules.keys() & {rare!r}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    )
    assert run.stdout == "[]\n"
