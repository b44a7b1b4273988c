"""Clients are found by what people write, slips and all; who does not exist is not found."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import Connection, event, update

from bot.accounts.likeness import Texts, nearest, resembling, wanted
from bot.accounts.model import Client, Page, Viewer
from bot.accounts.service import clients_of, contracts_of, find_clients, nearest_clients, viewer_of
from bot.accounts.store import assignment_table, client_table, clients_by_id
from bot.database import Database
from tests.accounts.misspelt import BY_HAND, UNKNOWN, slips
from tests.conftest import DEMO_DAY

REPRESENTATIVES = {1: 1, 2: 2, 3: 4}
LLORENTE = 2
FIRST_THREE, EVERYTHING = Page(0, 3), Page(0, 100)
GENERATED_OF_AN_AGENCY = 40
LEAST_FOUND = 0.95


def viewer(connection: Connection, agency: int = LLORENTE) -> Viewer:
    return viewer_of(connection, REPRESENTATIVES[agency], agency, DEMO_DAY)


def names(clients: object) -> list[str]:
    assert isinstance(clients, list | tuple)
    return [client.name for client in clients]


def test_misspelt_clients_are_among_the_first_three(demo: Database) -> None:
    missed: list[str] = []
    with demo.reading() as connection:
        for agency in REPRESENTATIVES:
            who = viewer(connection, agency)
            everybody = clients_of(connection, who, page=EVERYTHING)
            for words, meant in slips(Random(agency), everybody, GENERATED_OF_AN_AGENCY):
                if meant not in find_clients(connection, who, words, FIRST_THREE).clients:
                    missed.append(words)
    asked = GENERATED_OF_AN_AGENCY * len(REPRESENTATIVES)
    assert len(missed) <= asked * (1 - LEAST_FOUND), missed


@pytest.mark.parametrize("agency", BY_HAND)
def test_what_people_wrote_finds_whom_they_meant(demo: Database, agency: int) -> None:
    with demo.reading() as connection:
        who = viewer(connection, agency)
        found = {words: find_clients(connection, who, words, FIRST_THREE) for words in BY_HAND[agency]}
    missed = {
        words: names(found[words].clients)
        for words, meant in BY_HAND[agency].items()
        if not any(meant in name for name in names(found[words].clients))
    }
    assert missed == {}


def test_names_that_nobody_has_find_nobody(demo: Database) -> None:
    with demo.reading() as connection:
        for agency in REPRESENTATIVES:
            who = viewer(connection, agency)
            found = {words: find_clients(connection, who, words) for words in UNKNOWN}
            assert [words for words in UNKNOWN if found[words].exact] == []
            assert len([words for words in UNKNOWN if found[words].total]) <= len(UNKNOWN) * 0.05


def test_what_stands_there_is_exact_and_counted(demo: Database) -> None:
    with demo.reading() as connection:
        found = find_clients(connection, viewer(connection), "comunidad", FIRST_THREE)
        assert (found.exact, len(found.clients)) == (True, 3)
        assert found.total == len(clients_of(connection, viewer(connection), "comunidad", EVERYTHING))


@pytest.mark.parametrize(
    "words", ["cp mayor 54", "c/ mayor, 54", "Cdad. de prop. Mayor nº 54", "mayor54", "la de mayor 54"]
)
def test_another_way_of_writing_the_usual_words_is_exact(demo: Database, words: str) -> None:
    with demo.reading() as connection:
        found = find_clients(connection, viewer(connection), words)
    assert (found.exact, names(found.clients)) == (True, ["Comunidad de Propietarios Mayor 54"])


def test_a_misspelt_name_is_not_exact(demo: Database) -> None:
    with demo.reading() as connection:
        found = find_clients(connection, viewer(connection), "comunidad mayr 54")
    assert (found.exact, names(found.clients)) == (False, ["Comunidad de Propietarios Mayor 54"])


def test_a_number_is_a_whole_number(demo: Database) -> None:
    with demo.reading() as connection:
        who = viewer(connection)
        assert names(find_clients(connection, who, "comunidad sol 2").clients) == ["Comunidad de Propietarios Sol 2"]
        assert find_clients(connection, who, "soll 3").total == 0
        assert all("Sol" in name for name in names(nearest_clients(connection, who, "comunidad sol 3")))


def test_pages_of_resembling_clients_hold_each_once(demo: Database) -> None:
    with demo.reading() as connection:
        who = viewer(connection)
        whole = find_clients(connection, who, "comunidad san roqe", EVERYTHING)
        pages = [find_clients(connection, who, "comunidad san roqe", Page(offset, 2)) for offset in range(0, 20, 2)]
    shown = [client.id for page in pages for client in page.clients]
    assert whole.total == pages[0].total == len(shown) == len(set(shown)) > 2


def test_an_identifier_or_a_cups_is_found_as_it_is_or_not_at_all(demo: Database) -> None:
    with demo.reading() as connection:
        who = viewer(connection)
        (wanted_client,) = clients_of(connection, who, page=Page(7, 1))
        cups = contracts_of(connection, who, wanted_client.id)[0].cups
        for code in (wanted_client.identifier, f"{wanted_client.identifier[0]}-{wanted_client.identifier[1:]}", cups):
            assert find_clients(connection, who, code).clients == [wanted_client]
        for code in ("H54406434", "ES0021000012345678LB"):
            found = find_clients(connection, who, code)
            assert (found.clients, found.exact, found.total) == ((), False, 0)
            assert nearest_clients(connection, who, code) == []


def test_nothing_found_offers_the_nearest(demo: Database) -> None:
    with demo.reading() as connection:
        who = viewer(connection)
        assert find_clients(connection, who, "talleres gómez").total == 0
        assert names(nearest_clients(connection, who, "talleres gómez")) == ["Talleres Muñoz, S. L."]
        assert len(nearest_clients(connection, who, "mayor 999", limit=1)) == 1
        assert nearest_clients(connection, who, "xyzzy") == nearest_clients(connection, who, "la") == []


@pytest.mark.parametrize("words", ["", " ", "%", "_", "¿?"])
def test_no_words_at_all_are_every_client(demo: Database, words: str) -> None:
    with demo.reading() as connection:
        assert find_clients(connection, viewer(connection), words).total == 90


@pytest.mark.parametrize(
    "words", ["la de los", "x" * 4000, "a1 " * 3000, "\ud800", "' OR 1=1 --", "comunidad " * 900, "0" * 300]
)
def test_odd_texts_end_in_no_error(demo: Database, words: str) -> None:
    many = " ".join(f"w{number}" for number in range(2000))
    with demo.reading() as connection:
        who = viewer(connection)
        for text in (words, f"{words} {many}"):
            assert len(find_clients(connection, who, text).clients) <= 10
            assert len(nearest_clients(connection, who, text)) <= 3


def test_only_the_own_agency_is_compared(demo: Database) -> None:
    with demo.reading() as connection:
        theirs = find_clients(connection, viewer(connection, 3), "optica camaxo")
        assert names(theirs.clients) == ["Óptica Camacho, S. L."]
        assert find_clients(connection, viewer(connection), "optica camaxo").total == 0
        assert "Óptica Camacho, S. L." not in names(nearest_clients(connection, viewer(connection), "optica camaxo"))


def test_ids_alone_open_nobody_s_clients(demo: Database) -> None:
    with demo.reading() as connection:
        assert [each.id for each in clients_by_id(connection, viewer(connection), [151, 62, 1, 61, 10**6])] == [62, 61]


def test_no_text_of_another_agency_is_even_read(demo: Database) -> None:
    read: list[str] = []
    with demo.writing() as connection:
        connection.execute(update(client_table).where(client_table.c.id > 150).values(search_text="secreto ajeno"))
        connection.execute(
            update(assignment_table).where(assignment_table.c.client_id == 61).values(valid_until=DEMO_DAY)
        )
        connection.execute(update(client_table).where(client_table.c.id == 61).values(search_text="secreto antiguo"))
        who = viewer(connection)
        listener = event.listens_for(connection, "before_cursor_execute")
        listener(lambda *arguments: read.append(arguments[2]))
        assert find_clients(connection, who, "secretto").total == 0
        assert nearest_clients(connection, who, "secreto") == []
    asked = [statement for statement in read if "client" in statement]
    assert asked
    assert all("assignment.agency_id" in statement for statement in asked)


def ranked(search: str, *texts: str) -> list[int]:
    return [each.client_id for each in resembling(wanted(search), Texts(list(enumerate(texts))))]


def test_the_most_alike_come_first() -> None:
    assert ranked("panaderia lopex", "panaderia lopera", "panaderia lopez", "panaderia sol") == [1]
    assert ranked("panadera gil", "panaderas gila", "panaderia gil") == [1, 0]
    assert ranked("comunidad sool", "restaurante sol", "comunidad sol") == [1]
    assert ranked("comunidad sool", "restaurante sol", "bar luna") == [0]


def test_words_that_sound_the_same_are_the_same() -> None:
    assert ranked("echevarria", "etxebarria") == [0]
    assert ranked("gimenez", "jimenez", "martinez") == [0]
    assert ranked("llaves guerra", "yabes gerra") == [0]


def test_three_letters_are_not_replaced() -> None:
    assert ranked("sal", "sol") == []
    assert ranked("slo", "sol") == ranked("sool", "sol") == [0]


def test_a_search_is_taken_apart_only_where_it_fails() -> None:
    assert ranked("riotajo", "rio tajo", "rio ebro") == [0]
    assert ranked("riotajo", "riotajo", "rio tajo") == [0]


def test_the_nearest_may_lack_a_word_but_not_all() -> None:
    texts = Texts([(1, "panaderia sol"), (2, "calle mayor"), (3, "bar luna")])
    assert [each.client_id for each in nearest(wanted("panaderia mar"), texts, 3)] == [1]
    assert nearest(wanted("hotel cielo"), texts, 3) == []


def test_the_parts_of_a_search_are_told_apart() -> None:
    search = wanted("la C/ Mayr nº3, 2ºB")
    assert (search.words, search.numbers) == (("mayr",), ("3", "2ob"))
    assert len(search.usual) == 1
    assert wanted("de la S. L.").words == ()


def test_a_client_is_what_it_was(demo: Database) -> None:
    with demo.reading() as connection:
        who = viewer(connection)
        (found,) = find_clients(connection, who, "cp mayr 54").clients
        assert isinstance(found, Client)
        assert found in clients_of(connection, who, "comunidad mayor", EVERYTHING)
