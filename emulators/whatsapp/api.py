"""The routes of the Cloud API that a business calls."""

from __future__ import annotations

import asyncio
import hmac
import json
from typing import Any

from aiohttp import web

from emulators.whatsapp.cloud import Cloud
from emulators.whatsapp.rules import Refused, check_upload
from emulators.whatsapp.webhooks import Webhooks, status_update

VERSION = "/v23.0"
HANG_SECONDS = 30
LARGEST_FILE_BYTES = 100 * 1024 * 1024
KINDS = {
    "429": Refused(429, 130429, "Rate limit hit", retry_after=1),
    "pair": Refused(400, 131056, "(Business Account, Consumer Account) pair rate limit hit"),
    "500": Refused(500, 131000, "Something went wrong"),
    "503": Refused(503, 131016, "Service unavailable"),
    "190": Refused(401, 190, "Error validating access token: Session has expired"),
}


class Api:
    """Messages and media."""

    def __init__(self, cloud: Cloud, webhooks: Webhooks) -> None:
        self._cloud = cloud
        self._webhooks = webhooks

    def routes(self) -> list[web.RouteDef]:
        """Every route."""
        return [
            web.post(VERSION + "/{phone_number_id}/messages", self.messages),
            web.post(VERSION + "/{phone_number_id}/media", self.upload),
            web.get(VERSION + "/files/{media_id}", self.file),
            web.get(VERSION + "/{media_id}", self.media),
            web.delete(VERSION + "/{media_id}", self.delete),
        ]

    async def messages(self, request: web.Request) -> web.Response:
        """Send a message, or mark one as read."""
        try:
            self._check_caller(request)
            body = await _json(request)
            await self._suffer(request)
            if isinstance(body, dict) and "status" in body:
                self._cloud.mark_read(body)
                return web.json_response({"success": True})
            return self._send(body)
        except Refused as refused:
            self._cloud.refused.append({"code": refused.code, "details": refused.details})
            return error(refused)

    def _send(self, body: Any) -> web.Response:
        shown, phone, statuses = self._cloud.send(body)
        for status in statuses:
            shown.state = status["status"]
            self._webhooks.later(status_update(self._cloud.account, phone.number, shown.id, status))
        contacts = [{"input": body.get("to", phone.number), "wa_id": phone.number}]
        return web.json_response(
            {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": shown.id}]}
        )

    async def _suffer(self, request: web.Request) -> None:
        """The trouble that this call is given, if any. Raises Refused."""
        trouble = self._cloud.next_trouble()
        if trouble is None:
            return
        kind = str(trouble.get("kind", ""))
        if kind in ("drop", "hang"):
            await asyncio.sleep(HANG_SECONDS if kind == "hang" else 0)
            if request.transport is not None:
                request.transport.close()
            raise Refused(500, 131000, "the connection was cut")
        if kind in KINDS:
            raise KINDS[kind]
        raise Refused(int(trouble.get("status", 400)), int(trouble["code"]), "as asked for", trouble.get("retry_after"))

    async def upload(self, request: web.Request) -> web.Response:
        """Keep a file of the business."""
        try:
            self._check_caller(request)
            await self._suffer(request)
            form = await request.post()
            file = form.get("file")
            if form.get("messaging_product") != "whatsapp" or not isinstance(file, web.FileField):
                raise Refused(400, 100, "The parameters messaging_product and file are required.")
            content = file.file.read()
            check_upload(len(content), file.content_type)
            return web.json_response({"id": self._cloud.add_file(content, file.content_type)})
        except Refused as refused:
            self._cloud.refused.append({"code": refused.code, "details": refused.details})
            return error(refused)

    async def media(self, request: web.Request) -> web.Response:
        """Where a file can be fetched."""
        try:
            self._check_caller(request, is_own_number=False)
            await self._suffer(request)
            base_url = str(request.url.origin()) + VERSION
            return web.json_response(self._cloud.describe(request.match_info["media_id"], base_url))
        except Refused as refused:
            return error(refused)

    async def file(self, request: web.Request) -> web.Response:
        """The bytes of a file; without the token there are none."""
        try:
            self._check_caller(request, is_own_number=False)
        except Refused as refused:
            return error(refused)
        file = self._cloud.files.get(request.match_info["media_id"])
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type=file.media_type)

    async def delete(self, request: web.Request) -> web.Response:
        """Forget a file."""
        try:
            self._check_caller(request, is_own_number=False)
        except Refused as refused:
            return error(refused)
        return web.json_response({"success": self._cloud.files.pop(request.match_info["media_id"], None) is not None})

    def _check_caller(self, request: web.Request, is_own_number: bool = True) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._cloud.account.token.encode()):
            raise Refused(401, 190, "Invalid OAuth access token - Cannot parse access token")
        if is_own_number and request.match_info["phone_number_id"] != self._cloud.account.phone_number_id:
            raise Refused(400, 100, "Unsupported post request. Object with this ID does not exist")


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError:
        raise Refused(400, 100, "the body is not JSON") from None


def error(refused: Refused) -> web.Response:
    """An error in the platform's shape."""
    told = {
        "message": f"(#{refused.code}) {refused.details}",
        "type": "OAuthException",
        "code": refused.code,
        "error_data": {"messaging_product": "whatsapp", "details": refused.details},
        "fbtrace_id": "emulator",
    }
    headers = {"Retry-After": str(refused.retry_after)} if refused.retry_after else {}
    return web.json_response({"error": told}, status=refused.status, headers=headers)
