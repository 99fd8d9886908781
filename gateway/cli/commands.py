"""The table of contents of the command line: each command, in the order of its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway import __version__
from gateway.cli.audit import audit
from gateway.cli.bench import bench
from gateway.cli.check import check
from gateway.cli.demo import demo
from gateway.cli.explain import explain
from gateway.cli.init import init
from gateway.cli.ledger import app as ledger
from gateway.cli.reader import app as reader
from gateway.cli.reconcile import reconcile
from gateway.cli.serve import serve
from gateway.cli.store import migrate, open_story
from gateway.cli.trying import try_site

app = typer.Typer(
    name="lychgate",
    help="A paywall and membership gateway in front of any article site.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lychgate {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="For the command that follows, as behind it."
        ),
    ] = None,
) -> None:
    if config is not None:
        context.default_map = _for_each(context.command, str(config))


def _for_each(group: Any, config: str) -> dict[str, Any]:
    """The default of each command below, at any depth."""
    return {
        name: _for_each(each, config) if hasattr(each, "commands") else {"config": config}
        for name, each in group.commands.items()
    }


# In brief where the first sentence of a command's own help is longer than the list has room for.
app.command("demo", short_help="A newspaper behind the gateway, with no account anywhere.")(demo)
app.command("try", short_help="Try the gateway on any site, with no file edited.")(try_site)
app.command("init")(init)
app.command("serve")(serve)
app.command("check")(check)
app.command("explain")(explain)
app.command("audit")(audit)
app.command("open", short_help="Open a story to everyone for a while, or all of them.")(open_story)
app.add_typer(ledger, name="ledger")
app.command("reconcile", short_help="Compare the ledger with Stripe, and append what it lacks.")(
    reconcile
)
app.add_typer(
    reader, name="reader", short_help="Accounts, access by hand, readers of another system."
)
app.command("migrate")(migrate)
app.command("bench", short_help="Measure the gateway beside nginx and others, on loopback.")(bench)
