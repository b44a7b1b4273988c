"""Files arrive in pieces, go on after a cut, and become a document only when all of it is stored."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import pytest

from bot.audit.model import Result
from bot.database import Database
from bot.documents import store
from bot.documents import uploads as uploads_module
from bot.documents.checker import Checker
from bot.documents.model import (
    LARGEST_FILE_BYTES,
    BeingSettled,
    Limit,
    LimitReached,
    MediaType,
    NotFound,
    Reason,
    ScanState,
    Upload,
    WrongOffset,
)
from bot.documents.storage import StorageUnavailable
from bot.documents.uploads import Tools, UploadLimits, Uploads
from tests.documents.files import encrypted_pdf, photograph_of_a_telephone, printed_pdf
from tests.documents.hostile import EICAR
from tests.documents.house import (
    AREA,
    BEATRIZ,
    CHAT,
    FIRST_AGENCY,
    HOME,
    OFFICE,
    OTHER_CHAT,
    House,
    Knows,
    fill,
)

PDF = printed_pdf(1)


def test_a_pdf_is_kept_as_it_came_under_a_clean_name(house: House) -> None:
    document = house.send(PDF, "../poder\r\n.exe").document
    assert document is not None
    assert house.content(document) == PDF
    assert (document.name, document.media_type, document.size) == ("poder.pdf", MediaType.PDF, len(PDF))
    assert document.sha256 == sha256(PDF).hexdigest()
    assert len(document.reference) >= 22
    assert house.documents() == [document]


def test_a_photograph_is_kept_as_it_was_written_anew(house: House) -> None:
    document = house.send(photograph_of_a_telephone("HEIF"), "IMG_1.HEIC").document
    assert document is not None
    kept = house.content(document)
    assert (document.name, document.media_type) == ("IMG_1.jpg", MediaType.JPEG)
    assert (document.size, document.sha256) == (len(kept), sha256(kept).hexdigest())
    assert kept.startswith(b"\xff\xd8\xff")
    assert b"Telephone" not in kept


def test_a_refused_file_leaves_nothing_behind(house: House) -> None:
    settled = house.send(encrypted_pdf("user", "AES-256"))
    assert (settled.reason, settled.document) == (Reason.ENCRYPTED, None)
    assert house.documents() == []
    assert house.stored_files() == []
    assert [(entry.action, entry.result) for entry in house.entries()] == [("document_refused", Result.REFUSED)]


def test_what_is_kept_is_in_the_audit_and_told_in_the_same_transaction(house: House) -> None:
    house.sign_in()
    settled = house.send(PDF)
    assert house.told == [settled]
    entry = house.entries()[-1]
    assert settled.document is not None
    assert (entry.action, entry.object_id) == ("document_kept", str(settled.document.id))
    assert (entry.address, entry.person_id, entry.agency_id) == (CHAT, BEATRIZ, FIRST_AGENCY)


def test_nothing_is_kept_when_telling_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(house.uploads, "_tell", fail)
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF)
    with pytest.raises(RuntimeError):
        house.uploads.finish(CHAT, upload.reference, house.clock.now)
    assert house.documents() == []
    monkeypatch.setattr(house.uploads, "_tell", house._tell)
    assert house.uploads.finish(CHAT, upload.reference, house.clock.now).document is not None
    assert len(house.documents()) == 1


def test_it_goes_on_after_a_cut_at_every_piece(house: House) -> None:
    piece = len(PDF) // 7
    upload = house.begin(len(PDF))
    while (offset := house.received(upload)) < len(PDF):
        house.append(upload, offset, PDF[offset : offset + piece])
        house.uploads = Uploads(house.database, AREA, house.tools, house._tell)  # as after a start
    document = house.uploads.finish(CHAT, upload.reference, house.clock.now).document
    assert document is not None
    assert house.content(document) == PDF


def test_bytes_at_a_wrong_place_are_refused_and_the_right_place_is_told(house: House) -> None:
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF[:100])
    for wrong in (0, 99, 101, 500_000):
        with pytest.raises(WrongOffset) as refused:
            house.append(upload, wrong, b"x")
        assert refused.value.received == 100
    assert house.received(upload) == 100


def test_more_bytes_than_announced_are_refused(house: House) -> None:
    upload = house.begin(10)
    with pytest.raises(WrongOffset):
        house.append(upload, 0, b"x" * 11)
    assert house.received(upload) == 0


def test_of_two_tabs_that_append_at_once_one_succeeds(house: House) -> None:
    upload = house.begin(len(PDF))
    gate = Barrier(2)

    def append(piece: bytes) -> bool:
        gate.wait()
        try:
            house.append(upload, 0, piece)
        except WrongOffset:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        added = list(pool.map(append, (PDF[:1000], PDF[:2000])))
    assert sorted(added) == [False, True]
    received = house.received(upload)
    assert received == (1000 if added[0] else 2000)
    house.append(upload, received, PDF[received:])
    document = house.uploads.finish(CHAT, upload.reference, house.clock.now).document
    assert document is not None
    assert house.content(document) == PDF


def test_asked_again_a_finished_upload_says_the_same_and_keeps_nothing_twice(house: House) -> None:
    settled = house.send(PDF)
    again = house.uploads.finish(CHAT, settled.upload.reference, house.clock.now)
    assert again.document == settled.document
    assert len(house.documents()) == len(house.told) == 1
    with pytest.raises(WrongOffset):
        house.append(settled.upload, len(PDF), b"x")


def test_a_refusal_is_said_again_too(house: House) -> None:
    settled = house.send(b"no paper at all")
    assert house.uploads.finish(CHAT, settled.upload.reference, house.clock.now).reason is Reason.WRONG_KIND


def test_an_upload_is_finished_once_when_two_try(house: House) -> None:
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF)
    gate = Barrier(2)

    def finish(_: int) -> object:
        gate.wait()
        try:
            return house.uploads.finish(CHAT, upload.reference, house.clock.now).document
        except BeingSettled:
            return None

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(finish, range(2)))
    assert len(house.documents()) == 1


def test_it_is_not_finished_before_every_byte_is_there(house: House) -> None:
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF[:-1])
    with pytest.raises(WrongOffset):
        house.uploads.finish(CHAT, upload.reference, house.clock.now)


def test_only_the_conversation_that_began_it_can_go_on(house: House) -> None:
    upload = house.begin(len(PDF))
    for call in (
        lambda: house.uploads.look(OTHER_CHAT, upload.reference, house.clock.now),
        lambda: house.uploads.append(OTHER_CHAT, upload.reference, 0, b"x", house.clock.now),
        lambda: house.uploads.finish(OTHER_CHAT, upload.reference, house.clock.now),
        lambda: house.uploads.look(CHAT, "no-such-reference", house.clock.now),
    ):
        with pytest.raises(NotFound):
            call()


def test_after_a_day_it_is_gone(house: House) -> None:
    upload = house.begin(len(PDF))
    house.clock.go(hours=23)
    house.append(upload, 0, PDF[:10])
    house.clock.go(hours=1)
    with pytest.raises(NotFound):
        house.append(upload, 10, PDF[10:])


def test_twenty_uploads_an_hour_of_one_conversation(house: House) -> None:
    for _ in range(20):
        house.begin(1)
    with pytest.raises(LimitReached) as reached:
        house.begin(1)
    assert reached.value.limit is Limit.TOO_MANY
    house.begin(1, address=OTHER_CHAT)
    house.clock.go(hours=1, seconds=1)
    house.begin(1)


def test_two_hundred_megabytes_a_day_of_one_conversation(house: House) -> None:
    for _ in range(10):
        house.begin(LARGEST_FILE_BYTES)
    house.clock.go(hours=2)
    with pytest.raises(LimitReached) as reached:
        house.begin(1)
    assert reached.value.limit is Limit.TOO_MUCH
    house.clock.go(hours=22, seconds=1)
    house.begin(LARGEST_FILE_BYTES)


def test_new_conversations_do_not_go_round_the_limit_of_their_network_address(house: House) -> None:
    for number in range(200):
        house.begin(1, address=f"web:{number}")
    with pytest.raises(LimitReached):
        house.begin(1, address="web:fresh")
    house.begin(1, address="web:fresh", remote=OFFICE)
    house.begin(1, address="telegram:fresh", remote=None)


def test_everybody_together_has_a_limit(database: Database, tmp_path: Path, checker: Checker) -> None:
    fill(database)
    house = House(database, tmp_path / "d", checker, limits=UploadLimits(total_bytes_per_day=100))
    house.begin(60, address="web:a", remote=HOME)
    with pytest.raises(LimitReached) as reached:
        house.begin(41, address="web:b", remote=OFFICE)
    assert reached.value.limit is Limit.BUSY
    house.begin(40, address="web:b", remote=OFFICE)


def test_at_once_no_more_begin_than_the_limit_lets(
    database: Database, tmp_path: Path, checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    count = store.begun_since

    def count_slowly(*values: object) -> tuple[int, int]:
        counted = count(*values)
        time.sleep(0.05)
        return counted

    monkeypatch.setattr(store, "begun_since", count_slowly)
    house = House(database, tmp_path / "d", checker, limits=UploadLimits(per_hour=3))

    def begin(_: int) -> Upload | None:
        try:
            return house.begin(1)
        except LimitReached:
            return None

    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(begin, range(12)))
    assert sum(upload is not None for upload in begun) == 3


def test_an_upload_in_crumbs_ends(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "MOST_PARTS", 3)
    upload = house.begin(100)
    for offset in range(3):
        house.append(upload, offset, b"x")
    with pytest.raises(LimitReached):
        house.append(upload, 3, b"x")


def test_an_infected_file_is_refused_and_a_scanned_one_is_clean(
    database: Database, tmp_path: Path, checker: Checker
) -> None:
    fill(database)
    house = House(database, tmp_path / "d", checker, Knows())
    assert house.send(EICAR).reason is Reason.INFECTED
    document = house.send(PDF).document
    assert document is not None
    assert document.scan_state is ScanState.CLEAN


def test_without_a_scanner_a_file_is_kept_and_says_that_nobody_scanned_it(house: House) -> None:
    document = house.send(PDF).document
    assert document is not None
    assert document.scan_state is ScanState.NOT_SCANNED


class Full:
    """A storage on a full disk."""

    def __init__(self, house: House) -> None:
        self._storage = house.storage
        self.room = True

    def put(self, key: str, content: Iterable[bytes]) -> None:
        if not self.room:
            list(content)
            raise StorageUnavailable
        self._storage.put(key, content)

    def open(self, key: str) -> Iterator[bytes]:
        return self._storage.open(key)

    def delete(self, key: str) -> None:
        self._storage.delete(key)

    def sweep(self) -> None:
        self._storage.sweep()


def test_on_a_full_disk_nothing_is_lost_and_later_it_goes_on(house: House) -> None:
    disk = Full(house)
    tools = Tools(disk, house.tools.checker, house.tools.scanner)
    house.uploads = Uploads(house.database, AREA, tools, house._tell)
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF[:50])
    disk.room = False
    with pytest.raises(StorageUnavailable):
        house.append(upload, 50, PDF[50:])
    assert house.received(upload) == 50
    disk.room = True
    house.append(upload, 50, PDF[50:])
    disk.room = False
    with pytest.raises(StorageUnavailable):
        house.uploads.finish(CHAT, upload.reference, house.clock.now)
    assert house.documents() == []
    disk.room = True
    assert house.uploads.finish(CHAT, upload.reference, house.clock.now).document is not None


def test_a_claim_of_a_process_that_died_is_taken_over(house: House) -> None:
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF)
    with house.database.writing() as connection:
        store.claim(connection, upload, house.clock.now, uploads_module.CLAIM)
    with pytest.raises(BeingSettled):
        house.uploads.finish(CHAT, upload.reference, house.clock.go(minutes=4))
    assert house.uploads.finish(CHAT, upload.reference, house.clock.go(minutes=1)).document is not None


def test_who_comes_too_late_after_a_take_over_keeps_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = house.begin(len(PDF))
    house.append(upload, 0, PDF)
    first_scan = house.tools.scanner.scan

    def slow(content: Iterable[bytes]) -> ScanState:
        monkeypatch.setattr(house.tools.scanner, "scan", first_scan)
        house.uploads.finish(CHAT, upload.reference, house.clock.go(minutes=6))
        return ScanState.NOT_SCANNED

    monkeypatch.setattr(house.tools.scanner, "scan", slow)
    # the pieces of the one who was first are gone by then, or its claim is not its own any more
    with pytest.raises((BeingSettled, StorageUnavailable)):
        house.uploads.finish(CHAT, upload.reference, house.clock.now)
    assert len(house.documents()) == len(house.told) == 1


def test_names_that_no_database_takes_are_taken(house: House) -> None:
    for name in ("\0.pdf", "\ud83d.pdf", "x" * 5000 + ".pdf"):
        document = house.send(PDF, name).document
        assert document is not None
        assert document.name.endswith(".pdf")
