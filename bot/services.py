"""The composition root: the only place that makes the parts and gives them to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.assistant import training
from bot.assistant.without_tensorflow import leave_out_tensorflow
from bot.company import Company, read_company
from bot.conversation.delivery import Delivery
from bot.conversation.limits import MessageLimits
from bot.conversation.router import Assistant, Router
from bot.database import Database, migrate, utc_now
from bot.demo.service import DemoPerson, ensure_demo
from bot.settings import BadSetting, Settings, session_secret

MakeAssistant = Callable[[Settings, Database, Company], Assistant]


@dataclass(frozen=True)
class Services:
    """Everything that lives as long as the process."""

    settings: Settings
    company: Company
    secret: bytes
    database: Database
    delivery: Delivery
    pool: ThreadPoolExecutor
    demo_people: Sequence[DemoPerson] = ()

    def close(self) -> None:
        """Let running turns end, then close the database."""
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.database.close()


def load_assistant(settings: Settings, database: Database, company: Company) -> Assistant:
    """The trained model, ready to answer. Takes seconds; TensorFlow stays out of the process."""
    leave_out_tensorflow()
    from bot.assistant.engine import RasaAssistant

    return RasaAssistant(training.archive(settings.models_folder), database, company)


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
    company = read_company(settings.company_file)
    secret = session_secret(settings)
    limits = MessageLimits(
        settings.rate_limit_messages_per_minute, settings.rate_limit_total_messages_per_minute, settings.redis_url
    )
    database = open_database(settings)
    people = ensure_demo(database, clock()) if settings.wants_demo_data else ()
    router = Router(database, assistant(settings, database, company), settings.message_characters, clock)
    # SQLite has one writer at a time: a second thread would only wait for the first and take its time slices.
    threads = 1 if database.is_sqlite else settings.turn_threads
    pool = ThreadPoolExecutor(threads, thread_name_prefix="turn")
    return Services(settings, company, secret, database, Delivery(router, limits, pool), pool, people)
