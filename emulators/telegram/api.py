"""The Bot API over HTTP: methods, faults, files."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from emulators.telegram.answers import Refused
from emulators.telegram.markup import check_keyboard, read_caption, read_text
from emulators.telegram.world import BOT, World

MOST_UPDATES = 100
LONGEST_POLL_SECONDS = 50
LARGEST_UPLOAD_BYTES = 50 * 1024 * 1024
TEXTS = ("text", "caption", "url", "secret_token", "callback_query_id", "file_id")
WEBHOOK_IS_SET = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)

Parameters = dict[str, Any]
Method = Callable[[Parameters], Awaitable[Any]]


class BotApi:
    """What a bot may call."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._poll = 0
        self._methods: dict[str, Method] = {
            "getme": self.get_me,
            "getupdates": self.get_updates,
            "setwebhook": self.set_webhook,
            "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.get_webhook_info,
            "sendmessage": self.send_message,
            "senddocument": self.send_document,
            "editmessagetext": self.edit_text,
            "editmessagereplymarkup": self.edit_markup,
            "answercallbackquery": self.answer_query,
            "sendchataction": self.chat_action,
            "getfile": self.get_file,
        }

    def routes(self) -> list[web.RouteDef]:
        """`/bot<token>/<method>` and `/file/bot<token>/<path>`; the token may be percent-encoded."""
        return [
            web.route("*", "/{bot:bot[^/]+}/{method}", self.call),
            web.get("/file/{bot:bot[^/]+}/{path:.+}", self.download),
        ]

    async def call(self, request: web.Request) -> web.Response:
        """One call of a method."""
        try:
            self._check_token(request)
            name = request.match_info["method"].lower()
            method = self._methods.get(name)
            if method is None:
                raise Refused(404, "Not Found: method not found")
            self._world.calls[name] += 1
            parameters = await parameters_of(request)
            if name != "getupdates":
                await self._fail_sometimes()
            return web.json_response({"ok": True, "result": await method(parameters)})
        except Refused as refused:
            return web.json_response(refused.body(), status=refused.code)

    def _check_token(self, request: web.Request) -> None:
        if unquote(request.match_info["bot"]).removeprefix("bot") != self._world.token:
            raise Refused(401, "Unauthorized")

    async def _fail_sometimes(self) -> None:
        faults, number = self._world.faults, self._world.random.random() * 100
        if number < faults.percent_429:
            raise Refused(429, f"Too Many Requests: retry after {faults.retry_after}", faults.retry_after)
        number -= faults.percent_429
        if number < faults.percent_500:
            raise Refused(500, "Internal Server Error")
        if number - faults.percent_500 < faults.percent_time_outs:
            await asyncio.sleep(faults.hold_seconds)
            raise Refused(504, "Gateway Timeout")

    async def get_me(self, _parameters: Parameters) -> Any:
        """The bot itself."""
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return BOT | abilities

    async def get_updates(self, parameters: Parameters) -> Any:
        """Wait for updates; `offset` confirms all before it."""
        if self._world.webhook["url"]:
            raise Refused(409, WEBHOOK_IS_SET)
        self._poll += 1
        mine = self._poll
        self._confirm(int(parameters.get("offset") or 0))
        await self._wait(min(float(parameters.get("timeout") or 0), LONGEST_POLL_SECONDS), mine)
        limit = max(1, min(int(parameters.get("limit") or MOST_UPDATES), MOST_UPDATES))
        return list(self._world.updates)[:limit]

    def _confirm(self, offset: int) -> None:
        updates = self._world.updates
        if offset < 0:
            while len(updates) > -offset:
                updates.popleft()
        while updates and updates[0]["update_id"] < offset:
            updates.popleft()

    async def _wait(self, seconds: float, mine: int) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not self._world.updates and (left := end - asyncio.get_running_loop().time()) > 0:
            self._world.arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._world.arrived.wait(), min(left, 0.5))
            if mine != self._poll:
                raise Refused(409, OTHER_POLL)
            if self._world.webhook["url"]:
                raise Refused(409, WEBHOOK_IS_SET)

    async def set_webhook(self, parameters: Parameters) -> Any:
        """Bring updates to an address from now on."""
        url = parameters.get("url") or ""
        if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self._world.webhook = {"url": url, "secret_token": parameters.get("secret_token")}
        self._world.arrived.set()
        return True

    async def delete_webhook(self, parameters: Parameters) -> Any:
        """Updates are fetched from now on."""
        self._world.webhook = {"url": ""}
        if parameters.get("drop_pending_updates"):
            self._world.updates.clear()
        return True

    async def get_webhook_info(self, _parameters: Parameters) -> Any:
        """Where updates are brought to, and how many wait."""
        waiting = len(self._world.updates)
        info = {"url": self._world.webhook["url"], "has_custom_certificate": False, "pending_update_count": waiting}
        return info | ({"last_error_message": self._world.webhook["error"]} if "error" in self._world.webhook else {})

    async def send_message(self, parameters: Parameters) -> Any:
        """A text with or without an inline keyboard."""
        chat = self._world.known_chat(parameters.get("chat_id"))
        text, entities = read_text(str(parameters.get("text") or ""), parameters.get("parse_mode"))
        content: dict[str, Any] = {"text": text}
        if entities:
            content["entities"] = entities
        markup = check_keyboard(parameters.get("reply_markup"))
        if markup:
            content["reply_markup"] = markup
        return self._world.message_of(chat, BOT, **content)

    async def send_document(self, parameters: Parameters) -> Any:
        """A file up to 50 MB, uploaded in the field `document`; addresses and known ids are not done."""
        chat, file = self._world.known_chat(parameters.get("chat_id")), parameters.get("document")
        if not isinstance(file, web.FileField):
            raise Refused(400, "Bad Request: there is no document in the request")
        kept = self._world.keep_file(file.filename, file.file.read())
        if not kept["file_size"]:
            raise Refused(400, "Bad Request: file must be non-empty")
        if kept["file_size"] > LARGEST_UPLOAD_BYTES:
            raise Refused(413, "Request Entity Too Large")
        content: dict[str, Any] = {"document": kept | {"file_name": file.filename, "mime_type": file.content_type}}
        text, entities = read_caption(str(parameters.get("caption") or ""), parameters.get("parse_mode"))
        content |= {"caption": text} if text else {}
        content |= {"caption_entities": entities} if entities else {}
        return self._world.message_of(chat, BOT, **content)

    def _own(self, parameters: Parameters) -> dict[str, Any]:
        chat = self._world.known_chat(parameters.get("chat_id"))
        wanted = int(parameters.get("message_id") or 0)
        found = next((seen for seen in chat.seen if seen["message_id"] == wanted), None)
        if found is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if found.get("from", {}).get("id") != BOT["id"]:
            raise Refused(400, "Bad Request: message can't be edited")
        return found

    async def edit_text(self, parameters: Parameters) -> Any:
        """Another text in the place of the old one."""
        message = self._own(parameters)
        text, entities = read_text(str(parameters.get("text") or ""), parameters.get("parse_mode"))
        markup = check_keyboard(parameters.get("reply_markup"))
        self._replace(message, {"text": text, "entities": entities or None, "reply_markup": markup})
        return message

    async def edit_markup(self, parameters: Parameters) -> Any:
        """Other buttons, or none."""
        message = self._own(parameters)
        self._replace(message, {"reply_markup": check_keyboard(parameters.get("reply_markup"))})
        return message

    def _replace(self, message: dict[str, Any], new: dict[str, Any]) -> None:
        if all(message.get(name) == value for name, value in new.items()):
            raise Refused(400, NOT_MODIFIED)
        for name, value in new.items():
            message.pop(name, None)
            if value is not None:
                message[name] = value

    async def answer_query(self, parameters: Parameters) -> Any:
        """The clock under the finger ends."""
        query_id = str(parameters.get("callback_query_id") or "")
        if not query_id.isdigit() or query_id in self._world.answered_queries:
            raise Refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self._world.answered_queries.append(query_id)
        return True

    async def chat_action(self, parameters: Parameters) -> Any:
        """Typing."""
        self._world.known_chat(parameters.get("chat_id")).actions.append(str(parameters.get("action")))
        return True

    async def get_file(self, parameters: Parameters) -> Any:
        """Where a file can be fetched."""
        return self._world.file(str(parameters.get("file_id") or ""))

    async def download(self, request: web.Request) -> web.Response:
        """The content of a file."""
        try:
            self._check_token(request)
            file_id = unquote(request.match_info["path"]).split("/")[1]
            self._world.file(file_id)
        except (Refused, IndexError):
            return web.json_response(Refused(404, "Not Found").body(), status=404)
        return web.Response(body=self._world.files[file_id][1], content_type="application/octet-stream")


async def parameters_of(request: web.Request) -> Parameters:
    """The parameters of a call: of the address, a form, or JSON; values of a form may be JSON themselves."""
    given: Parameters = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json()
        return given | (body if isinstance(body, dict) else {})
    form = await request.post()
    return given | {name: _value(name, value) for name, value in form.items()}


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name in TEXTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
