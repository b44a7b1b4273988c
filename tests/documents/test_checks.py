"""Good files are kept, images without what came with them; a file that breaks its check breaks nothing else."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image

from bot.documents import checker as checker_module
from bot.documents.checker import Checker, CheckUnavailable
from bot.documents.model import MediaType, Reason
from tests.documents.files import (
    GOOD,
    encrypted_pdf,
    pdf_of_pages,
    photograph_of_a_telephone,
    picture,
    printed_pdf,
    saved,
)

KEPT_AS = {".pdf": MediaType.PDF, ".jpg": MediaType.JPEG, "heic": MediaType.JPEG, ".png": MediaType.PNG}


def looked_at(checker: Checker, content: bytes) -> tuple[Reason | None, MediaType | None, bytes | None]:
    with checker.checked([content]) as checked:
        return checked.reason, checked.media_type, None if checked.content is None else b"".join(checked.content)


def kept_image(checker: Checker, content: bytes) -> Image.Image:
    reason, _, kept = looked_at(checker, content)
    assert reason is None
    assert kept is not None
    return Image.open(BytesIO(kept))


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_kept(checker: Checker, name: str) -> None:
    reason, media_type, content = looked_at(checker, GOOD[name]())
    assert (reason, media_type) == (None, KEPT_AS[name[-4:]])
    assert (content is None) == (media_type is MediaType.PDF)


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_a_photograph_loses_its_place_and_maker_and_stands_upright(checker: Checker, kind: str) -> None:
    sent = photograph_of_a_telephone(kind, orientation=6)
    assert b"Telephone" in sent
    kept = kept_image(checker, sent)
    assert not kept.getexif()
    assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert kept.size == (480, 640)
    red, green, _blue = kept.getpixel((470, 10))  # what was the top left corner is now the top right one
    assert red > 200 > 100 > green


def test_what_a_telephone_puts_behind_the_image_is_dropped(checker: Checker) -> None:
    photograph = photograph_of_a_telephone()
    for behind in (photograph, bytes(64), b"\0\0\0\x18ftypmp42" + os.urandom(500)):
        kept = looked_at(checker, photograph + behind)
        assert kept == looked_at(checker, photograph)


def test_a_comment_a_profile_and_a_thumbnail_are_dropped(checker: Checker) -> None:
    sent = saved(picture(), "JPEG", comment=b"secret words", icc_profile=b"a profile of colours" * 9)
    _, _, kept = looked_at(checker, sent)
    assert kept is not None
    assert b"secret words" not in kept
    assert b"a profile of colours" not in kept


@pytest.mark.parametrize(
    ("mode", "kind", "kept_as"),
    [("L", "JPEG", "L"), ("CMYK", "JPEG", "RGB"), ("P", "PNG", "RGB"), ("RGBA", "PNG", "RGBA"), ("I;16", "PNG", "L")],
)
def test_every_kind_of_pixels_is_kept(checker: Checker, mode: str, kind: str, kept_as: str) -> None:
    image = picture(mode="L").convert("I").point(lambda shade: shade * 256) if mode == "I;16" else picture(mode=mode)
    sent = saved(image.convert(mode), kind)
    kept = kept_image(checker, sent)
    assert (kept.mode, kept.size) == (kept_as, (640, 480))


def test_see_through_parts_of_a_heic_become_white_paper(checker: Checker) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    kept = kept_image(checker, saved(image, "HEIF"))
    assert min(kept.getpixel((5, 5))) > 250


def test_a_pdf_whose_password_only_restricts_printing_is_kept_and_one_that_needs_it_is_not(checker: Checker) -> None:
    assert looked_at(checker, encrypted_pdf("", "AES-128"))[0] is None
    assert looked_at(checker, encrypted_pdf("user", "AES-128"))[0] is Reason.ENCRYPTED


def test_a_pdf_has_at_most_500_pages(checker: Checker) -> None:
    assert looked_at(checker, pdf_of_pages(500))[0] is None
    assert looked_at(checker, pdf_of_pages(501))[0] is Reason.BOMB


def test_a_large_photograph_that_lies_on_its_side_fits_into_the_memory_of_the_check(checker: Checker) -> None:
    image = picture(8_900, 6_700)
    exif = image.getexif()
    exif[0x0112] = 8
    assert kept_image(checker, saved(image, "JPEG", exif=exif, quality=60)).size == (6_700, 8_900)


def test_two_files_are_looked_at_at_once_and_more_wait(checker: Checker) -> None:
    sent = printed_pdf(1)
    with ThreadPoolExecutor(6) as pool:
        verdicts = list(pool.map(lambda _: looked_at(checker, sent)[0], range(24)))
    assert verdicts == [None] * 24


@pytest.fixture
def own_checker() -> Checker:
    return Checker()


def process_of(checker: Checker) -> int:
    assert checker._process is not None
    return checker._process.pid


def test_a_check_process_that_died_is_started_again(own_checker: Checker) -> None:
    assert looked_at(own_checker, printed_pdf(1))[0] is None
    os.kill(process_of(own_checker), signal.SIGKILL)
    assert looked_at(own_checker, printed_pdf(1))[0] is None
    own_checker.close()


def test_a_check_that_does_not_end_is_given_up(own_checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_at(own_checker, printed_pdf(1))[0] is None
    monkeypatch.setattr(checker_module, "SECONDS", 0.3)
    os.kill(process_of(own_checker), signal.SIGSTOP)
    assert looked_at(own_checker, printed_pdf(1))[0] is Reason.BOMB
    own_checker.close()


@pytest.mark.parametrize("waiting", [1, 4])
def test_at_the_end_nobody_waits_for_a_check_and_its_file_is_judged_by_nobody(
    own_checker: Checker, waiting: int
) -> None:
    assert looked_at(own_checker, printed_pdf(1))[0] is None
    os.kill(process_of(own_checker), signal.SIGSTOP)
    with ThreadPoolExecutor(waiting) as pool:
        running = [pool.submit(looked_at, own_checker, printed_pdf(1)) for _ in range(waiting)]
        time.sleep(0.3)
        begun = time.monotonic()
        own_checker.close()
        errors = [each.exception(5) for each in running]
    assert time.monotonic() - begun < 2
    assert [type(error) for error in errors] == [CheckUnavailable] * waiting
    with pytest.raises(CheckUnavailable):
        looked_at(own_checker, printed_pdf(1))


def test_a_process_that_cannot_start_is_told(own_checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker_module.sys, "executable", "/no/such/python")
    with pytest.raises(CheckUnavailable):
        looked_at(own_checker, printed_pdf(1))


def test_the_check_process_knows_no_secret_and_ends_with_us(
    own_checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "a-secret-of-the-environment")
    looked_at(own_checker, printed_pdf(1))
    number = process_of(own_checker)
    with open(f"/proc/{number}/environ", "rb") as environment:
        assert b"a-secret" not in environment.read()
    assert own_checker._control is not None
    own_checker._control.close()  # as when our own process dies
    assert own_checker._process is not None
    assert own_checker._process.wait(5) == 0
