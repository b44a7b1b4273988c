"""Papers in an S3-compatible store through a running server: sent, fetched, and the store away for a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.server import Server, free_port
from tests.documents.real_store import RealStore, real_store
from tests.test_papers_in_chat import PDF, Sender, found

DOCUMENT = r'href="([^"]+/documentos/[^"]+)"'


@pytest.fixture(scope="module")
def store() -> Iterator[RealStore]:
    with real_store() as store:
        yield store


@pytest.fixture(scope="module")
def office(store: RealStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("bucket"), free_port(), "")
    server.set(**store.settings())
    server.start()
    yield server
    server.stop()


def kept(store: RealStore) -> dict[str, bytes]:
    return {name: content for name, content in store.stored().items() if name.startswith("area/kept/")}


def test_a_paper_is_kept_sealed_in_the_bucket_and_comes_back_as_it_was(office: Server, store: RealStore) -> None:
    before = kept(store)
    sender = Sender(office.url)
    link = sender.open_procedure()
    sender.look(link)
    assert sender.send(PDF, "escritura.pdf")[0] == 204
    (name,) = kept(store).keys() - before.keys()
    assert b"%PDF" not in kept(store)[name], "sealed"
    assert [each for each in store.stored() if each.startswith("area/arriving/")] == [], "nothing is left of the pieces"
    status, body, headers = sender.open(found(DOCUMENT, sender.look(link)))
    assert (status, body) == (200, PDF)
    assert headers["Content-Disposition"].startswith("attachment")


def test_while_the_store_is_away_it_is_said_and_nothing_is_lost(office: Server, store: RealStore) -> None:
    sender = Sender(office.url)
    link = sender.open_procedure()
    sender.look(link)
    assert sender.send(PDF, "escritura.pdf")[0] == 204
    document = found(DOCUMENT, sender.look(link))
    place = sender.announce(PDF, "poder.pdf")[1]["Location"]
    half = len(PDF) // 2
    assert sender.append(place, PDF[:half])[0] == 204
    store.gate.is_open = False
    status, body, _ = sender.open(document)
    assert status == 503
    assert "Ahora mismo no podemos darte este documento" in body.decode()
    status, headers = sender.append(place, PDF, half)
    assert (status, headers["Retry-After"]) == (503, "10")
    store.gate.is_open = True
    status, headers = sender.tus("HEAD", place)
    assert (status, headers["Upload-Offset"]) == (200, str(half))
    assert sender.append(place, PDF, half)[0] == 204
    assert sender.open(document)[:2] == (200, PDF)
    sender.hear("poder.pdf")
