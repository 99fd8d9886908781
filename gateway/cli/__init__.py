"""The command line. One file a command group; ``commands`` is its table of contents.

What a command needs is imported when it runs, so that ``--help`` is quick. Faults are printed as
``file:line:column: message``, one a line, on stderr; any failure exits 1.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """The command ``lychgate``."""
    from gateway.cli.commands import app
    from gateway.cli.options import not_reached
    from gateway.errors import Faults, LychgateError, OriginFailed, RequestRefused

    try:
        app(prog_name="lychgate")
    except Faults as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        sys.exit(1)
    except OriginFailed as error:
        print(f"lychgate: {error.reason}: {not_reached(error)}", file=sys.stderr)
        sys.exit(1)
    except LychgateError as error:
        detail = error.detail if isinstance(error, RequestRefused) else str(error)
        print(f"lychgate: {error.reason}{f': {detail}' if detail else ''}", file=sys.stderr)
        sys.exit(1)
