"""The part of the composition root that makes the customer area: its pages, sign-in, downloads and mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.accounts.service import agencies_of
from bot.area import Area
from bot.assignments.answers import Answers
from bot.assignments.clock import AnswerClock
from bot.assignments.web import AssignmentViews
from bot.assignments.withdrawals import Withdrawals
from bot.channels.contract import Channel, name_of
from bot.channels.web.sessions import Sessions
from bot.channels.web.transport import CHANNEL as WEB
from bot.company import Company
from bot.contacts.invitations import Invitations
from bot.contacts.managers import apply_external_manager
from bot.contacts.representatives import apply_representative_change
from bot.contacts.undo import UndoLinks
from bot.contacts.web import ContactViews
from bot.conversation.chats import shown_name_of
from bot.conversation.delivery import Delivery
from bot.conversation.model import channel_of
from bot.conversation.router import Router
from bot.database import Database
from bot.desk.files import show_to_staff
from bot.document_area import Archive, DocumentArea, make_archive
from bot.identity.entrance import Chats, Entrance
from bot.identity.oidc import OpenIdProvider, ProviderSettings
from bot.identity.password_links import PasswordLinks
from bot.identity.second_factor import SecondFactor
from bot.identity.sign_in import SignIn
from bot.identity.web import IdentityViews
from bot.invoices.downloads import Downloads
from bot.invoices.files import InvoiceFiles
from bot.invoices.web import DownloadViews
from bot.notifications.outbox import Outbox
from bot.notifications.smtp import Post, read_sender, read_server
from bot.notifications.web import DemoMailbox
from bot.pages.render import Pages
from bot.procedures.effects import Effect, set_effects
from bot.procedures.model import Kind
from bot.settings import BadSetting, Settings

EFFECTS: dict[Kind, Effect] = {
    Kind.EXTERNAL_MANAGER: apply_external_manager,
    Kind.REPRESENTATIVE_CHANGE: apply_representative_change,
}
"""What happens when staff resolve a procedure, by its kind."""


@dataclass(frozen=True)
class Ground:
    """What everything stands on."""

    settings: Settings
    company: Company
    area: Area
    database: Database
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Outside:
    """What lies outside: mail and the identity provider, None where there is none, and where documents are kept."""

    outbox: Outbox | None
    provider: OpenIdProvider | None
    archive: Archive


@dataclass(frozen=True)
class CustomerArea:
    """The pages of the customer area, the worker that sends its mail, all that documents need, and what happens by the clock."""

    pages: Pages
    views: tuple[IdentityViews | DownloadViews | ContactViews | AssignmentViews | DemoMailbox, ...]
    outbox: Outbox | None
    documents: DocumentArea
    expiries: AnswerClock

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every page."""
        views = (*self.views, self.documents)
        return [*self.pages.routes(), *(route for view in views for route in view.routes())]


def make_outside(ground: Ground) -> Outside:
    """Raises BadSetting."""
    return Outside(_outbox(ground), _provider(ground), make_archive(ground.settings, ground.area))


def make_documents(ground: Ground, outside: Outside, router: Router, delivery: Delivery) -> DocumentArea:
    """Documents come before the channels, which bring some."""
    pages = Pages(ground.company)
    return DocumentArea(
        ground.settings,
        ground.area,
        ground.database,
        ground.clock,
        outside.archive,
        pages,
        router,
        delivery,
        show_to_staff,
    )


def make_customer_area(
    ground: Ground,
    outside: Outside,
    documents: DocumentArea,
    router: Router,
    delivery: Delivery,
    channels: Sequence[Channel],
) -> CustomerArea:
    """Put the pages and their services together."""
    set_effects(EFFECTS)
    settings, area, database, clock = ground.settings, ground.area, ground.database, ground.clock
    pages = documents.pages
    chats = _chats(area, delivery, channels)
    entrance = Entrance(
        pages=pages,
        area=area,
        database=database,
        clock=clock,
        sign_in=SignIn(database, area, clock, router.note_event, agencies_of, chats.needs_code, chats.shown_name_of),
        password_links=PasswordLinks(database, area, clock),
        second_factor=SecondFactor(database, area, clock, ground.company["company_name"]),
        chats=chats,
        behind_proxy=settings.behind_proxy,
        embed_origins=settings.embed_origins,
        provider=outside.provider,
    )
    downloads = Downloads(database, area, clock, InvoiceFiles(settings.invoice_folder, ground.company))
    contacts = ContactViews(
        pages,
        Invitations(database, area, clock),
        UndoLinks(database, area, clock),
        area.public_url,
        with_passwords=outside.provider is None,
    )
    answers = Answers(database, area, clock, router.note_news)
    withdrawals = Withdrawals(database, area, clock)
    assignments = AssignmentViews(pages, answers, withdrawals, area.public_url)
    views = (IdentityViews(entrance), DownloadViews(downloads, pages), contacts, assignments)
    expiries = AnswerClock(answers, database, delivery.wake)
    if outside.outbox is None and settings.wants_demo_data:
        return CustomerArea(pages, (*views, DemoMailbox(database, pages, ground.company)), None, documents, expiries)
    return CustomerArea(pages, views, outside.outbox, documents, expiries)


def _outbox(ground: Ground) -> Outbox | None:
    """The worker that sends mail; without a mail server mails wait in the database."""
    settings = ground.settings
    if not settings.smtp_url.get_secret_value():
        return None
    try:
        server = read_server(settings.smtp_url.get_secret_value())
    except ValueError as error:
        raise BadSetting(f"SMTP_URL: {error}") from None
    try:
        sender = read_sender(settings.mail_from)
    except ValueError as error:
        raise BadSetting(f"MAIL_FROM: {error}") from None
    return Outbox(ground.database, Post(server, sender, ground.company).deliver, ground.clock)


def _chats(area: Area, delivery: Delivery, channels: Sequence[Channel]) -> Chats:
    sessions, remote = Sessions(area.secret), {channel.name: channel for channel in channels if channel.is_remote}
    return Chats(
        describe=lambda address: name_of(channel_of(address)),
        needs_proof=lambda address: channel_of(address) == WEB,
        owns=sessions.owns,
        wake=delivery.wake,
        needs_code=lambda address: channel_of(address) in remote,
        way_back=lambda address, code: remote[channel_of(address)].way_back(code),
        shown_name_of=shown_name_of,
    )


def _provider(ground: Ground) -> OpenIdProvider | None:
    settings = ground.settings
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id:
        raise BadSetting("OIDC_CLIENT_ID: the identity provider needs it")
    secret = settings.oidc_client_secret.get_secret_value()
    asked = ProviderSettings(settings.oidc_issuer, settings.oidc_client_id, secret, settings.oidc_identifier_claim)
    try:
        return OpenIdProvider(asked, ground.area, ground.clock)
    except ValueError as error:
        raise BadSetting(f"OIDC_ISSUER: {error}") from None
