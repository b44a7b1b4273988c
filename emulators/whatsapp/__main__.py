"""`python -m emulators.whatsapp --webhook http://127.0.0.1:8080/webhooks/whatsapp/webhook`."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator

from aiohttp import web

from emulators.whatsapp.api import LARGEST_FILE_BYTES, Api
from emulators.whatsapp.cloud import Account, Cloud
from emulators.whatsapp.control import Control
from emulators.whatsapp.webhooks import Webhooks

HOST = "127.0.0.1"


def make_app(account: Account, webhook_url: str) -> web.Application:
    """The emulator as an application."""
    cloud, webhooks = Cloud(account), Webhooks(account, webhook_url)

    async def lifetime(_app: web.Application) -> AsyncIterator[None]:
        webhooks.open()
        yield
        await webhooks.close()

    app = web.Application(client_max_size=LARGEST_FILE_BYTES)
    app.cleanup_ctx.append(lifetime)
    app.add_routes(Control(cloud, webhooks).routes() + Api(cloud, webhooks).routes())
    return app


def main() -> None:
    """Serve until it is ended."""
    asked = _parser().parse_args()
    account = Account(asked.token, asked.app_secret, asked.verify_token, asked.phone_number_id)
    web.run_app(make_app(account, asked.webhook), host=HOST, port=asked.port, access_log=None, print=None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulators.whatsapp", description="WhatsApp's Cloud API on this machine.")
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--webhook", default="http://127.0.0.1:8080/webhooks/whatsapp/webhook", help="where updates go")
    parser.add_argument("--token", default=Account.token)
    parser.add_argument("--app-secret", default=Account.app_secret)
    parser.add_argument("--verify-token", default=Account.verify_token)
    parser.add_argument("--phone-number-id", default=Account.phone_number_id)
    return parser


if __name__ == "__main__":
    main()
