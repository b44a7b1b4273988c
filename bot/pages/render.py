"""Our pages: templates of every folder in one layout, their static files, and the headers that keep them to themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from sqlalchemy.exc import OperationalError

from bot.area import SPAIN
from bot.company import Company
from bot.pages.requests import BadForm

FOLDERS = Path(__file__).parents[1]
RETRY_AFTER_SECONDS = "5"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# Not `no-referrer`: with it a browser sends `Origin: null` with a form, and nothing would tell ours from another's.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
STATIC_HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


class Pages:
    """Renders `bot/<folder>/templates/<name>` as `<folder>/<name>` and serves `bot/<folder>/static/`."""

    def __init__(self, company: Company) -> None:
        self._company = company
        folders = {found.parent.name: FileSystemLoader(found) for found in sorted(FOLDERS.glob("*/templates"))}
        self._templates = Environment(
            loader=PrefixLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["local"] = local
        self._static = _static_files()

    def page(
        self, name: str, status: int = 200, *, headers: Mapping[str, str] | None = None, **values: object
    ) -> web.Response:
        """A page. `headers` replace or add to the strict ones; `values` are what the template names."""
        text = self._templates.get_template(name).render(company=self._company, **values)
        return web.Response(
            text=text, status=status, content_type="text/html", headers=SECURITY_HEADERS | dict(headers or {})
        )

    def problem(self, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
        """The page of an error that is no field's: 400, 403, 404, 405, 413, 415 or 503."""
        return self.page("pages/problem.html", status, headers=headers, code=status)

    def guarded(self, handler: Handler) -> Handler:
        """`handler`, with a clear page where a form is none of ours or the database does not answer."""

        async def guard(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except BadForm as refused:
                return self.problem(refused.status)
            except OperationalError:
                log.exception("database unreachable", page=handler.__qualname__)
                return self.problem(503, {"Retry-After": RETRY_AFTER_SECONDS})

        return guard

    def resource(self, path: str, *, get: Handler | None = None, post: Handler | None = None) -> list[web.RouteDef]:
        """The routes of a page; any other method gets a page that says so."""
        routes = [web.get(path, self.guarded(get))] if get else []
        routes += [web.post(path, self.guarded(post))] if post else []
        allowed = [*(["GET", "HEAD"] if get else []), *(["POST"] if post else [])]

        async def refuse(_request: web.Request) -> web.Response:
            return self.problem(405, {"Allow": ", ".join(allowed)})

        return [*routes, web.route("*", path, refuse)]

    def elsewhere(self, folder: str) -> web.RouteDef:
        """The route of a folder (no slash at its end) and all below it that no other route answers: a page that says so."""

        async def missing(_request: web.Request) -> web.Response:
            return self.problem(404)

        return web.route(
            "*", folder + "{rest:(/[\\s\\S]*)?}", missing
        )  # an encoded line break is part of an address too

    def routes(self) -> list[web.RouteDef]:
        """`/pages/…`: the static files of all pages."""
        return [web.get("/pages/{path:[\\s\\S]*}", self._static_file)]

    async def _static_file(self, request: web.Request) -> web.StreamResponse:
        """Only files that were there at the start: no path of a request ever reaches the disk."""
        found = self._static.get(request.match_info["path"])
        return web.FileResponse(found, headers=STATIC_HEADERS) if found else self.problem(404)


def _static_files() -> dict[str, Path]:
    """`pages.css` of our own folder, `identity/sign_in.js` of another's."""
    files: dict[str, Path] = {}
    for folder in FOLDERS.glob("*/static"):
        prefix = "" if folder.parent == Path(__file__).parent else f"{folder.parent.name}/"
        files |= {prefix + path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return files


def local(moment: datetime) -> datetime:
    """A moment on the clocks of the people who read it."""
    return moment.astimezone(SPAIN)
