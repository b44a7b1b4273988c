"""The WhatsApp number we answer on, as the settings describe it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from yarl import URL

from bot.settings import BadSetting, Settings

TOGETHER = ("whatsapp_token", "whatsapp_phone_number_id", "whatsapp_app_secret", "whatsapp_verify_token")


@dataclass(frozen=True)
class Account:
    """One number of the Cloud API. `template` is empty where there is none."""

    token: str = field(repr=False)
    phone_number_id: str
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    api_url: URL
    template: str
    template_language: str
    oldest_message: timedelta


def read_account(settings: Settings) -> Account | None:
    """None where nothing of WhatsApp is set. Raises BadSetting where only a part is."""
    secrets = [settings.whatsapp_token, settings.whatsapp_app_secret, settings.whatsapp_verify_token]
    token, app_secret, verify_token = (secret.get_secret_value() for secret in secrets)
    given = dict(
        zip(TOGETHER, (token, settings.whatsapp_phone_number_id, app_secret, verify_token), strict=True),
    )
    missing = [name.upper() for name, value in given.items() if not value]
    if len(missing) == len(TOGETHER):
        return None
    if missing:
        raise BadSetting(f"{missing[0]}: WhatsApp needs {', '.join(name.upper() for name in TOGETHER)}")
    return Account(
        token=token,
        phone_number_id=settings.whatsapp_phone_number_id,
        app_secret=app_secret,
        verify_token=verify_token,
        api_url=URL(settings.whatsapp_api_url),
        template=settings.whatsapp_template,
        template_language=settings.whatsapp_template_language,
        oldest_message=timedelta(minutes=settings.whatsapp_oldest_message_minutes),
    )
