"""The composition root: the only place that makes the parts and gives them to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.area import Area
from bot.assistant import training
from bot.assistant.without_tensorflow import leave_out_tensorflow
from bot.channels.contract import Channel, ChannelGround, check_channels, make_channels
from bot.channels.web.channel import WebChannel
from bot.chatwoot_parts import ChatwootParts, make_chatwoot
from bot.company import Company, read_company
from bot.conversation.answering import Assistant
from bot.conversation.delivery import Delivery
from bot.conversation.limits import MessageLimits
from bot.conversation.outbound import Outbound
from bot.conversation.outbound_store import can_reach
from bot.conversation.router import Router
from bot.customer_area import CustomerArea, Ground, make_customer_area, make_documents, make_outside
from bot.database import Database, migrate, utc_now
from bot.demo.procedures import ensure_demo_procedures
from bot.demo.service import ensure_demo
from bot.desk.live import DeskLive
from bot.desk_parts import DeskParts, check_desk, make_desk, make_desk_chat
from bot.invoices.overdue import look_next, still_overdue
from bot.notices.model import Kind
from bot.notices.service import note_refused, quiet_until
from bot.notices.worker import Notices, Say
from bot.procedures.deadlines import local_calendar
from bot.procedures.desk import ProcedureDesk
from bot.retention.upkeep import Retention
from bot.settings import BadSetting, Settings, session_secret
from bot.supervision_parts import SupervisionParts, make_supervision

FEW_THREADS = 2

MakeAssistant = Callable[[Settings, Database, Company, Area], Assistant]


@dataclass(frozen=True)
class Services:
    """Everything that lives as long as the process."""

    settings: Settings
    company: Company
    area: Area
    customer_area: CustomerArea
    database: Database
    delivery: Delivery
    outbound: Outbound
    channels: Sequence[Channel]
    notices: Notices
    pool: ThreadPoolExecutor
    procedure_desk: ProcedureDesk
    arriving: ThreadPoolExecutor
    sending: ThreadPoolExecutor
    desk: DeskParts
    live: DeskLive
    supervision: SupervisionParts
    chatwoot: ChatwootParts | None
    retention: Retention
    demo_people: Sequence[object] = ()

    def close(self) -> None:
        """Let running turns end, then close the database."""
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.arriving.shutdown(wait=True, cancel_futures=True)
        self.sending.shutdown(wait=True, cancel_futures=True)
        self.database.close()


def load_assistant(settings: Settings, database: Database, company: Company, area: Area) -> Assistant:
    """The trained model, ready to answer. Takes seconds; TensorFlow stays out of the process."""
    leave_out_tensorflow()
    from bot.assistant.engine import RasaAssistant

    return RasaAssistant(training.archive(settings.models_folder), database, company, area)


def open_database(settings: Settings) -> Database:
    """The database with today's schema. Raises BadSetting when it cannot be reached or written."""
    try:
        database = Database(settings.database, settings.turn_threads)
        migrate(database)
    except (SQLAlchemyError, OSError) as error:
        raise BadSetting(f"DATABASE_URL: {settings.database_name} cannot be used ({type(error).__name__})") from None
    return database


def make_services(
    settings: Settings, assistant: MakeAssistant = load_assistant, clock: Callable[[], datetime] = utc_now
) -> Services:
    """Everything that can be wrong is tried first, the assistant is loaded last. Raises BadSetting."""
    check_channels(settings)
    company = read_company(settings.company_file)
    local_calendar()
    area = Area(settings.public_address, session_secret(settings))
    limits = MessageLimits(
        settings.rate_limit_messages_per_minute, settings.rate_limit_total_messages_per_minute, settings.redis_url
    )
    database = open_database(settings)
    ground = Ground(settings, company, area, database, clock)
    outside = make_outside(ground)
    staff_provider = check_desk(ground)
    people = _demo_people(settings, database, clock())
    answering = assistant(settings, database, company, area)
    router = Router(
        database, answering, settings.message_characters, clock, make_desk_chat(ground, answering), quiet_until
    )
    # SQLite has one writer at a time: a second thread would only wait for the first and take its time slices.
    threads = 1 if database.is_sqlite else settings.turn_threads
    pool = ThreadPoolExecutor(threads, thread_name_prefix="turn")
    # What arrives is acknowledged while others' turns run and replies are sent, and sending waits for no turn either.
    few = 1 if database.is_sqlite else FEW_THREADS
    arriving = ThreadPoolExecutor(few, thread_name_prefix="arrive")
    sending = ThreadPoolExecutor(few, thread_name_prefix="send")
    delivery = Delivery(router, limits, pool, storing=arriving)
    documents = make_documents(ground, outside, router, delivery)
    outbound = Outbound(database, sending, clock)
    delivery.observe(outbound.hear)
    outbound.on_refusal(note_refused)
    channels = make_channels(
        ChannelGround(
            settings,
            company,
            area,
            database,
            delivery,
            outbound,
            pool=arriving,
            clock=clock,
            take_file=documents.take_file,
            files=documents,
        )
    )
    customer_area = make_customer_area(ground, outside, documents, router, delivery, channels)
    procedure_desk = ProcedureDesk(area, router.note_news)
    desk = make_desk(ground, answering, documents, procedure_desk, delivery, staff_provider)
    chatwoot = make_chatwoot(ground, answering, delivery)
    return Services(
        settings=settings,
        company=company,
        area=area,
        customer_area=customer_area,
        database=database,
        delivery=delivery,
        outbound=outbound,
        channels=channels,
        notices=_notices(ground, sending, router, delivery),
        pool=pool,
        arriving=arriving,
        sending=sending,
        procedure_desk=procedure_desk,
        desk=desk,
        live=_live(desk, channels, delivery, chatwoot),
        supervision=make_supervision(ground, customer_area.pages, desk.pages),
        chatwoot=chatwoot,
        retention=Retention(database, settings.conversation_days, clock),
        demo_people=(*people, *desk.demo_staff),
    )


def _demo_people(settings: Settings, database: Database, now: datetime) -> Sequence[object]:
    """The people of the invented world, where one is wanted and none was there before."""
    people = ensure_demo(database, now) if settings.wants_demo_data else ()
    if people:
        ensure_demo_procedures(database, now)
    return people


def _live(desk: DeskParts, channels: Sequence[Channel], delivery: Delivery, chatwoot: ChatwootParts | None) -> DeskLive:
    """The desk speaks over the sockets of the web chat; who types on one side is shown on the other."""
    web = next(channel for channel in channels if isinstance(channel, WebChannel))
    live = desk.live(web.server, delivery, web.chat.show_agent_typing)
    web.chat.tell_typing(live.show_customer_typing)
    if chatwoot is not None:
        web.chat.tell_typing(chatwoot.worker.show_typing)
    return live


def _notices(ground: Ground, pool: ThreadPoolExecutor, router: Router, delivery: Delivery) -> Notices:
    def look(connection: Connection, now: datetime) -> bool:
        return look_next(connection, ground.area, now)

    return Notices(
        ground.database,
        pool,
        ground.clock,
        _saying(router),
        delivery.push,
        can_reach,
        look=look,
        refresh=_refreshed,
        end_quiet=delivery.end_quiet,
    )


def _refreshed(
    connection: Connection, kind: Kind, person_id: int, details: dict[str, Any], now: datetime
) -> dict[str, Any] | None:
    """What is told of invoices is looked at again, with the rights of that moment."""
    return still_overdue(connection, person_id, details, now) if kind is Kind.INVOICES_OVERDUE else details


def _saying(router: Router) -> Say:
    return lambda connection, address, response, details: router.announce(connection, address, response, **details)
