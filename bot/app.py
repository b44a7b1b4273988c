"""The aiohttp application: routes, Socket.IO, errors, start and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import OperationalError

from bot.channels.web.views import share_with_embedding_pages
from bot.services import Services

LARGEST_BODY_BYTES = 1_000_000
RETRY_AFTER_SECONDS = "5"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


def make_app(services: Services) -> web.Application:
    """The application with every channel."""
    app = web.Application(middlewares=[clear_errors, share_with_embedding_pages], client_max_size=LARGEST_BODY_BYTES)
    app.add_routes([web.get("/health", health), web.get("/metrics", metrics)])
    for channel in services.channels:
        channel.attach(app)
    app.add_routes(services.customer_area.routes())
    app.add_routes(services.chatwoot.routes() if services.chatwoot else [])
    app.add_routes(services.supervision.routes())  # before the desk's, which answers all that is left below /desk
    app.add_routes(services.desk.procedure_pages.routes())
    app.add_routes([route for views in services.desk.file_views for route in views.routes()])
    app.add_routes(services.desk.account_pages.routes())
    app.add_routes(services.desk.provider_pages.routes() if services.desk.provider_pages else [])
    app.add_routes(services.desk.pages.routes())
    app.on_shutdown.append(lambda _app: asyncio.to_thread(services.customer_area.documents.break_off))
    app.cleanup_ctx.append(lambda _app: lifetime(services))
    return app


async def lifetime(services: Services) -> AsyncIterator[None]:
    """Finish what the last stop cut off; at the end let running turns finish."""
    for channel in services.channels:
        await channel.start()
    await services.outbound.start()
    await services.delivery.resume()
    services.notices.start()
    outbox = services.customer_area.outbox
    documents = services.customer_area.documents
    if outbox is not None:
        outbox.start()
    documents.start()
    expiries = services.customer_area.expiries
    expiries.start()
    services.live.start()
    services.supervision.forgetting.start()
    services.retention.start()
    if services.chatwoot is not None:
        services.chatwoot.worker.start()
    yield
    await expiries.finish()
    if services.chatwoot is not None:
        await services.chatwoot.worker.finish()
    services.supervision.forgetting.finish()
    await services.retention.finish()
    await services.live.finish()
    await asyncio.gather(*(channel.finish() for channel in services.channels))
    await services.notices.finish()
    await services.delivery.finish()
    await services.outbound.finish()
    await asyncio.gather(*(channel.close() for channel in services.channels))
    await asyncio.to_thread(documents.finish)
    if outbox is not None:
        await asyncio.to_thread(outbox.finish)
    services.close()


async def health(_request: web.Request) -> web.Response:
    """200 once the model answers: the process listens only after it is loaded."""
    return web.json_response({"status": "ok"})


async def metrics(_request: web.Request) -> web.Response:
    """Prometheus figures; nothing personal is in them."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


@web.middleware
async def clear_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No stack trace leaves the process: a clear JSON error does, and the log says where it happened."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or request.path == "/":
            raise
        return web.json_response({"error": error.reason.lower()}, status=error.status, headers=_allow(error))
    except OperationalError:
        log.exception("database unreachable", path=request.path)
        headers = {"Retry-After": RETRY_AFTER_SECONDS}
        return web.json_response({"error": "try again in a few seconds"}, status=503, headers=headers)


def _allow(error: web.HTTPException) -> dict[str, str]:
    allowed = error.headers.get("Allow")
    return {"Allow": allowed} if allowed else {}
