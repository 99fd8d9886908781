"""Where the files that ship beside the code are: templates and policy packs.

In a checkout they stand at its top; a wheel carries them in ``gateway/_data``. What must not be
here: anything a publisher writes.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder ``templates`` or ``policies`` as shipped. Raises FileNotFoundError when absent."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the package was installed without its {name}")
