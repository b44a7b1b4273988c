"""The second proof of a sign-in: the six digits of an authenticator app, or one of eight recovery codes on paper."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, String, Table, delete, insert, select, update

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database, Line, Moment, identity, in_line, metadata
from bot.identity import passwords
from bot.identity.attempts import Limit, note, take_back, wait_seconds
from bot.identity.persons import person_by_id

STEP_SECONDS = 30
CLOCK_SLACK_STEPS = 1
RECOVERY_CODES = 8
RECOVERY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
RECOVERY_CHARACTERS = 10
REMOVALS = Limit("second_factor_removal", 5, timedelta(minutes=15))
_SEPARATORS = re.compile(r"[\s.\-]+")
_APP_CODE = re.compile(r"[0-9]{6}")

second_factor_table = Table(
    "second_factor",
    metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True, autoincrement=False),
    Column("sealed_secret", String(300), nullable=False),
    Column("confirmed_at", Moment),
    Column("last_step", BigInteger, nullable=False),
)
recovery_code_table = Table(
    "recovery_code",
    metadata,
    Column("id", identity, primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("code_digest", String(64), nullable=False),
    Column("used_at", Moment),
)
_factor, _recovery = second_factor_table.c, recovery_code_table.c


class AlreadyOn(Exception):
    """The person has a second factor: it has to be removed, with the password, before another one is set up."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What goes into the authenticator app: `secret` to type, `uri` (otpauth://…) to show as a picture."""

    secret: str
    uri: str


class SecondFactor:
    """Switches a person's second factor on and off; each call is a transaction of its own.

    `issuer` is the name under which the app lists it.
    """

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime], issuer: str) -> None:
        self._database = database
        self._area = area
        self._clock = clock
        self._issuer = issuer

    def is_on(self, person_id: int) -> bool:
        """Whether a code is asked for after the password."""
        with self._database.reading() as connection:
            return is_on(connection, person_id)

    def begin(self, person_id: int) -> Enrolment:
        """A new secret, which counts once `confirm` has seen a code of it. Raises AlreadyOn."""
        secret = pyotp.random_base32()
        with self._database.writing() as connection:
            passwords.hold_person(connection, person_id)
            if is_on(connection, person_id):
                raise AlreadyOn
            _delete(connection, person_id)
            values = {"person_id": person_id, "sealed_secret": seal(self._area).encrypt(secret.encode()).decode()}
            connection.execute(insert(second_factor_table), values | {"confirmed_at": None, "last_step": 0})
            person = person_by_id(connection, person_id)
        label = person.name if person else ""
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=self._issuer))

    def confirm(self, person_id: int, code: str) -> list[str] | None:
        """Switch it on; gives the recovery codes, which are told only now. None when the code is wrong or nothing was begun."""
        now = self._clock()
        with self._database.writing() as connection:
            passwords.hold_person(connection, person_id)
            if is_on(connection, person_id) or not _take_step(connection, self._area, person_id, _plain(code), now):
                return None
            begun = update(second_factor_table).where(_factor.person_id == person_id)
            connection.execute(begun.values(confirmed_at=now))
            record(connection, now, Entry("second_factor_on", person_id=person_id))
            return _new_recovery_codes(connection, self._area, person_id)

    def remove(self, person_id: int, password: str) -> bool:
        """Switch it off if the password is right. After 5 wrong ones in 15 minutes none is tried."""
        now = self._clock()
        with self._database.writing() as connection:
            in_line(connection, Line.ATTEMPTS)
            if wait_seconds(connection, self._area, REMOVALS, str(person_id), now):
                return False
            attempt = note(connection, self._area, REMOVALS.kind, str(person_id), now)
            password_hash = passwords.password_hash_of(connection, person_id)
        is_right = passwords.is_right(password, password_hash)
        with self._database.writing() as connection:
            result = Result.DONE if is_right else Result.FAILED
            record(connection, now, Entry("second_factor_off", result, person_id=person_id))
            if is_right:
                take_back(connection, [attempt])
                _delete(connection, person_id)
        return is_right


def is_on(connection: Connection, person_id: int) -> bool:
    """Whether a code is asked for after the person's password."""
    confirmed = select(_factor.person_id).where(_factor.person_id == person_id, _factor.confirmed_at.is_not(None))
    return connection.execute(confirmed).first() is not None


def is_app_code(code: str) -> bool:
    """Whether it has the six digits of an app, which can be guessed; a recovery code cannot."""
    return _APP_CODE.fullmatch(_plain(code)) is not None


def accept(connection: Connection, area: Area, person_id: int, code: str, now: datetime) -> bool:
    """Whether it is the app's code of this half minute (or one beside it) or an unused recovery code. Each counts once."""
    if not is_on(connection, person_id):
        return False
    if is_app_code(code):
        return _take_step(connection, area, person_id, _plain(code), now)
    unused = (_recovery.person_id == person_id, _recovery.used_at.is_(None))
    mine = update(recovery_code_table).where(*unused, _recovery.code_digest == _digest(area, person_id, _plain(code)))
    return connection.execute(mine.values(used_at=now)).rowcount == 1


def _take_step(connection: Connection, area: Area, person_id: int, code: str, now: datetime) -> bool:
    """Use up the half minute whose code it is; none before it counts any more."""
    row = connection.execute(select(second_factor_table).where(_factor.person_id == person_id)).first()
    step = None if row is None else step_of(area, row.sealed_secret, code, int(now.timestamp()) // STEP_SECONDS)
    if step is None:
        return False
    newer = (_factor.person_id == person_id, _factor.last_step < step)
    return connection.execute(update(second_factor_table).where(*newer).values(last_step=step)).rowcount == 1


def step_of(area: Area, sealed_secret: str, code: str, current: int) -> int | None:
    """The half minute, `current` or one beside it, whose code of the sealed secret this is; None when it is none."""
    try:
        app = pyotp.TOTP(seal(area).decrypt(sealed_secret).decode())
    except InvalidToken:  # sealed with another key of the product: only its removal helps
        return None
    near = range(current - CLOCK_SLACK_STEPS, current + CLOCK_SLACK_STEPS + 1)
    right = [step for step in near if compare_digest(app.generate_otp(step).encode(), code.encode(errors="replace"))]
    return right[-1] if right else None


def _new_recovery_codes(connection: Connection, area: Area, person_id: int) -> list[str]:
    codes = [
        "".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_CHARACTERS)) for _ in range(RECOVERY_CODES)
    ]
    rows = [{"person_id": person_id, "code_digest": _digest(area, person_id, code)} for code in codes]
    connection.execute(insert(recovery_code_table), rows)
    half = RECOVERY_CHARACTERS // 2
    return [f"{code[:half]}-{code[half:]}" for code in codes]


def _delete(connection: Connection, person_id: int) -> None:
    connection.execute(delete(recovery_code_table).where(_recovery.person_id == person_id))
    connection.execute(delete(second_factor_table).where(_factor.person_id == person_id))


def _plain(code: str) -> str:
    return _SEPARATORS.sub("", code).lower()


def _digest(area: Area, person_id: int, code: str) -> str:
    return area.digest("recovery code", f"{person_id} {code.encode(errors='replace').decode()}")


def seal(area: Area) -> Fernet:
    """What the secrets of apps are sealed with in the database."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"second factor").derive(area.secret)
    return Fernet(urlsafe_b64encode(key))
