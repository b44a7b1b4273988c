"""The people, their chats with the bot, and the updates that wait for it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from emulators.telegram.answers import Refused

BOT_ID = 7000000001
BOT = {"id": BOT_ID, "is_bot": True, "first_name": "Ventanilla", "username": "ventanilla_bot"}
LARGEST_FILE_BYTES = 20 * 1024 * 1024


@dataclass
class Faults:
    """How many of a hundred calls fail, and how. A call that times out is held and then not done."""

    percent_429: float = 0
    percent_500: float = 0
    percent_time_outs: float = 0
    percent_duplicates: float = 0
    retry_after: int = 1
    hold_seconds: float = 30


@dataclass
class Chat:
    """A person's chat with the bot; `seen` is what they see, oldest first."""

    id: int
    first_name: str = "Ana"
    last_name: str = ""
    is_blocked: bool = False
    kind: str = "private"
    seen: list[dict[str, Any]] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)

    def person(self) -> dict[str, Any]:
        """The User object."""
        last = {"last_name": self.last_name} if self.last_name else {}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": "es"} | last

    def object(self) -> dict[str, Any]:
        """The Chat object."""
        if self.kind != "private":
            return {"id": self.id, "type": self.kind, "title": self.first_name}
        return {"id": self.id, "type": "private", "first_name": self.first_name}


class World:
    """Everything there is; lives in one event loop."""

    def __init__(self, token: str, seed: int = 1) -> None:
        self.token = token
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, tuple[str, bytes, int]] = {}
        self.faults = Faults()
        self.random = Random(seed)  # noqa: S311  # nothing here is a secret
        self.updates: deque[dict[str, Any]] = deque()
        self.arrived = asyncio.Event()
        self.webhook: dict[str, Any] = {"url": ""}
        self.calls: dict[str, int] = defaultdict(int)
        self.answered_queries: list[str] = []
        self.history: list[dict[str, Any]] = []
        self._messages = itertools.count(1)
        self._updates = itertools.count(100_000)
        self._queries = itertools.count(1)
        self._files = itertools.count(1)

    def chat(self, chat_id: int, **names: str) -> Chat:
        """A chat; it begins to exist when its person first writes."""
        chat = self.chats.setdefault(chat_id, Chat(chat_id))
        for name, value in names.items():
            setattr(chat, name, value)
        return chat

    def known_chat(self, chat_id: Any) -> Chat:
        """The chat that a bot writes to. Raises Refused."""
        try:
            chat = self.chats[int(chat_id)]
        except (KeyError, TypeError, ValueError):
            raise Refused(400, "Bad Request: chat not found") from None
        if chat.is_blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return chat

    def update(self, **what: Any) -> dict[str, Any]:
        """Something happened: it waits for the bot."""
        made = {"update_id": next(self._updates), **what}
        self.push(made)
        if self.random.random() * 100 < self.faults.percent_duplicates:
            self.push(made)
        return made

    def push(self, update: dict[str, Any]) -> None:
        """Bring an update as it is, also one that was brought before."""
        self.updates.append(update)
        self.history.append(update)
        self.arrived.set()

    def message_of(self, chat: Chat, sender: dict[str, Any] | None, **content: Any) -> dict[str, Any]:
        """A new message in a chat, seen by its person."""
        made = {"message_id": next(self._messages), "date": int(time.time()), "chat": chat.object(), **content}
        if sender:
            made["from"] = sender
        chat.seen.append(made)
        return made

    def say(self, chat: Chat, **content: Any) -> dict[str, Any]:
        """The person sends something; commands are marked as Telegram marks them."""
        text = content.get("text", "")
        if text.startswith("/"):
            length = len(text.split()[0])
            content.setdefault("entities", [{"type": "bot_command", "offset": 0, "length": length}])
        return self.update(message=self.message_of(chat, chat.person(), **content))

    def press(self, chat: Chat, message_id: int, data: str) -> dict[str, Any]:
        """The person presses a button of the bot's message."""
        message = next(message for message in chat.seen if message["message_id"] == message_id)
        query = {"id": str(next(self._queries)), "from": chat.person(), "chat_instance": str(chat.id), "data": data}
        return self.update(callback_query=query | {"message": message})

    def keep_file(self, name: str, content: bytes, size: int | None = None) -> dict[str, Any]:
        """A file that a person sent; `size` may say more than there is, for the limit. Gives its id and size."""
        file_id = f"file-{next(self._files)}"
        self.files[file_id] = (name, content, size or len(content))
        return {"file_id": file_id, "file_unique_id": f"u-{file_id}", "file_size": size or len(content)}

    def file(self, file_id: str) -> dict[str, Any]:
        """What getFile gives. Raises Refused."""
        if file_id not in self.files:
            raise Refused(400, "Bad Request: invalid file_id")
        name, _, size = self.files[file_id]
        if size > LARGEST_FILE_BYTES:
            raise Refused(400, "Bad Request: file is too big")
        path = f"documents/{file_id}/{name}"
        return {"file_id": file_id, "file_unique_id": f"u-{file_id}", "file_size": size, "file_path": path}
