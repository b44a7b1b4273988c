"""For tests: let people write, press and send files, see what they see, and make calls fail."""

from __future__ import annotations

import base64
from dataclasses import asdict, replace
from typing import Any

from aiohttp import web

from emulators.telegram.world import Chat, World

NAMES = ("first_name", "last_name", "kind")


class Control:
    """`/control/…`; every body is JSON with `chat`, a number."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """The routes."""
        return [
            web.post("/control/say", self.say),
            web.post("/control/edit", self.edit),
            web.post("/control/press", self.press),
            web.post("/control/file", self.file),
            web.post("/control/message", self.message),
            web.post("/control/update", self.update),
            web.post("/control/repeat", self.repeat),
            web.post("/control/block", self.block),
            web.post("/control/faults", self.faults),
            web.get("/control/chats/{chat}", self.seen),
            web.get("/control/files/{file_id}", self.content),
            web.get("/control/state", self.state),
        ]

    def _chat(self, body: dict[str, Any]) -> Chat:
        return self._world.chat(int(body["chat"]), **{name: body[name] for name in NAMES if name in body})

    async def say(self, request: web.Request) -> web.Response:
        """A person writes `text`."""
        body = await request.json()
        return web.json_response(self._world.say(self._chat(body), text=body["text"]))

    async def edit(self, request: web.Request) -> web.Response:
        """A person changes their last message to `text`."""
        body = await request.json()
        chat = self._chat(body)
        message = next(seen for seen in reversed(chat.seen) if seen.get("from", {}).get("id") == chat.id)
        message |= {"text": body["text"], "edit_date": message["date"] + 1}
        return web.json_response(self._world.update(edited_message=message))

    async def press(self, request: web.Request) -> web.Response:
        """A person presses the button with `title`, the newest one that they see; 404 where none is left."""
        body = await request.json()
        chat = self._chat(body)
        for message in reversed(chat.seen):
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in (button for row in rows for button in row):
                if button["text"] == body["title"]:
                    return web.json_response(self._world.press(chat, message["message_id"], button["callback_data"]))
        return web.json_response({"error": "no such button"}, status=404)

    async def file(self, request: web.Request) -> web.Response:
        """A person sends a file: `name`, `content` in base64, `kind` document or photo, `size` to say another one."""
        body = await request.json()
        kept = self._world.keep_file(body["name"], base64.b64decode(body.get("content", "")), body.get("size"))
        caption = {"caption": body["caption"]} if body.get("caption") else {}
        if body.get("kind") == "photo":
            small = kept | {"width": 90, "height": 60, "file_size": 1}
            content: dict[str, Any] = {"photo": [small, kept | {"width": 900, "height": 600}]}
        else:
            content = {"document": kept | {"file_name": body["name"]}}
        return web.json_response(self._world.say(self._chat(body), **content, **caption))

    async def message(self, request: web.Request) -> web.Response:
        """A person sends anything else: `content` are fields of a Message."""
        body = await request.json()
        return web.json_response(self._world.say(self._chat(body), **body["content"]))

    async def update(self, request: web.Request) -> web.Response:
        """Bring a JSON value as an update, whatever it is."""
        self._world.push(await request.json())
        return web.json_response({})

    async def repeat(self, _request: web.Request) -> web.Response:
        """Bring every update once more."""
        for update in list(self._world.history):
            self._world.push(update)
        return web.json_response({})

    async def block(self, request: web.Request) -> web.Response:
        """A person blocks the bot, or takes it back."""
        body = await request.json()
        self._chat(body).is_blocked = bool(body.get("blocked", True))
        return web.json_response({})

    async def faults(self, request: web.Request) -> web.Response:
        """How often calls fail from now on."""
        self._world.faults = replace(self._world.faults, **await request.json())
        return web.json_response(asdict(self._world.faults))

    async def seen(self, request: web.Request) -> web.Response:
        """What a person sees: the messages of the chat, oldest first, and what the bot did (`typing`)."""
        chat = self._world.chats.get(int(request.match_info["chat"]))
        return web.json_response({"messages": chat.seen if chat else [], "actions": chat.actions if chat else []})

    async def content(self, request: web.Request) -> web.Response:
        """The bytes of a file that was sent, as the person's phone would save them."""
        kept = self._world.files.get(request.match_info["file_id"])
        if kept is None:
            raise web.HTTPNotFound
        return web.Response(body=kept[1], content_type="application/octet-stream")

    async def state(self, _request: web.Request) -> web.Response:
        """The webhook, how many updates wait, how often each method was called, how many messages each chat has."""
        chats = {str(chat.id): len(chat.seen) for chat in self._world.chats.values()}
        state = {"webhook": self._world.webhook, "waiting": len(self._world.updates), "chats": chats}
        return web.json_response(state | {"calls": dict(self._world.calls)})
