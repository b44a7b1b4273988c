"""What every channel is, and how the application finds those that there are.

A channel is a folder with a `channel.py` that has a function `make(ground)`: the channel, or None where its settings are
absent. Nothing outside the folder names it, so adding one changes no other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import yaml
from aiohttp import web
from sqlalchemy import Connection

from bot.area import Area
from bot.company import Company
from bot.conversation.delivery import Delivery
from bot.conversation.model import Attachment
from bot.conversation.outbound import Outbound, SendFailed
from bot.database import Database
from bot.settings import Settings

FOLDER = Path(__file__).parent

TakeFile = Callable[[str, str, bytes], Awaitable[str]]
"""Takes a file that was sent in a chat (address, name, content); gives the name of the response that says how it went.

The response may be "": then what has to be said is stored in the conversation already.
"""


class FileUnavailable(Exception):
    """A file cannot be read now; later it may be."""


class SentFiles(Protocol):
    """The files that messages bring, by the reference of their attachment. Each is reached from its conversation only."""

    async def link(self, address: str, reference: str) -> str | None:
        """A link for some minutes, for who is at that address now; None where it is not theirs any more, or gone."""

    async def content(self, address: str, reference: str) -> bytes | None:
        """The bytes of what the staff sent there; None where it is gone. Raises FileUnavailable."""


async def content_to_send(files: SentFiles | None, address: str, file: Attachment) -> bytes:
    """The bytes of a message's file, for a channel that hands it to its service. Raises SendFailed."""
    try:
        content = await files.content(address, file.reference) if files else None
    except FileUnavailable as error:
        raise SendFailed(f"the file cannot be read now: {error}") from None
    if content is None:
        raise SendFailed("the file is gone", skip=True)
    return content


@dataclass(frozen=True, slots=True)
class ChannelGround:
    """What every channel is given. `pool` runs what touches the database.

    `take_file` is None where nobody takes files, `files` where nobody sends any.
    """

    settings: Settings
    company: Company
    area: Area
    database: Database
    delivery: Delivery
    outbound: Outbound
    pool: ThreadPoolExecutor
    clock: Callable[[], datetime]
    take_file: TakeFile | None = None
    files: SentFiles | None = None


class Channel:
    """One way to the assistant. What a channel does not need, it leaves as it is here."""

    name = ""
    """What stands before the colon of its addresses."""
    is_remote = False
    """Whether somebody else's service brings our replies to a person who looks at them on their own device."""

    def attach(self, app: web.Application) -> None:
        """Add its routes."""

    async def start(self) -> None:
        """The process begins to serve; sending begins after this, and so does answering what the last stop cut off."""

    async def finish(self) -> None:
        """The process ends: take nothing more."""

    async def close(self) -> None:
        """The last reply was sent: close what is open."""

    def way_back(self, code: str) -> str:
        """A link that opens the chat on the person's own device and says `code` there; "" where there is none."""
        return ""


def check_channels(settings: Settings) -> None:
    """Try what can be wrong in the settings of any channel, before anything slow is loaded. Raises BadSetting.

    A channel whose settings have to fit together has a function `check(settings)` beside its `make`.
    """
    for name in channel_folders():
        check = getattr(import_module(f"bot.channels.{name}.channel"), "check", None)
        if check is not None:
            check(settings)


def make_channels(ground: ChannelGround) -> list[Channel]:
    """Every channel whose settings are there. Raises BadSetting."""
    made = (import_module(f"bot.channels.{name}.channel").make(ground) for name in channel_folders())
    return [channel for channel in made if channel is not None]


def forget(connection: Connection, address: str) -> None:
    """Erase what the channels keep of who is at an address: a channel that keeps something has `erase` in its `store.py`."""
    for erase in _in_stores("erase"):
        erase(connection, address)


def address_of_typed(area: Area, typed: str) -> str:
    """The address that is meant by what an operator types: a channel whose addresses nobody can type has `of_typed`."""
    for of_typed in _in_stores("of_typed"):
        typed = of_typed(area, typed)
    return typed


def _in_stores(function: str) -> Iterator[Callable[..., Any]]:
    for name in channel_folders():
        if (FOLDER / name / "store.py").exists():
            found = getattr(import_module(f"bot.channels.{name}.store"), function, None)
            if found is not None:
                yield found


def channel_folders() -> list[str]:
    """The names of the folders that hold a channel."""
    return sorted(path.parent.name for path in FOLDER.glob("*/channel.py"))


@cache
def words_of(channel: str) -> dict[str, Any]:
    """What the channel's own `words.yml` says; `name` is what it is called on our pages."""
    words: dict[str, Any] = yaml.safe_load((FOLDER / channel / "words.yml").read_text(encoding="utf-8"))
    return words


def name_of(channel: str) -> str:
    """What a channel is called on our pages; its own word where we have none."""
    return str(words_of(channel)["name"]) if (FOLDER / channel / "words.yml").exists() else channel
