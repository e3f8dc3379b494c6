"""The listening socket for chat clients. What is set on it, each accepted socket inherits without a further call."""

import socket

from apps.edge.settings import ListenSettings


def listen(host: str, settings: ListenSettings) -> socket.socket:
    """Return a socket that listens on ``host`` and the client port. Raises OSError when the address is not free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, settings.client_port), family=family, backlog=settings.backlog)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.socket_send_bytes)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _tcp_options(settings).items():
        if hasattr(socket, name):  # not every system has all of them
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return listener


def _tcp_options(settings: ListenSettings) -> dict[str, int]:
    probes = 3
    return {
        "TCP_NODELAY": 1,  # messages are already collected before they are sent
        "TCP_KEEPIDLE": settings.keepalive_seconds,
        "TCP_KEEPINTVL": max(1, settings.dead_peer_seconds // probes),
        "TCP_KEEPCNT": probes,
        "TCP_USER_TIMEOUT": settings.dead_peer_seconds * 1000,
    }
