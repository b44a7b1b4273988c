"""The port that the process listens on."""

from __future__ import annotations

import socket

from bot.settings import BadSetting, Settings


def listen(settings: Settings) -> socket.socket:
    """Take the port, before anything slow happens, so that a busy one is told at once. Raises BadSetting."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise BadSetting(f"HOST: {settings.host} is no address of this machine") from None
    listening = socket.socket(family, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
    except OSError as error:
        raise BadSetting(f"PORT: {settings.host}:{settings.port} cannot be used ({error.strerror})") from None
    return listening
