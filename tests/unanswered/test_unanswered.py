"""Questions that nobody could answer: kept, grouped, given a topic, written for review, forgotten. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from bot.database import Database
from bot.unanswered import service, store
from bot.unanswered.model import Decision, Reason, UnknownTopic
from bot.unanswered.review import write

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ELEVATOR = ("¿arregláis ascensores?", "arregláis los ascensores?", "Arreglais ascensores")
TOPICS = ("contact_details", "power_cut")


def keep(database: Database, *texts: str, now: datetime = NOW) -> None:
    with database.writing() as connection:
        for text in texts:
            service.keep(connection, text, Reason.UNSURE, "web", [("contact_details", 0.31)], now)
        service.group(connection)


def open_groups(database: Database) -> list[tuple[str, int]]:
    with database.reading() as connection:
        return [(group.example, group.count) for group in service.groups(connection, Decision.OPEN)]


def assign_first(database: Database, topic: str) -> None:
    with database.writing() as connection:
        first = service.groups(connection, Decision.OPEN)[0]
        service.assign(connection, first.id, topic, TOPICS, 7, NOW)


def test_questions_that_ask_the_same_are_one_group_and_the_most_frequent_is_first(database: Database) -> None:
    keep(database, "¿vendéis bombillas?", *ELEVATOR)
    assert open_groups(database) == [(ELEVATOR[0], 3), ("¿vendéis bombillas?", 1)]


def test_what_comes_later_joins_the_group_that_is_there(database: Database) -> None:
    keep(database, ELEVATOR[0])
    keep(database, *ELEVATOR[1:])
    assert open_groups(database) == [(ELEVATOR[0], 3)]


def test_nothing_says_who_asked(database: Database) -> None:
    keep(database, "me llamo Marta Ruiz, 12345678Z, marta@example.com, ¿y mi perro?")
    with database.reading() as connection:
        row = connection.execute(select(store.unanswered_table)).one()
    assert row.text == "me llamo NOMBRE, IDENTIFICADOR, CORREO, ¿y mi perro?"
    assert set(row._mapping) == {"id", "group_id", "text", "reason", "channel", "ranking", "asked_at"}


@pytest.mark.parametrize("nothing", ["?", "🙂", "12345", " . ", "marta@example.com"])
def test_signs_are_no_question(nothing: str, database: Database) -> None:
    keep(database, nothing)
    assert open_groups(database) == []


def test_only_topics_of_the_assistant_can_be_given(database: Database) -> None:
    keep(database, *ELEVATOR)
    for topic in ("elevators", "", "contact_details\n- intent: x"):
        with pytest.raises(UnknownTopic):
            assign_first(database, topic)


def test_a_topic_writes_every_wording_in_the_form_of_training_data(database: Database, tmp_path: Path) -> None:
    keep(database, *ELEVATOR, ELEVATOR[0], "el [ascensor](x) {y} no va, arreglad ascensores")
    assign_first(database, "contact_details")
    with database.reading() as connection:
        write(connection, tmp_path / "review" / "questions.yml")
    read = yaml.safe_load((tmp_path / "review" / "questions.yml").read_text())
    assert [entry["intent"] for entry in read["nlu"]] == ["contact_details"]
    assert read["nlu"][0]["examples"].splitlines() == [f"- {text}" for text in ELEVATOR]


def test_nothing_to_review_is_a_valid_file_too(database: Database, tmp_path: Path) -> None:
    with database.reading() as connection:
        write(connection, tmp_path / "questions.yml")
    assert yaml.safe_load((tmp_path / "questions.yml").read_text())["nlu"] == []


def test_a_dismissed_group_does_not_come_back_with_the_next_question(database: Database) -> None:
    keep(database, *ELEVATOR)
    with database.writing() as connection:
        service.dismiss(connection, service.groups(connection, Decision.OPEN)[0].id, 7, NOW)
    keep(database, ELEVATOR[0])
    assert open_groups(database) == []


def test_what_is_older_than_the_setting_is_forgotten_and_empty_groups_with_it(database: Database) -> None:
    keep(database, "¿vendéis bombillas?", now=NOW - timedelta(days=181))
    keep(database, ELEVATOR[0], now=NOW - timedelta(days=179))
    with database.writing() as connection:
        assert service.forget(connection, 180, NOW) == 1
    assert open_groups(database) == [(ELEVATOR[0], 1)]


def test_a_thousand_questions_are_grouped_in_a_few_seconds(database: Database) -> None:
    words = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "lmnrs"]
    keep(database, *(f"{words[n % 125]} {words[(n * 7 + n // 125) % 125]} tampoco va" for n in range(1000)))
    with database.reading() as connection:
        assert store.ungrouped(connection, 1) == []
