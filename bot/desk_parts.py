"""The part of the composition root that makes the support desk: staff, pages, and what is live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import socketio

from bot.contacts.requests import asked_for
from bot.conversation.answering import Assistant
from bot.conversation.delivery import Delivery
from bot.customer_area import Ground
from bot.desk import store
from bot.desk.account_pages import AccountPages
from bot.desk.agents import Agents
from bot.desk.chat import DeskChat
from bot.desk.counter import Counter
from bot.desk.demo import DemoStaff, ensure_demo_staff
from bot.desk.file_pages import CaseFilePages
from bot.desk.files import CaseFiles
from bot.desk.live import DeskLive, Typing
from bot.desk.model import Case
from bot.desk.office import read_office
from bot.desk.procedure_pages import ProcedurePages
from bot.desk.provider_pages import CALLBACK, StaffProviderPages
from bot.desk.rules import handed_over
from bot.desk.staffroom import Staffroom
from bot.desk.summary import Knowledge, NoKnowledge
from bot.desk.web import ENTER, DeskPages, WaysIn
from bot.document_area import DocumentArea
from bot.documents.web import UploadViews
from bot.identity.oidc import OpenIdProvider, ProviderSettings
from bot.procedures.desk import ProcedureDesk
from bot.settings import BadSetting


@dataclass(frozen=True)
class DeskParts:
    """The desk, ready for its connections."""

    ground: Ground
    pages: DeskPages
    procedure_pages: ProcedurePages
    file_views: Sequence[CaseFilePages | UploadViews]
    staffroom: Staffroom
    agents: Agents
    counter: Counter
    account_pages: AccountPages
    provider_pages: StaffProviderPages | None
    demo_staff: Sequence[DemoStaff] = ()

    def live(self, server: socketio.AsyncServer, delivery: Delivery, show_typing: Typing) -> DeskLive:
        """The desk's side of the Socket.IO server."""
        return DeskLive(
            server,
            self.ground.area,
            self.staffroom,
            self.agents,
            self.counter,
            delivery,
            show_typing,
            self._changes,
            self.ground.clock,
        )

    def _changes(self, known: datetime | None) -> tuple[datetime | None, list[Case]]:
        with self.ground.database.reading() as connection:
            newest = store.newest_change(connection)
            return newest, store.ended_since(connection, known) if known and newest != known else []


def check_desk(ground: Ground) -> OpenIdProvider | None:
    """The staff's identity provider, if there is one. Raises BadSetting for it, and for opening times and rules that cannot be read."""
    read_office(ground.company)
    handed_over(ground.company)
    return _provider(ground)


def make_desk_chat(ground: Ground, assistant: Assistant) -> DeskChat:
    """What the router asks; the texts are the assistant's."""
    return DeskChat(ground.area, assistant.say, ground.clock)


def make_desk(
    ground: Ground,
    assistant: Assistant,
    documents: DocumentArea,
    procedures: ProcedureDesk,
    delivery: Delivery,
    provider: OpenIdProvider | None,
) -> DeskParts:
    """Put the desk together; `provider` is the staff's own."""
    database, area, clock, settings = ground.database, ground.area, ground.clock, ground.settings
    knowledge = assistant if isinstance(assistant, Knowledge) else NoKnowledge()
    staffroom = Staffroom(database, area, clock)
    agents = Agents(database, area, assistant.say, clock, settings.message_characters)
    counter = Counter(database, procedures, knowledge, clock)
    ways = WaysIn(settings.has_staff_passwords, provider is not None)
    shown = DeskPages(documents.pages, area, staffroom, ground.company, settings.behind_proxy, ways)
    account = AccountPages(documents.pages, area, staffroom, shown, settings.behind_proxy, ways.has_passwords)
    at_provider = (
        StaffProviderPages(documents.pages, area, staffroom, provider, shown.with_session) if provider else None
    )
    files = ProcedurePages(
        pages=documents.pages,
        public_url=area.public_url,
        database=database,
        desk=procedures,
        storage=documents.storage,
        asked_for=asked_for,
        who=shown.member,
        wake=delivery.wake,
        clock=clock,
        sign_in_path=ENTER,
    )
    sent = CaseFiles(database, area, clock)
    sent_pages = CaseFilePages(documents.pages, sent, documents.storage, shown.member, delivery.push, ENTER)
    file_views = (sent_pages, documents.uploads_for(sent_pages.door(), sent.settle))
    demo = ensure_demo_staff(database, clock()) if settings.wants_demo_data else ()
    return DeskParts(
        ground, shown, files, file_views, staffroom, agents, counter, account, at_provider, demo_staff=demo
    )


def _provider(ground: Ground) -> OpenIdProvider | None:
    """The provider that knows the staff, if there is one. Raises BadSetting."""
    settings = ground.settings
    if not settings.staff_oidc_issuer:
        if not settings.has_staff_passwords:
            raise BadSetting("STAFF_PASSWORDS: without STAFF_OIDC_ISSUER nobody could sign in at the desk")
        return None
    if not settings.staff_oidc_client_id:
        raise BadSetting("STAFF_OIDC_CLIENT_ID: the identity provider needs it")
    secret = settings.staff_oidc_client_secret.get_secret_value()
    asked = ProviderSettings(
        settings.staff_oidc_issuer, settings.staff_oidc_client_id, secret, settings.staff_oidc_claim
    )
    try:
        return OpenIdProvider(asked, ground.area, ground.clock, CALLBACK)
    except ValueError as error:
        raise BadSetting(f"STAFF_OIDC_ISSUER: {error}") from None
