"""The aiohttp application: routes, Socket.IO, errors, start and end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import socketio
import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import OperationalError

from bot.channels.rest.views import RestViews
from bot.channels.web.events import WebChat
from bot.channels.web.sessions import Sessions
from bot.channels.web.views import WebViews, share_with_embedding_pages
from bot.services import Services

LARGEST_BODY_BYTES = 1_000_000
RETRY_AFTER_SECONDS = "5"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


def make_app(services: Services) -> web.Application:
    """The application with every channel."""
    app = web.Application(middlewares=[clear_errors, share_with_embedding_pages], client_max_size=LARGEST_BODY_BYTES)
    settings = services.settings
    chat = _web_chat(app, services)
    app.add_routes([web.get("/health", health), web.get("/metrics", metrics)])
    app.add_routes(RestViews(services.delivery, settings.rest_api_key.get_secret_value()).routes())
    app.add_routes(WebViews(services.company).routes())
    app.cleanup_ctx.append(lambda _app: lifetime(services, chat))
    return app


def _web_chat(app: web.Application, services: Services) -> WebChat:
    settings = services.settings
    manager = socketio.AsyncRedisManager(settings.redis_url) if settings.redis_url else None
    server = socketio.AsyncServer(
        async_mode="aiohttp",
        client_manager=manager,
        cors_allowed_origins=_allowed_origin(settings.embed_origins),
        max_http_buffer_size=LARGEST_BODY_BYTES,
        logger=False,
        engineio_logger=False,
    )
    server.attach(app)
    return WebChat(server, Sessions(services.secret), services.delivery, settings.behind_proxy)


def _allowed_origin(embed_origins: tuple[str, ...]) -> Callable[[str, dict[str, str]], bool]:
    """Our own pages, whatever name they are reached by, and the origins that the operator lists."""

    def is_allowed(origin: str, environ: dict[str, str]) -> bool:
        own = {f"http://{environ.get('HTTP_HOST')}", f"https://{environ.get('HTTP_HOST')}"}
        return origin in own or origin in embed_origins

    return is_allowed


async def lifetime(services: Services, chat: WebChat) -> AsyncIterator[None]:
    """Finish what the last stop cut off; at the end let running turns finish."""
    await services.delivery.resume()
    yield
    await chat.finish()
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
