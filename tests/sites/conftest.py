"""Whole publishing systems behind the gateway. `make test-sites` runs these; plain `make test` doesn't:
they are installed from their own registries, which takes minutes and a network.
"""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("SITES") else ["test_*.py"]
