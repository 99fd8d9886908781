"""``lychgate reader``: one reader's account, access given by hand, and readers of another system.

``account`` shows and gives · ``binding`` says whose a Stripe customer is · ``bringing`` reads a file of
members · ``adopting`` looks for those who pay and have no reader · ``forgetting`` erases · ``acting`` what
they share. Each act is an entry of the ledger like any other; it is folded at once, so that the next
page shows it.
"""

from __future__ import annotations

import typer

from gateway.cli.reader.account import export, grant, revoke, show
from gateway.cli.reader.adopting import adopt
from gateway.cli.reader.binding import bind, unbind
from gateway.cli.reader.bringing import bring
from gateway.cli.reader.forgetting import erase

app = typer.Typer(
    help="One reader's account, access given by hand, and readers of another system.",
    no_args_is_help=True,
)


@app.callback()
def _root() -> None:
    pass


app.command("show", short_help="What each account with an address holds, and by what.")(show)
app.command("grant")(grant)
app.command("revoke")(revoke)
app.command("bind")(bind)
app.command("unbind")(unbind)
app.command("import", short_help="Bring members of another system: first who gains and loses.")(
    bring
)
app.command("adopt", short_help="Live subscriptions without a reader: list, bind or mail.")(adopt)
app.command("export")(export)
app.command("erase", short_help="End what a reader pays at Stripe, then forget them.")(erase)
