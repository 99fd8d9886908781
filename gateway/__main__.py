"""``python -m gateway`` is the command ``lychgate``."""

from gateway.cli import main

main()
