"""A socket that listens and that processes inherit."""

from __future__ import annotations

import socket


def listen(host: str, port: int) -> socket.socket:
    """Raises OSError where the address is taken or isn't this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(4096)
    listener.set_inheritable(True)
    return listener
