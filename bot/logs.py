"""Structured logs, one JSON object a line, without what people write."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict

QUIET = (
    "rasa",
    "rasa_sdk",
    "apscheduler",
    "aiohttp.access",
    "socketio",
    "engineio",
    "alembic",
    "matplotlib",
    "httpx",
    "httpcore",
    "telegram",
    "botocore",
    "boto3",
    "urllib3",
)
"""They write message texts, or addresses with a secret in them, such as Telegram's token, below WARNING."""
PERSONAL_KEYS = ("text", "message", "said", "parse_data_text", "slot_values", "rasa_events")


def configure_logs(level: str) -> None:
    """One place, one format. Rasa's own loggers print message texts below WARNING, so they start there."""
    logging.basicConfig(stream=sys.stderr, level=level, format="%(message)s", force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    hide_warnings()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            leave_out_personal_data,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def hide_warnings() -> None:
    """Rasa's dependencies warn by the dozen about their own code, and undo any filter that is set before."""
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)


def leave_out_personal_data(_logger: object, _name: str, event: EventDict) -> EventDict:
    """Rasa puts texts into its events under these names."""
    return {key: value for key, value in event.items() if key not in PERSONAL_KEYS}
