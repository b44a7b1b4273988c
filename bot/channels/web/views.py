"""The page with the chat in it, and the widget's files. Everything is our own, so the content policy is strict."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class WebViews:
    """`/`, `/widget.js` and `/static/…`."""

    def __init__(self, company: dict[str, str]) -> None:
        templates = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=select_autoescape())
        self._page = templates.get_template("page.html").render(company=company)

    def routes(self) -> list[web.AbstractRouteDef]:
        """The channel's routes."""
        return [
            web.get("/", self.page),
            web.get("/widget.js", self.widget),
            web.static("/static", STATIC, append_version=False),
        ]

    async def page(self, _request: web.Request) -> web.Response:
        """A page of the company for agencies, with the widget in it."""
        return web.Response(text=self._page, content_type="text/html", headers=SECURITY_HEADERS)

    async def widget(self, _request: web.Request) -> web.FileResponse:
        """The one script that embeds the chat."""
        return web.FileResponse(STATIC / "widget.js", headers={"Cache-Control": "no-cache"})


@web.middleware
async def share_with_embedding_pages(request: web.Request, handler: web.Handler) -> web.StreamResponse:  # type: ignore[name-defined]
    """A module script of another page's origin needs leave to be read; the widget's files hold no secret."""
    response: web.StreamResponse = await handler(request)
    if request.path == "/widget.js" or request.path.startswith("/static/"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Cache-Control", "no-cache")
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
