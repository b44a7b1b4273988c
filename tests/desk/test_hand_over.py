"""Who has a conversation: taken once, silent while a person has it, back when the person is gone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from bot.conversation import transcript
from bot.conversation.model import Author, Holder
from bot.database import Database
from bot.desk import store
from bot.desk.agents import TextRefused
from bot.desk.model import GONE_AFTER, Choice, NoSuchCase, NotYours, Outcome, Reason, Role, StaffMember, State
from bot.desk.service import choose, place_of, stop_waiting
from bot.desk.tables import case_step, case_step_table
from bot.procedures.store import procedure, procedure_table
from tests.desk.house import ADDRESS, AREA, House

RACES = 1000
STEPS = 10_000


def state_of(house: House, case_id: int) -> tuple[State, int | None]:
    with house.database.reading() as connection:
        found = store.by_id(connection, case_id)
    assert found is not None
    return found.state, found.staff_id


def test_who_asks_gets_a_tracking_key_and_one_case(house: House) -> None:
    first, again = house.wait(), house.wait()
    assert first.id == again.id
    assert len(first.tracking_key) == 14
    assert first.deadline_on.isoformat() == "2026-12-17"


def test_the_assistant_goes_on_answering_while_nobody_has_it(house: House) -> None:
    house.wait()
    assert house.say("¿y el CIF?") == ["echo ¿y el CIF?"]


def test_while_a_person_has_it_nothing_is_said_not_even_after_a_restart(house: House) -> None:
    taken = house.agents.take(house.staff("laura"), house.wait().id)
    assert [line.text for line in taken.said] == ["utter_desk_joined Laura"]
    assert house.say("hola") == []
    assert House(house.database).say("¿hay alguien?") == []


def test_a_person_writes_under_their_name_and_once(house: House) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.agents.take(laura, case.id)
    for _ in range(3):
        house.agents.say(laura, case.id, "Hola, Ana", "m1")
    said = [(m.text, m.signed_by) for m in house.transcript() if m.author is Author.AGENT]
    assert said == [("utter_desk_joined Laura", ""), ("Hola, Ana", "Laura")]


def test_only_who_has_it_writes_gives_away_and_ends(house: House) -> None:
    laura, andres, case = house.staff("laura"), house.staff("andres"), house.wait()
    house.agents.take(laura, case.id)
    for act in (
        lambda: house.agents.say(andres, case.id, "hola"),
        lambda: house.agents.hand_back(andres, case.id),
        lambda: house.agents.close(andres, case.id, Outcome.SOLVED),
        lambda: house.agents.transfer(andres, case.id, andres.id),
        lambda: house.agents.to_team(andres, case.id, ""),
        lambda: house.agents.take(andres, case.id),
    ):
        with pytest.raises(NotYours):
            act()
    assert state_of(house, case.id) == (State.AGENT, laura.id)


def test_a_text_without_words_is_not_sent(house: House) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.agents.take(laura, case.id)
    with pytest.raises(TextRefused):
        house.agents.say(laura, case.id, " \n ")


def test_handed_back_the_assistant_speaks_and_answers_again(house: House) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.agents.take(laura, case.id)
    assert house.agents.hand_back(laura, case.id).wakes
    assert [m.text for m in house.router.answer_waiting(ADDRESS)] == ["echo /handed_back"]
    assert house.say("hola") == ["echo hola"]


@pytest.mark.parametrize("words", ["terminar", "Quiero volver al asistente", "Terminar la conversación, por favor."])
def test_the_customer_ends_the_talk_and_hears_it(house: House, words: str) -> None:
    case = house.wait()
    house.agents.take(house.staff("laura"), case.id)
    assert house.say(words) == ["utter_desk_left", "echo /handed_back"]
    assert state_of(house, case.id)[0] is State.ASSISTANT


@pytest.mark.parametrize("words", ["¿cómo puedo terminar el alta?", "volver a mandar el NIF", "salir del paso"])
def test_a_sentence_that_only_resembles_it_ends_nothing(house: House, words: str) -> None:
    house.agents.take(house.staff("laura"), house.wait().id)
    assert house.say(words) == []


def test_an_agent_who_is_gone_loses_it_to_the_queue_where_it_is_first(house: House) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.agents.take(laura, case.id)
    house.clock.pass_by(seconds=GONE_AFTER.total_seconds() + 1)
    later = house.wait("web:berta")
    (back,) = house.agents.return_lost()
    assert back.case.state is State.WAITING
    with house.database.reading() as connection:
        assert store.waiting_before(connection, later) == 1
        assert transcript.holder_of(connection, ADDRESS) is Holder.ASSISTANT
    assert house.agents.return_lost() == []


def test_an_agent_who_is_here_keeps_it(house: House) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.agents.take(laura, case.id)
    for _ in range(4):
        house.clock.pass_by(seconds=30)
        house.agents.at_the_desk([laura.id])
    assert house.agents.return_lost() == []


def test_a_colleague_gets_it_with_everything(house: House) -> None:
    laura, andres, case = house.staff("laura"), house.staff("andres"), house.wait()
    house.agents.take(laura, case.id)
    house.agents.transfer(laura, case.id, andres.id)
    house.agents.say(andres, case.id, "Sigo yo")
    assert state_of(house, case.id) == (State.AGENT, andres.id)
    with pytest.raises(NotYours):
        house.agents.say(laura, case.id, "perdona")


def test_nobody_gets_it_who_does_not_exist(house: House) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.agents.take(laura, case.id)
    with pytest.raises(NoSuchCase):
        house.agents.transfer(laura, case.id, 999)


def test_a_supervisor_passes_on_what_a_colleague_has(house: House) -> None:
    laura, carmen, case = house.staff("laura"), house.staff("carmen", Role.SUPERVISOR), house.wait()
    house.agents.take(laura, case.id)
    assert house.agents.to_team(carmen, case.id, "altas").case.team == "altas"


@pytest.mark.parametrize(
    ("reason", "outcome", "state"),
    [
        (Reason.ASKED, Outcome.SOLVED, "resolved"),
        (Reason.ASKED, Outcome.NOT_SOLVED, "rejected"),
        (Reason.ASKED, Outcome.ANSWERED_LATER, "in_progress"),
        (Reason.COMPLAINT, Outcome.SOLVED, "resolved"),
    ],
)
def test_the_outcome_brings_the_procedure_to_its_end(
    house: House, reason: Reason, outcome: Outcome, state: str
) -> None:
    laura, case = house.staff("laura"), house.wait(reason=reason)
    house.agents.take(laura, case.id)
    house.agents.close(laura, case.id, outcome)
    with house.database.reading() as connection:
        found = select(procedure.state).where(procedure.id == case.procedure_id)
        assert connection.execute(found).scalar_one() == state


def test_a_complaint_stays_open_when_the_customer_leaves(house: House) -> None:
    case = house.wait(reason=Reason.COMPLAINT)
    with house.database.writing() as connection:
        stop_waiting(connection, AREA, case, house.clock())
    with house.database.reading() as connection:
        found = select(procedure.state).where(procedure.id == case.procedure_id)
        assert connection.execute(found).scalar_one() == "in_progress"


def test_who_wants_nobody_any_more_has_pressed_the_button(house: House) -> None:
    house.wait()
    assert house.say("no quiero esperar") == ["echo /handoff_stop"]
    assert house.say("déjalo") == ["echo déjalo"]


def test_a_number_is_asked_for_and_taken_from_the_next_message(house: House) -> None:
    case = house.wait()
    with house.database.writing() as connection:
        assert choose(connection, AREA, case, Choice.CALL, "que me llamen", house.clock()).asking == "phone"
    assert house.say("al 600 123 123") == [f"utter_handoff_call 600123123 {case.tracking_key}"]
    assert house.say("¿y el CIF?") == ["echo ¿y el CIF?"]


def test_the_wait_is_told_from_what_others_waited(house: House) -> None:
    laura = house.staff("laura")
    for minutes, who in ((2, "b"), (4, "c"), (9, "d")):
        waiting = house.wait(f"web:{who}")
        house.clock.pass_by(minutes=minutes)
        house.agents.take(laura, waiting.id)
    case = house.wait()
    with house.database.reading() as connection:
        place = place_of(connection, case, house.clock())
    assert (place.ahead, place.wait and place.wait.total_seconds()) == (0, 240)


def test_without_enough_cases_no_wait_is_foretold(house: House) -> None:
    case = house.wait()
    with house.database.reading() as connection:
        assert place_of(connection, case, house.clock()).wait is None


def test_two_who_take_it_at_the_same_moment_are_one(house: House) -> None:
    # Both databases decide it by the same UPDATE; the cases are made beforehand.
    laura, andres = house.staff("laura"), house.staff("andres")
    cases = [house.wait(f"web:{number}").id for number in range(RACES)]
    with ThreadPoolExecutor(2) as pool:
        for case_id in cases:
            taken = [done for done in pool.map(lambda by, one=case_id: _take(house, by, one), (laura, andres)) if done]
            assert len(taken) == 1
    with house.database.reading() as connection:
        steps = select(func.count()).select_from(case_step_table).where(case_step.what == "taken")
        assert connection.execute(steps).scalar_one() == RACES


def _take(house: House, by: object, case_id: int) -> object:
    try:
        return house.agents.take(by, case_id)  # type: ignore[arg-type]
    except NotYours:
        return None


def test_in_no_order_of_things_the_assistant_speaks_while_a_person_has_it(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.WRITING", "PRAGMA synchronous=OFF; BEGIN IMMEDIATE")  # no power cut here
    shutil.copy(migrated_sqlite, tmp_path / "test.db")
    house, random = House(Database(f"sqlite:///{tmp_path / 'test.db'}")), Random(5)
    people = [house.staff("laura"), house.staff("andres")]
    addresses = [f"web:{number}" for number in range(8)]
    assert sum(_step(house, random, random.choice(people), random.choice(addresses)) for _ in range(STEPS)) == 0
    with house.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(procedure_table)).scalar_one() > 100
    assert _said_by_the_assistant_while_held(house, addresses) == 0


def _step(house: House, random: Random, by: StaffMember, address: str) -> int:
    """One thing that somebody does; how much the assistant said to a message while a person had the conversation."""
    with house.database.reading() as connection:
        holder, live = transcript.holder_of(connection, address), store.live_at(connection, address)
    case_id = live.id if live else 0
    acts: dict[Callable[[], object], int] = {
        lambda: house.say(random.choice(["hola", "/restart", "sí", "NIF 12345678Z"]), address): 6,
        lambda: house.wait(address): 2,
        lambda: house.agents.take(by, case_id): 2,
        lambda: house.agents.say(by, case_id, "hola"): 2,
        lambda: house.agents.hand_back(by, case_id): 1,
        lambda: house.agents.close(by, case_id, Outcome.SOLVED): 1,
        lambda: house.agents.transfer(by, case_id, 1): 1,
        lambda: house.agents.to_team(by, case_id, ""): 1,
        lambda: (house.clock.pass_by(seconds=20), house.agents.return_lost()): 1,
        lambda: house.router.answer_waiting(address): 1,
    }
    (act,) = random.choices(list(acts), list(acts.values()))
    try:
        done = act()
    except (NotYours, NoSuchCase):
        return 0
    return len(done) if holder is Holder.DESK and act is next(iter(acts)) else 0  # type: ignore[arg-type]


def _said_by_the_assistant_while_held(house: House, addresses: list[str]) -> int:
    """Counted again from the transcripts: between the line of who joins and the line of who leaves."""
    wrong = 0
    for address in addresses:
        is_held = False
        for message in house.transcript(address):
            if message.author is Author.AGENT and not message.signed_by:
                is_held = message.text.startswith("utter_desk_joined")
            elif message.author is Author.ASSISTANT:
                wrong += is_held
    return wrong


def test_news_that_came_while_a_person_had_it_are_told_when_it_comes_back(house: House) -> None:
    laura, case = house.staff("laura"), house.wait()
    house.agents.take(laura, case.id)
    for event in ("/procedure_changed", "/procedure_changed", "/signed_in"):
        with house.database.writing() as connection:
            house.router.note_news(connection, ADDRESS, event)
        assert house.router.answer_waiting(ADDRESS) == []
    house.agents.hand_back(laura, case.id)
    assert [m.text for m in house.router.answer_waiting(ADDRESS)] == ["echo /handed_back", "echo /procedure_changed"]
