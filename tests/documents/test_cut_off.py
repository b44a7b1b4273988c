"""A check that was cut off is made again, also when the browser that sent the file is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from bot.database import Database
from bot.documents.checker import Checker, CheckUnavailable
from bot.documents.cut_off import CutOffChecks
from bot.documents.model import Reason, Upload
from bot.documents.store import upload_table
from bot.documents.worker import DocumentWorker
from tests.documents.files import printed_pdf
from tests.documents.house import CHAT, NOW, House, fill

PDF = printed_pdf(1)


def whole(house: House, content: bytes = PDF, address: str = CHAT, remote: str | None = "203.0.113.7") -> Upload:
    """An upload of which every byte has come and that nobody has checked."""
    return house.append(house.begin(len(content), address=address, remote=remote), 0, content)


def finish(house: House, **later: float) -> list[str]:
    return CutOffChecks(house.database, house.uploads).finish(house.clock.go(**later))


def test_it_is_checked_when_its_own_request_had_time_enough(house: House) -> None:
    whole(house)
    assert finish(house, minutes=4) == []
    assert finish(house, minutes=1) == [CHAT]
    assert [house.content(document) for document in house.documents()] == [PDF]
    assert [settled.reason for settled in house.told] == [None]
    assert finish(house, minutes=10) == []


def test_what_is_no_document_is_refused_like_any_other(house: House) -> None:
    whole(house, b"MZ" * 100)
    assert finish(house, minutes=5) == [CHAT]
    assert [settled.reason for settled in house.told] == [Reason.WRONG_KIND]


def test_half_a_file_and_one_that_has_expired_are_left(house: House) -> None:
    house.append(house.begin(len(PDF)), 0, PDF[:10])
    assert finish(house, minutes=5) == []
    whole(house)
    assert finish(house, hours=25) == []


@pytest.mark.parametrize(("address", "remote"), [("telegram:two", None), ("desk:1.2", "203.0.113.7")])
def test_what_others_than_browsers_of_customers_sent_is_left(house: House, address: str, remote: str | None) -> None:
    whole(house, address=address, remote=remote)
    assert finish(house, minutes=5) == []


def test_a_check_that_somebody_is_at_is_left_until_they_have_given_up(house: House) -> None:
    upload = whole(house)
    with house.database.writing() as connection:
        mine = update(upload_table).where(upload_table.c.id == upload.id)
        connection.execute(mine.values(settling_at=house.clock.go(minutes=10)))
    assert finish(house, minutes=4) == []
    assert finish(house, minutes=1) == [CHAT]


def test_without_a_checker_it_is_tried_again(database: Database, tmp_path: Path, checker: Checker) -> None:
    fill(database)
    closed = Checker()
    closed.close()
    whole(House(database, tmp_path / "documents", closed))
    house = House(database, tmp_path / "documents", closed)
    with pytest.raises(CheckUnavailable):
        finish(house, minutes=5)
    house = House(database, tmp_path / "documents", checker)
    assert finish(house, minutes=5) == [CHAT]


def test_the_worker_does_it_each_round_and_a_failure_stops_nothing_else(house: House) -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("finish")
        raise CheckUnavailable

    DocumentWorker(house.upkeep, lambda: done.append("remind"), lambda: NOW, fail).run_once()
    assert sorted(done) == ["finish", "remind"]
