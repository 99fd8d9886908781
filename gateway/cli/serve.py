"""``lychgate serve``: hands over to the supervisor, once settings and policies are without fault."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import DEFAULT, Config, policy_of, settings_of


def serve(
    config: Config = DEFAULT,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Instead of [server] workers.")
    ] = None,
) -> None:
    """Serve the site behind the gateway."""
    from gateway import supervisor
    from gateway.errors import Faults
    from gateway.model.fault import Fault, Place

    settings = settings_of(config)
    if settings.site.origin == settings.site.url:
        told = "site.origin is site.url: the gateway would ask itself for ever"
        raise Faults((Fault(Place(str(config)), told),))
    policy_of(settings)  # its faults once, from here, and not once a worker
    if workers is not None:
        server = settings.server.model_copy(update={"workers": workers})
        settings = settings.model_copy(update={"server": server})
    try:
        code = supervisor.run(settings)
    except OSError as error:
        typer.echo(f"lychgate: can't listen on {settings.server.bind}: {error.strerror}", err=True)
        code = 1
    raise typer.Exit(code)
