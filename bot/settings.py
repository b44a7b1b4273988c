"""What an operator can set: environment variables and `.env`, read once, typed, refused when bad.

The table in README.md lists the same names; a test compares the two.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
MINIMUM_SECRET_CHARACTERS = 32
LEAST_CONVERSATION_DAYS = 30


class BadSetting(Exception):
    """A setting that cannot be used; the message is one line that says which and why."""


class Settings(BaseSettings):
    """Every setting, with the default that `make run` uses."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = ""
    data_folder: Path = PROJECT / "var"
    database_url: str = ""
    redis_url: str = ""
    demo_data: bool | None = None
    models_folder: Path = PROJECT / "models"
    company_file: Path = PROJECT / "company.yml"
    holidays_file: Path | None = None
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    invoice_folder: Path | None = None
    documents_folder: Path | None = None
    documents_key: SecretStr = SecretStr("")
    documents_bucket: str = ""
    documents_bucket_endpoint: str = ""
    documents_bucket_region: str = ""
    documents_bucket_key_id: str = ""
    documents_bucket_secret: SecretStr = SecretStr("")
    clamd_url: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_identifier_claim: str = "nif"
    staff_oidc_issuer: str = ""
    staff_oidc_client_id: str = ""
    staff_oidc_client_secret: SecretStr = SecretStr("")
    staff_oidc_claim: str = "sub"
    staff_passwords: bool | None = None
    secret_key: SecretStr = SecretStr("")
    rest_api_key: SecretStr = SecretStr("")
    telegram_token: SecretStr = SecretStr("")
    telegram_mode: Literal["webhook", "polling"] = "polling"
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    whatsapp_token: SecretStr = SecretStr("")
    whatsapp_phone_number_id: str = Field(default="", pattern=r"^\d{0,40}$")
    whatsapp_app_secret: SecretStr = SecretStr("")
    whatsapp_verify_token: SecretStr = SecretStr("")
    whatsapp_api_url: str = "https://graph.facebook.com/v23.0"
    whatsapp_template: str = Field(default="", pattern=r"^[a-z0-9_]{0,512}$")
    whatsapp_template_language: str = Field(default="es", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    whatsapp_oldest_message_minutes: int = Field(default=5, ge=1, le=10_080)
    embed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    behind_proxy: bool = False
    rate_limit_messages_per_minute: int = Field(default=30, ge=0)
    rate_limit_total_messages_per_minute: int = Field(default=6000, ge=0)
    message_characters: int = Field(default=2000, ge=100, le=10_000)
    turn_threads: int = Field(default=4, ge=1, le=64)
    chatwoot_url: str = ""
    chatwoot_account: int = Field(default=1, ge=1)
    chatwoot_inbox: str = ""
    chatwoot_token: SecretStr = SecretStr("")
    chatwoot_webhook_secret: SecretStr = SecretStr("")
    unanswered_days: int = Field(default=180, ge=0, le=3650)
    conversation_days: int = Field(default=365, ge=0, le=3650)
    log_level: str = "INFO"

    @field_validator("embed_origins", mode="before")
    @classmethod
    def split_origins(cls, value: object) -> object:
        """Origins are written with commas between them."""
        if isinstance(value, str):
            return tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def secret_of_a_header(cls, value: SecretStr) -> SecretStr:
        """What Telegram takes; a short one could be guessed."""
        if value.get_secret_value() and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value.get_secret_value()):
            raise ValueError("16 to 256 letters, digits, _ and -")
        return value

    @field_validator("telegram_token")
    @classmethod
    def token_of_a_bot(cls, value: SecretStr) -> SecretStr:
        """What Telegram's BotFather gives out."""
        if value.get_secret_value() and not re.fullmatch(
            r"[0-9]{1,20}:[A-Za-z0-9_-]{20,100}", value.get_secret_value()
        ):
            raise ValueError("use the token that BotFather gave, number:letters")
        return value

    @field_validator(
        "public_url",
        "oidc_issuer",
        "staff_oidc_issuer",
        "documents_bucket_endpoint",
        "telegram_api_url",
        "whatsapp_api_url",
        "chatwoot_url",
    )
    @classmethod
    def web_address(cls, value: str) -> str:
        """An address that a browser opens; paths of ours are put behind it."""
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("use https://name")
        return value.rstrip("/")

    @field_validator("demo_data", "staff_passwords", "invoice_folder", "documents_folder", mode="before")
    @classmethod
    def unset_when_empty(cls, value: object) -> object:
        """A line `DEMO_DATA=` of `.env` is as if it were not there."""
        return None if value == "" else value

    @field_validator("conversation_days")
    @classmethod
    def long_enough(cls, value: int) -> int:
        """In a month every link has run out and every notice has been told."""
        if 0 < value < LEAST_CONVERSATION_DAYS:
            raise ValueError(f"0, or at least {LEAST_CONVERSATION_DAYS}")
        return value

    @field_validator("log_level")
    @classmethod
    def known_level(cls, value: str) -> str:
        """Only the names that the logging library knows."""
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("use DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("secret_key")
    @classmethod
    def long_secret(cls, value: SecretStr) -> SecretStr:
        """A short key could be guessed and with it every session id."""
        if 0 < len(value.get_secret_value()) < MINIMUM_SECRET_CHARACTERS:
            raise ValueError(f"at least {MINIMUM_SECRET_CHARACTERS} characters")
        return value

    @field_validator("database_url")
    @classmethod
    def supported_database(cls, value: str) -> str:
        """SQLite and PostgreSQL are tested; a bare postgresql:// gets the driver that is installed."""
        if value.startswith("postgresql://"):
            value = value.replace("postgresql://", "postgresql+psycopg://", 1)
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("use sqlite:///path or postgresql://user@host/name")
        if "sslmode=" in value and not re.search(r"[?&]sslmode=(disable|require|verify-full)(&|$)", value):
            raise ValueError("sslmode: use disable, require or verify-full")
        return value

    @field_validator("redis_url")
    @classmethod
    def supported_redis(cls, value: str) -> str:
        """Only the forms that every user of it understands."""
        if value and not value.startswith(("redis://", "rediss://")):
            raise ValueError("use redis://host:port/number")
        return value

    @property
    def database(self) -> str:
        """The database address, SQLite in the data folder when none is set."""
        return self.database_url or f"sqlite:///{self.data_folder / 'ventanilla.db'}"

    @property
    def wants_demo_data(self) -> bool:
        """Whether an empty database is filled with invented people: SQLite's is, unless it is said otherwise."""
        return self.database.startswith("sqlite:") if self.demo_data is None else self.demo_data

    @property
    def has_staff_passwords(self) -> bool:
        """Whether the staff signs in with passwords of ours: unless it is said otherwise, where there is no provider for it."""
        return not self.staff_oidc_issuer if self.staff_passwords is None else self.staff_passwords

    @property
    def database_name(self) -> str:
        """The database address without its user and password, for messages."""
        return self.database.partition("://")[0] + "://" + self.database.partition("://")[2].rpartition("@")[2]

    @property
    def public_address(self) -> str:
        """How a person's browser reaches our pages, without a slash at the end."""
        return self.public_url or self.address

    @property
    def address(self) -> str:
        """Where a person opens the chat."""
        return f"http://{'localhost' if self.host in ('127.0.0.1', '0.0.0.0') else self.host}:{self.port}"


def read_settings() -> Settings:
    """Read the environment and `.env`.

    Raises BadSetting with one line that names the first bad setting.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "settings"
        raise BadSetting(f"{name}: {first['msg'].removeprefix('Value error, ')}") from None


def session_secret(settings: Settings) -> bytes:
    """The key that signs session ids: the setting, or one made once and kept in the data folder."""
    if settings.secret_key.get_secret_value():
        return settings.secret_key.get_secret_value().encode()
    path = settings.data_folder / "secret_key"
    try:
        settings.data_folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return path.read_bytes()
    except OSError as error:
        raise BadSetting(f"DATA_FOLDER: {settings.data_folder} cannot be written ({error.strerror})") from None
