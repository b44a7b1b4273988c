"""The part of the composition root that makes documents: where they lie, how they come and go, and who looks after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.area import Area
from bot.channels.contract import FileUnavailable
from bot.channels.web.sessions import Sessions, identifier_of
from bot.channels.web.transport import address_of
from bot.conversation.delivery import Delivery
from bot.conversation.router import Router
from bot.database import Database
from bot.documents.checker import Checker
from bot.documents.cut_off import CutOffChecks
from bot.documents.downloads import Downloads, link_to_document
from bot.documents.model import NotFound, Settled
from bot.documents.received import ReceivedFiles
from bot.documents.scanner import ClamdScanner, NoScanner, Scanner
from bot.documents.sealing import Keyring, Tampered, read_keyring
from bot.documents.service import given_to_person
from bot.documents.storage import (
    FolderStorage,
    NotStored,
    S3Settings,
    SealedStorage,
    Storage,
    StorageUnavailable,
    make_s3_storage,
)
from bot.documents.tus import CONVERSATION
from bot.documents.upkeep import Upkeep
from bot.documents.uploads import Tell, Tools, Uploads
from bot.documents.web import DocumentViews, Door, UploadViews
from bot.documents.worker import DocumentWorker
from bot.identity.sessions import session_of
from bot.pages.render import Pages
from bot.pages.requests import remote_of
from bot.procedures.arrivals import Arrivals, ShowToStaff, nobody_sees
from bot.procedures.links import address_of_pass
from bot.procedures.papers import procedure_with_key
from bot.procedures.web import ProcedureViews
from bot.settings import BadSetting, Settings


@dataclass(frozen=True)
class Archive:
    """Where documents lie and who looks for viruses; everything of it that a setting can have wrong is tried."""

    storage: Storage
    scanner: Scanner


def make_archive(settings: Settings, area: Area) -> Archive:
    """Raises BadSetting."""
    return Archive(SealedStorage(_place(settings), _keyring(settings, area)), _scanner(settings))


class DocumentArea:
    """The pages and addresses of documents and procedures, and the worker behind them."""

    def __init__(
        self,
        settings: Settings,
        area: Area,
        database: Database,
        clock: Callable[[], datetime],
        archive: Archive,
        pages: Pages,
        router: Router,
        delivery: Delivery,
        show_to_staff: ShowToStaff = nobody_sees,
    ) -> None:
        self.pages = pages
        self._area = area
        self._clock = clock
        self.storage = archive.storage
        self._database = database
        self._wake = delivery.wake
        self._arrivals = Arrivals(area, clock, router.note_event_once, show_to_staff)
        self._checker, self._scanner = Checker(), archive.scanner
        self._tools = Tools(archive.storage, self._checker, archive.scanner)
        uploads = Uploads(database, area, self._tools, self._arrivals.settle, procedure_of=procedure_with_key)
        door = _door(settings, area, clock, delivery)
        self._uploads = [UploadViews(uploads, door, clock)]
        self._received = ReceivedFiles(uploads, clock)
        self.downloads = Downloads(database, area, clock, archive.storage)
        self._views = (
            self._uploads[0],
            DocumentViews(self.downloads, pages),
            ProcedureViews(database, area, clock, pages),
        )
        self._cut_off = CutOffChecks(database, uploads)
        upkeep = Upkeep(database, archive.storage, archive.scanner)
        self._worker = DocumentWorker(upkeep, self._remind, clock, self._finish_checks)
        self._loop: asyncio.AbstractEventLoop | None = None

    def routes(self) -> list[web.RouteDef]:
        """Uploads, downloads and the pages of procedures."""
        return [route for view in self._views for route in view.routes()]

    def uploads_for(self, door: Door, tell: Tell) -> UploadViews:
        """Another way in, for others than customers: checked and kept like theirs."""
        made = UploadViews(Uploads(self._database, self._area, self._tools, tell), door, self._clock)
        self._uploads.append(made)
        return made

    async def link(self, address: str, reference: str) -> str | None:
        """A link of ten minutes to a file of a conversation, for who is there now; None where it is not theirs, or gone."""
        return await asyncio.to_thread(self._link, address, reference)

    def _link(self, address: str, reference: str) -> str | None:
        now = self._clock()
        with self._database.reading() as connection:
            session = session_of(connection, address, now)
            try:
                return link_to_document(connection, self._area, address, session, reference, now)
            except NotFound:
                return None

    async def content(self, address: str, reference: str) -> bytes | None:
        """The bytes of a file that the staff sent in a conversation, for the channel that brings it there; None where it is gone.

        Raises FileUnavailable.
        """
        return await asyncio.to_thread(self._content, address, reference)

    def _content(self, address: str, reference: str) -> bytes | None:
        try:
            with self._database.reading() as connection:
                key = given_to_person(connection, address, reference).storage_key
            return b"".join(self.storage.open(key))
        except (NotFound, NotStored):
            return None
        except (StorageUnavailable, Tampered) as error:
            raise FileUnavailable(type(error).__name__) from None

    async def take_file(self, address: str, name: str, content: bytes) -> str:
        """Take a file that a messaging service brought; "" when the conversation is told by itself, else what to say."""
        response = await asyncio.to_thread(self._received.take, address, name, content)
        await self._wake(address)
        return response

    def start(self) -> None:
        """Begin to look after documents; called on the loop that brings replies to people."""
        self._loop = asyncio.get_running_loop()
        self._worker.start()

    def break_off(self) -> None:
        """End running checks, before anybody waits for their requests: the files are whole and are checked later."""
        self._scanner.close()
        self._checker.close()

    def finish(self) -> None:
        """Let what runs end. Blocks: call it in a thread."""
        self.break_off()
        for views in self._uploads:
            views.close()
        self._worker.finish()

    def _remind(self) -> None:
        self._wake_all(self._arrivals.remind(self._database))

    def _finish_checks(self) -> None:
        self._wake_all(self._cut_off.finish(self._clock()))

    def _wake_all(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            if self._loop is not None:
                asyncio.run_coroutine_threadsafe(self._wake(address), self._loop)


def _door(settings: Settings, area: Area, clock: Callable[[], datetime], delivery: Delivery) -> Door:
    """Who uploads: the chat of a browser, by its session id, or the page of a procedure, by the pass that we gave it."""
    sessions = Sessions(area.secret)

    async def address(request: web.Request) -> str | None:
        shown = request.headers.get(CONVERSATION, "")
        if sessions.is_ours(shown):
            return address_of(identifier_of(shown))
        return address_of_pass(area, shown, clock())

    async def ended(settled: Settled) -> None:
        await delivery.wake(settled.upload.address)

    return Door(address, lambda request: remote_of(request, settings.behind_proxy), ended, settings.embed_origins)


def _place(settings: Settings) -> Storage:
    if settings.documents_bucket:
        reached = S3Settings(
            settings.documents_bucket,
            settings.documents_bucket_endpoint,
            settings.documents_bucket_region,
            settings.documents_bucket_key_id,
            settings.documents_bucket_secret.get_secret_value(),
        )
        try:
            return make_s3_storage(reached)
        except ValueError as error:
            raise BadSetting(f"DOCUMENTS_BUCKET: {error}") from None
    folder = settings.documents_folder or settings.data_folder / "documents"
    try:
        return FolderStorage(folder)
    except OSError as error:
        raise BadSetting(f"DOCUMENTS_FOLDER: {folder} cannot be written ({error.strerror})") from None


def _keyring(settings: Settings, area: Area) -> Keyring:
    try:
        return read_keyring(settings.documents_key.get_secret_value(), area.secret)
    except ValueError as error:
        raise BadSetting(f"DOCUMENTS_KEY: {error}") from None


def _scanner(settings: Settings) -> Scanner:
    if not settings.clamd_url:
        return NoScanner()
    try:
        return ClamdScanner(settings.clamd_url)
    except ValueError as error:
        raise BadSetting(f"CLAMD_URL: {error}") from None
