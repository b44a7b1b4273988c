from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from bot.pages.requests import (
    LARGEST_FORM_BYTES,
    BadForm,
    form_of,
    is_own_form,
    is_this_machine,
    remote_of,
)

HOME = "https://area.example"
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


def request_with(remote: str | None = "198.51.100.7", **headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("POST", "/", headers=named).clone(remote=remote)  # type: ignore[arg-type]


async def posted(body: bytes, headers: dict[str, str] = FORM) -> dict[str, str]:
    content = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**20)
    content.feed_data(body)
    content.feed_eof()
    return await form_of(make_mocked_request("POST", "/", headers=headers, payload=content), HOME)


async def refusal_of(body: bytes, headers: dict[str, str] = FORM) -> int:
    with pytest.raises(BadForm) as refused:
        await posted(body, headers)
    return refused.value.status


def test_the_address_is_the_connection_s_whatever_the_client_claims() -> None:
    assert remote_of(request_with(X_Forwarded_For="203.0.113.9"), behind_proxy=False) == "198.51.100.7"


def test_behind_our_proxy_it_is_the_one_that_the_proxy_added() -> None:
    request = request_with(X_Forwarded_For="10.0.0.1, 203.0.113.9")
    assert remote_of(request, behind_proxy=True) == "203.0.113.9"
    assert remote_of(request_with(), behind_proxy=True) == "198.51.100.7"


def test_only_a_direct_connection_comes_from_this_machine() -> None:
    assert is_this_machine(request_with("127.0.0.1"))
    assert is_this_machine(request_with("::1"))
    assert not is_this_machine(request_with("198.51.100.7"))
    assert not is_this_machine(request_with(None))
    assert not is_this_machine(request_with("127.0.0.1", X_Real_IP="127.0.0.1"))


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "https://alias.example"}, True),
        ({"Sec_Fetch_Site": "cross-site", "Origin": HOME}, False),
        ({"Sec_Fetch_Site": "same-site", "Origin": HOME}, False),
        ({"Sec_Fetch_Site": "none"}, False),
        ({"Origin": HOME}, True),
        ({"Origin": "https://area.example.evil"}, False),
        ({"Origin": "http://area.example"}, False),
        ({"Origin": "null"}, False),
        ({}, False),
    ],
)
def test_a_form_is_ours_only_if_the_browser_says_so(headers: dict[str, str], is_own: bool) -> None:
    assert is_own_form(request_with(**headers), HOME) is is_own


def test_a_public_address_with_a_folder_has_the_origin_without_it() -> None:
    assert is_own_form(request_with(Origin=HOME), f"{HOME}/area")


async def test_the_fields_of_a_form() -> None:
    assert await posted(b"a=1&b=contrase%C3%B1a+larga&c=&a=2") == {"a": "2", "b": "contraseña larga", "c": ""}


async def test_a_form_from_another_site_is_refused_unread() -> None:
    assert await refusal_of(b"a=1", FORM | {"Sec-Fetch-Site": "cross-site"}) == 403


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain", "x"])
async def test_another_type_of_body_is_refused(kind: str) -> None:
    assert await refusal_of(b"{}", FORM | {"Content-Type": kind}) == 415


async def test_a_body_over_the_limit_is_refused_and_one_at_it_is_not() -> None:
    assert await refusal_of(b"a=" + b"x" * (LARGEST_FORM_BYTES - 1)) == 413
    assert len((await posted(b"a=" + b"x" * (LARGEST_FORM_BYTES - 2)))["a"]) == LARGEST_FORM_BYTES - 2


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff", b"a=%00", b"a=1&" * 60])
async def test_what_cannot_be_read_or_stored_is_refused(body: bytes) -> None:
    assert await refusal_of(body) == 400


@given(st.binary(max_size=300))
def test_no_body_breaks_the_reading(body: bytes) -> None:
    async def read() -> Any:
        try:
            return await posted(body)
        except BadForm as refused:
            return refused.status

    assert isinstance(asyncio.run(read()), dict) or asyncio.run(read()) == 400
