"""Whatever a file is called, its name can be shown, saved and sent in a header."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.model import LARGEST_FILE_BYTES, LONGEST_NAME, MediaType, Reason, Refused, Wanted, clean_name

PDF, JPEG = MediaType.PDF, MediaType.JPEG


@pytest.mark.parametrize(
    ("sent", "kind", "shown"),
    [
        ("Escritura pública.pdf", PDF, "Escritura pública.pdf"),
        ("../../etc/passwd", PDF, "passwd.pdf"),
        ("C:\\Users\\Ana\\poder.PDF", PDF, "poder.pdf"),
        ("/", PDF, "document.pdf"),
        ("", JPEG, "document.jpg"),
        (".htaccess", PDF, "htaccess.pdf"),
        ("...", PDF, "document.pdf"),
        ("factura.pdf.exe", PDF, "factura.pdf"),
        ("IMG_0001.HEIC", JPEG, "IMG_0001.jpg"),
        ("foto.jpeg", JPEG, "foto.jpeg"),
        ("foto.pdf", JPEG, "foto.jpg"),
        ("a\r\nSet-Cookie: x=1\r\n.pdf", PDF, "a Set-Cookie_ x=1.pdf"),
        ("factura\u202efdp.exe", PDF, "facturafdp.pdf"),
        ("a\u200bb\u2066c\u2069.pdf", PDF, "abc.pdf"),
        ("a\0b.pdf", PDF, "ab.pdf"),
        ('a"b<c>d|e?f*g:h.pdf', PDF, "a_b_c_d_e_f_g_h.pdf"),
        ("mi   poder\u00a0notarial.pdf", PDF, "mi poder notarial.pdf"),
        ("n\u0303o.pdf", PDF, "ño.pdf"),
        ("CON.pdf", PDF, "CON.pdf"),
    ],
)
def test_a_name_is_made_fit_to_show(sent: str, kind: MediaType, shown: str) -> None:
    assert clean_name(sent, kind) == shown


@given(st.text(max_size=300), st.sampled_from(MediaType))
def test_no_name_comes_out_unfit(sent: str, kind: MediaType) -> None:
    shown = clean_name(sent, kind)
    assert len(shown) <= LONGEST_NAME
    assert shown.endswith({PDF: (".pdf",), JPEG: (".jpg", ".jpeg"), MediaType.PNG: (".png",)}[kind])
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in shown)
    assert not set(shown) & set('/\\<>:"|?*')
    assert not shown.startswith(".")
    assert clean_name(shown, kind) == shown


@pytest.mark.parametrize(
    ("size", "reason"), [(0, Reason.EMPTY), (-1, Reason.EMPTY), (LARGEST_FILE_BYTES + 1, Reason.TOO_LARGE)]
)
def test_a_length_that_cannot_be_kept_is_refused_before_any_byte(size: int, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        Wanted("deed", "a.pdf", size)
    assert refused.value.reason is reason


@pytest.mark.parametrize("purpose", ["", "Deed", "deed of", "1deed", "d" * 49, "deed\n"])
def test_a_purpose_is_one_of_our_words(purpose: str) -> None:
    with pytest.raises(ValueError, match="purpose"):
        Wanted(purpose, "a.pdf", 1)
