"""A folder and a bucket hold files alike: whole or not at all, and nothing of them in clear."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.documents.sealing import Tampered, read_keyring
from bot.documents.storage import (
    FolderStorage,
    NotStored,
    S3Settings,
    S3Storage,
    SealedStorage,
    Storage,
    StorageUnavailable,
    make_s3_storage,
    new_key,
)
from tests.documents.s3_server import BUCKET, s3_server

CONTENT = os.urandom(300_000)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    with s3_server() as server:
        yield server


def s3(bucket: Any) -> S3Storage:
    endpoint = f"http://127.0.0.1:{bucket.server_port}"
    return make_s3_storage(S3Settings(f"s3://{BUCKET}/deeds", endpoint, "eu-south-2", "key", "secret"))


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, bucket: Any) -> Storage:
    bucket.stored.clear()
    return FolderStorage(tmp_path / "documents") if request.param == "folder" else s3(bucket)


def read(storage: Storage, key: str) -> bytes:
    return b"".join(storage.open(key))


def test_a_file_comes_back_and_can_be_removed(storage: Storage) -> None:
    key = new_key("kept")
    storage.put(key, (CONTENT[:100], CONTENT[100:]))
    assert read(storage, key) == CONTENT
    storage.delete(key)
    storage.delete(key)
    with pytest.raises(NotStored):
        read(storage, key)


def test_everything_below_a_key_is_removed_and_nothing_beside_it(storage: Storage) -> None:
    upload, other = new_key("arriving"), new_key("arriving")
    parts = [new_key(upload) for _ in range(3)]
    for key in (*parts, beside := new_key(other)):
        storage.put(key, (b"part",))
    storage.delete(upload)
    for key in parts:
        with pytest.raises(NotStored):
            read(storage, key)
    assert read(storage, beside) == b"part"


def test_a_file_whose_source_breaks_is_not_there(storage: Storage) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError

    key = new_key("kept")
    with pytest.raises(RuntimeError):
        storage.put(key, breaking())
    with pytest.raises(NotStored):
        read(storage, key)


@pytest.mark.parametrize(
    "key", ["../secret_key", "kept/../../secret_key", "kept/", "/etc/passwd", "kept/ABC", "", "unfinished"]
)
def test_no_other_key_reaches_the_storage(storage: Storage, key: str) -> None:
    for call in (lambda: read(storage, key), lambda: storage.put(key, (b"x",)), lambda: storage.delete(key)):
        with pytest.raises(NotStored):
            call()


def test_what_lies_there_is_sealed_and_a_change_is_seen(tmp_path: Path) -> None:
    storage = SealedStorage(FolderStorage(tmp_path), read_keyring("", b"secret"))
    key = new_key("kept")
    storage.put(key, (b"the name of Ana",))
    stored = (tmp_path / key).read_bytes()
    assert b"Ana" not in stored
    assert read(storage, key) == b"the name of Ana"
    (tmp_path / key).write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
    with pytest.raises(Tampered):
        read(storage, key)


def test_only_our_own_user_reads_the_folder(tmp_path: Path) -> None:
    storage, key = FolderStorage(tmp_path / "documents"), new_key("kept")
    storage.put(key, (b"x",))
    for path in (tmp_path / "documents").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert stat.S_IMODE((tmp_path / "documents").stat().st_mode) == 0o700


def test_the_sweep_removes_what_a_dead_process_left_and_not_what_is_being_written(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    old, new = tmp_path / "unfinished" / "old", tmp_path / "unfinished" / "new"
    old.touch()
    new.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    storage.sweep()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    storage, key = FolderStorage(tmp_path), new_key("kept")
    (tmp_path / "kept").write_text("a file where the folder should be")
    with pytest.raises(StorageUnavailable):
        storage.put(key, (b"x",))
    with pytest.raises(StorageUnavailable):
        read(storage, key)
    assert list((tmp_path / "unfinished").iterdir()) == []


def test_files_lie_below_the_prefix_of_the_bucket(bucket: Any) -> None:
    bucket.stored.clear()
    key = new_key("kept")
    s3(bucket).put(key, (b"x",))
    assert list(bucket.stored) == [f"deeds/{key}"]


def test_a_store_that_fails_is_told(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = s3(bucket)
    monkeypatch.setattr(bucket, "failing", True)
    with pytest.raises(StorageUnavailable):
        storage.delete(new_key("kept"))
    nobody = make_s3_storage(S3Settings(f"s3://{BUCKET}", "http://127.0.0.1:1", "", "key", "secret"))
    with pytest.raises(StorageUnavailable):
        nobody.put(new_key("kept"), (b"x",))


@pytest.mark.parametrize("url", ["", "https://bucket", "s3://", "/folder"])
def test_an_address_of_a_bucket_has_its_form(url: str) -> None:
    with pytest.raises(ValueError, match="s3://"):
        make_s3_storage(S3Settings(url))
