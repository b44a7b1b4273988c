"""The staff signs in with a password and the code of an app; sessions end; wrong tries wait."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlparse

import pyotp
import pytest
from sqlalchemy import select

from bot.audit.store import audit_table
from bot.desk import command, staff
from bot.desk.model import Role
from bot.desk.staff import BadAccount, NewAccount
from bot.desk.staffroom import IDLE, LONGEST, Problem, Staffroom
from bot.desk.tables import staff_table
from bot.identity.passwords import PasswordProblem, hash_password
from tests.desk.house import AREA, House

PASSWORD = "un mostrador azul"
HERE = "192.0.2.7"


@pytest.fixture
def room(house: House) -> Staffroom:
    with house.database.writing() as connection:
        staff.add(connection, NewAccount("laura", "Laura Gil", Role.AGENT), hash_password(PASSWORD), house.clock())
    return Staffroom(house.database, AREA, house.clock)


def test_the_right_pair_opens_a_session(room: Staffroom) -> None:
    member = room.member(room.enter(" Laura ", PASSWORD, HERE).token)
    assert member is not None
    assert (member.name, member.is_supervisor) == ("Laura Gil", False)


@pytest.mark.parametrize(("login", "password"), [("laura", "otra cosa"), ("nadie", PASSWORD), ("laura", "")])
def test_a_wrong_pair_opens_nothing(room: Staffroom, login: str, password: str) -> None:
    entered = room.enter(login, password, HERE)
    assert entered.problem in (Problem.WRONG_PAIR, Problem.EMPTY)
    assert room.member(entered.token) is None


def test_after_five_wrong_ones_the_right_one_waits_too(room: Staffroom, house: House) -> None:
    for _ in range(5):
        room.enter("laura", "mal", HERE)
    assert room.enter("laura", PASSWORD, HERE).problem is Problem.LOCKED
    house.clock.pass_by(minutes=16)
    assert room.enter("laura", PASSWORD, HERE).problem is None


def test_an_idle_session_ends_and_a_used_one_lasts_half_a_day(room: Staffroom, house: House) -> None:
    token = room.enter("laura", PASSWORD, HERE).token
    for _ in range(int(LONGEST / timedelta(minutes=50))):
        house.clock.pass_by(minutes=50)
        assert room.member(token) is not None
    house.clock.pass_by(minutes=50)
    assert room.member(token) is None
    other = room.enter("laura", PASSWORD, HERE).token
    house.clock.pass_by(seconds=IDLE.total_seconds())
    assert room.member(other) is None


def test_signed_out_or_disabled_the_session_is_over(room: Staffroom, house: House) -> None:
    first, second = room.enter("laura", PASSWORD, HERE).token, room.enter("laura", PASSWORD, HERE).token
    room.leave(first)
    assert room.member(first) is None
    assert room.member(second) is not None
    command.disable(house.database, "laura", house.clock())
    assert room.member(second) is None
    assert room.enter("laura", PASSWORD, HERE).problem is Problem.WRONG_PAIR


def test_with_an_app_its_code_is_wanted_and_good_once(house: House) -> None:
    account = NewAccount("carmen", "Carmen Vidal", Role.SUPERVISOR)
    lines = command.add(house.database, AREA, account, house.clock(), asks=False, has_code=True)
    password, uri = lines[1].rpartition(": ")[2], lines[2].partition(": ")[2]
    app = pyotp.TOTP(parse_qs(urlparse(uri).query)["secret"][0])
    room = Staffroom(house.database, AREA, house.clock)
    asked = room.enter("carmen", password, HERE)
    assert (asked.problem, asked.token) == (Problem.CODE_WANTED, "")
    assert room.enter_code(asked.ticket, "000000", HERE).problem is Problem.WRONG_CODE
    code = app.at(house.clock())
    assert room.member(room.enter_code(asked.ticket, code, HERE).token) is not None
    assert room.enter_code(asked.ticket, code, HERE).problem is Problem.WRONG_CODE
    house.clock.pass_by(minutes=6)
    assert room.enter_code(asked.ticket, app.at(house.clock()), HERE).problem is Problem.TOO_LATE


def test_a_login_is_taken_once_and_looks_like_one(house: House) -> None:
    for login in ("laura", "laura", "LAURA", "l", "la ura"):
        try:
            command.add(
                house.database, AREA, NewAccount(login, "L", Role.AGENT), house.clock(), asks=False, has_code=False
            )
        except BadAccount:
            continue
    assert len(command.listed(house.database)) == 2


NEW = "tres tristes tigres comen"


def test_a_new_password_wants_the_old_one_and_ends_the_other_sessions(room: Staffroom) -> None:
    here, elsewhere = room.enter("laura", PASSWORD, HERE).token, room.enter("laura", PASSWORD, HERE).token
    assert room.change_password(here, PASSWORD, NEW, NEW, HERE).is_changed
    assert room.member(here) is not None
    assert room.member(elsewhere) is None
    assert room.enter("laura", PASSWORD, HERE).problem is Problem.WRONG_PAIR
    assert room.enter("laura", NEW, HERE).problem is None


@pytest.mark.parametrize(
    ("former", "password", "repeated", "problem"),
    [
        ("", NEW, NEW, Problem.EMPTY),
        ("otra", NEW, NEW, Problem.WRONG_PAIR),
        (PASSWORD, "corta", "corta", PasswordProblem.TOO_SHORT),
        (PASSWORD, "x" * 129, "x" * 129, PasswordProblem.TOO_LONG),
        (PASSWORD, "contraseña1", "contraseña1", PasswordProblem.COMMON),
        (PASSWORD, "la clave de laura", "la clave de laura", PasswordProblem.LIKE_IDENTIFIER),
        (PASSWORD, NEW, NEW + "x", PasswordProblem.DIFFERENT),
    ],
)
def test_what_is_wrong_changes_nothing(
    room: Staffroom, former: str, password: str, repeated: str, problem: object
) -> None:
    here, elsewhere = room.enter("laura", PASSWORD, HERE).token, room.enter("laura", PASSWORD, HERE).token
    assert room.change_password(here, former, password, repeated, HERE).problem is problem
    assert room.member(elsewhere) is not None
    assert room.enter("laura", PASSWORD, HERE).problem is None


@pytest.mark.parametrize(
    ("login", "password", "is_like_it"),
    [
        ("laura", "la clave de Laura", True),
        ("laura@empresa.example", "hola laura hola", True),
        ("l.aura", "la clave de laura", True),
        ("jo", "jota jotera baila", False),
        ("laura", "un mostrador azul", False),
    ],
)
def test_a_password_does_not_hold_the_login(login: str, password: str, is_like_it: bool) -> None:
    found = staff.problem_of_password(password, password, login)
    assert found is (PasswordProblem.LIKE_IDENTIFIER if is_like_it else None)


def test_the_old_one_is_not_guessed_with_a_stolen_session(room: Staffroom) -> None:
    here = room.enter("laura", PASSWORD, HERE).token
    for _ in range(5):
        room.change_password(here, "mal", NEW, NEW, HERE)
    locked = room.change_password(here, PASSWORD, NEW, NEW, HERE)
    assert (locked.problem, locked.is_changed) == (Problem.LOCKED, False)
    assert locked.wait_seconds > 0


@pytest.mark.parametrize("token", [None, "", "made up"])
def test_without_a_session_nothing_is_changed(room: Staffroom, token: str | None) -> None:
    assert not room.change_password(token, PASSWORD, NEW, NEW, HERE).is_changed
    assert room.enter("laura", PASSWORD, HERE).problem is None


def test_a_changed_password_is_in_the_audit_as_is_one_that_was_not(room: Staffroom, house: House) -> None:
    here = room.enter("laura", PASSWORD, HERE).token
    room.change_password(here, "mal", NEW, NEW, HERE)
    room.change_password(here, PASSWORD, NEW, NEW, HERE)
    wanted = select(audit_table.c.result, audit_table.c.object_id).where(
        audit_table.c.action == "staff_password_changed"
    )
    with house.database.reading() as connection:
        assert [tuple(row) for row in connection.execute(wanted.order_by(audit_table.c.id))] == [
            ("failed", "1"),
            ("done", "1"),
        ]


def test_the_new_hash_is_argon2id(room: Staffroom, house: House) -> None:
    room.change_password(room.enter("laura", PASSWORD, HERE).token, PASSWORD, NEW, NEW, HERE)
    with house.database.reading() as connection:
        hashed = connection.execute(select(staff_table.c.password_hash)).scalar_one()
    assert hashed.startswith("$argon2id$")
