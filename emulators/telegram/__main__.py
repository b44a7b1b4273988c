"""`python -m emulators.telegram --port 8081 --token 1:…`."""

from __future__ import annotations

import argparse

from aiohttp import web

from emulators.telegram.server import make_app
from emulators.telegram.world import World

TOKEN = "7000000001:emulator-token-for-tests-only"  # noqa: S105  # of the emulator, which asks nobody
PORT = 8081


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A small Telegram for tests; docs/emulators.md")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    web.run_app(
        make_app(World(chosen.token, chosen.seed)),
        host="127.0.0.1",
        port=chosen.port,
        access_log=None,
        shutdown_timeout=1,
    )


if __name__ == "__main__":
    main()
