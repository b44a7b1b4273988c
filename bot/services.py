"""The composition root: the only place that makes the parts and gives them to each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from bot.assistant import training
from bot.assistant.without_tensorflow import leave_out_tensorflow
from bot.company import read_company
from bot.conversation.delivery import Delivery
from bot.conversation.limits import MessageLimits
from bot.conversation.router import Assistant, Router
from bot.database import Database, migrate, utc_now
from bot.settings import Settings


@dataclass(frozen=True)
class Services:
    """Everything that lives as long as the process."""

    settings: Settings
    company: dict[str, str]
    database: Database
    delivery: Delivery
    pool: ThreadPoolExecutor

    def close(self) -> None:
        """Let running turns end, then close the database."""
        self.pool.shutdown(wait=True, cancel_futures=True)
        self.database.close()


def load_assistant(settings: Settings, database: Database, company: dict[str, str]) -> Assistant:
    """The trained model, ready to answer. Takes seconds; TensorFlow stays out of the process."""
    leave_out_tensorflow()
    from bot.assistant.engine import RasaAssistant

    return RasaAssistant(training.archive(settings.models_folder), database, company)


def make_services(
    settings: Settings,
    assistant: Callable[[Settings, Database, dict[str, str]], Assistant] = load_assistant,
    clock: Callable[[], datetime] = utc_now,
) -> Services:
    """Open the database, bring its schema up to date, load the assistant. Raises BadSetting."""
    company = read_company(settings.company_file)
    database = Database(settings.database, settings.turn_threads)
    migrate(database)
    router = Router(database, assistant(settings, database, company), settings.message_characters, clock)
    pool = ThreadPoolExecutor(settings.turn_threads, thread_name_prefix="turn")
    limits = MessageLimits(
        settings.rate_limit_messages_per_minute, settings.rate_limit_total_messages_per_minute, settings.redis_url
    )
    return Services(settings, company, database, Delivery(router, limits, pool), pool)
