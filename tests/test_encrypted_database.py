"""PostgreSQL over an encrypted line: whom `sslmode` believes. A real server answers behind the line."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from bot.database import Database
from tests.conftest import POSTGRESQL, own_postgresql
from tests.notifications.mail_server import HOST, certificate

ADDRESS = "127.0.0.1"
BYTES_OF_THE_REQUEST = 8


class EncryptedLine:
    """Takes PostgreSQL's request for encryption, and hands what comes through it to the real server."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.handshakes = 0
        self._context = context
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, ADDRESS, 0), self._loop).result(10)
        self.port = server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Cut everything."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(BYTES_OF_THE_REQUEST)
        writer.write(b"S")
        with suppress(OSError):  # whoever does not believe us leaves
            await writer.start_tls(self._context)
            self.handshakes += 1
            real = make_url(POSTGRESQL)
            answers, questions = await asyncio.open_connection(real.host, real.port)
            await asyncio.gather(_pass_on(reader, questions), _pass_on(answers, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EncryptedLine, str, Path]]:
    """(line, address of a database behind it, the file with the certificate that vouches for it)."""
    folder = tmp_path_factory.mktemp("certificate")
    with own_postgresql("encrypted") as real, closing(EncryptedLine(certificate(folder))) as line:
        address = make_url(real).set(host=HOST, port=line.port).render_as_string(hide_password=False)
        yield line, address, folder / "ca.pem"


def reads(address: str) -> bool:
    with closing(Database(address)) as database, database.reading() as connection:
        return connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_encrypted_without_checking_who_answers(line: tuple[EncryptedLine, str, Path]) -> None:
    before = line[0].handshakes
    assert reads(f"{line[1]}?sslmode=require")
    assert line[0].handshakes > before


def test_who_is_vouched_for_by_nobody_is_not_believed(line: tuple[EncryptedLine, str, Path]) -> None:
    with pytest.raises(OperationalError, match="certificate verify failed"):
        reads(f"{line[1]}?sslmode=verify-full")


def test_a_certificate_of_one_s_own_is_named(line: tuple[EncryptedLine, str, Path]) -> None:
    assert reads(f"{line[1]}?sslmode=verify-full&sslrootcert={line[2]}")


def test_what_python_believes_is_believed(
    line: tuple[EncryptedLine, str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(line[2]))
    assert reads(f"{line[1]}?sslmode=verify-full")


def test_another_name_than_the_certificate_s_is_refused(line: tuple[EncryptedLine, str, Path]) -> None:
    other = make_url(line[1]).set(host=ADDRESS).render_as_string(hide_password=False)
    with pytest.raises(OperationalError, match="does not match host name"):
        reads(f"{other}?sslmode=verify-full&sslrootcert={line[2]}")
