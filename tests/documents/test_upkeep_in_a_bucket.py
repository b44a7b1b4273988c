"""What is erased is gone from an S3 bucket too, and a bucket that fails has its turn again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database
from bot.documents.checker import Checker
from bot.documents.model import NotFound
from bot.documents.service import attach
from bot.documents.storage import S3Settings, S3Storage, StorageUnavailable, make_s3_storage
from tests.documents.files import printed_pdf
from tests.documents.house import CHAT, NOW, House, fill
from tests.documents.s3_server import BUCKET, s3_server

PDF = printed_pdf(1)


@pytest.fixture
def bucket() -> Iterator[Any]:
    with s3_server() as server:
        yield server


def storage(bucket: Any) -> S3Storage:
    endpoint = f"http://127.0.0.1:{bucket.server_port}"
    return make_s3_storage(S3Settings(f"s3://{BUCKET}/area", endpoint, "eu-south-2", "key", "secret"))


@pytest.fixture
def house(database: Database, tmp_path: Path, checker: Checker, bucket: Any) -> House:
    fill(database)
    return House(database, tmp_path / "documents", checker, place=storage(bucket))


def test_what_is_erased_is_gone_from_the_bucket(house: House, bucket: Any) -> None:
    kept = house.send(PDF).document
    assert kept is not None
    with house.database.writing() as connection:
        attach(connection, CHAT, None, [kept.reference], 77, NOW)
    house.send(PDF)
    half = house.begin(len(PDF))
    house.append(half, 0, PDF[:10])
    assert len(bucket.stored) == 3
    house.upkeep.sweep(house.clock.go(hours=25))
    assert list(bucket.stored) == [f"area/{kept.storage_key}"]
    assert [(row.state, row.storage_key) for row in house.rows()] == [("kept", kept.storage_key), ("deleted", "")]
    with pytest.raises(NotFound):
        house.received(half)


def test_a_bucket_that_fails_leaves_the_rows_to_be_tried_again(house: House, bucket: Any) -> None:
    house.send(PDF)
    half = house.begin(len(PDF))
    house.append(half, 0, PDF[:10])
    bucket.failing = True
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            house.upkeep.sweep(house.clock.go(hours=25))
    assert (len(bucket.stored), house.uploads_left()) == (2, 2)
    assert [(row.state, row.name, bool(row.storage_key)) for row in house.rows()] == [("deleted", "", True)]
    bucket.failing = False
    house.upkeep.sweep(house.clock.now)
    assert bucket.stored == {}
    assert [(row.state, row.storage_key) for row in house.rows()] == [("deleted", "")]
    assert house.uploads_left() == 0


def test_pieces_that_the_bucket_does_not_delete_are_told_and_tried_again(house: House, bucket: Any) -> None:
    half = house.begin(len(PDF))
    house.append(half, 0, PDF[:10])
    bucket.refusing = True
    with pytest.raises(StorageUnavailable, match="AccessDenied"):
        house.upkeep.sweep(house.clock.go(hours=25))
    assert (len(bucket.stored), house.uploads_left()) == (1, 1)
    bucket.refusing = False
    house.upkeep.sweep(house.clock.now)
    assert (bucket.stored, house.uploads_left()) == ({}, 0)
