import asyncio
import json

import pytest

from bench.load import Conversation, Plan, answer_at_once, content_length, run, run_in_own_process, serve

TWO_USERS = [[Conversation("ana", ["uno", "dos"])], [Conversation("luis", ["uno"]), Conversation("luis-2", ["dos"])]]


async def outcome_of(handler, seconds=None):
    server = await serve(handler)
    outcome = await run(Plan(server.sockets[0].getsockname()[1], TWO_USERS, seconds))
    server.close()
    return outcome


def answering(status, replies):
    async def handler(reader, writer):
        body = json.dumps(replies).encode()
        try:
            while True:
                await reader.readexactly(content_length(await reader.readuntil(b"\r\n\r\n")))
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
        except EOFError:
            writer.close()

    return handler


async def hang_up(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def test_every_sender_is_counted_by_itself():
    outcome = await outcome_of(answer_at_once)
    assert {sender: tally.answered for sender, tally in outcome.tallies.items()} == {"ana": 2, "luis": 1, "luis-2": 1}
    assert (outcome.lost, outcome.silent, outcome.faults) == (0, 0, [])


async def test_turns_are_numbered_within_their_conversation():
    outcome = await outcome_of(answer_at_once)
    assert sorted(turn.number for turn in outcome.turns) == [1, 1, 1, 2]


async def test_a_conversation_that_goes_on_keeps_its_numbers():
    server = await serve(answer_at_once)
    going_on = [[Conversation("ana", ["uno", "dos"], first=41)]]
    outcome = await run_in_own_process(Plan(server.sockets[0].getsockname()[1], going_on))
    server.close()
    assert [(turn.sender, turn.number) for turn in outcome.turns] == [("ana", 41), ("ana", 42)]


async def test_a_message_without_an_answer_is_lost():
    assert (await outcome_of(hang_up)).lost == 4


@pytest.mark.parametrize("status", [500, 429, 503])
async def test_an_error_is_a_lost_message_and_is_named(status):
    outcome = await outcome_of(answering(status, []))
    assert outcome.lost == 4
    assert f"status {status}" in outcome.faults[0]


async def test_a_reply_for_another_sender_is_a_lost_message():
    outcome = await outcome_of(answering(200, [{"recipient_id": "ana", "text": "ok"}]))
    assert {sender: tally.lost for sender, tally in outcome.tallies.items()} == {"ana": 0, "luis": 1, "luis-2": 1}


async def test_an_answer_without_replies_is_counted_as_silent():
    outcome = await outcome_of(answering(200, []))
    assert (outcome.lost, outcome.silent) == (0, 4)


async def test_nothing_is_sent_after_the_end():
    outcome = await outcome_of(answer_at_once, seconds=1e-9)
    assert outcome.tallies == {}


async def test_a_conversation_under_way_stops_at_the_end():
    server = await serve(answer_at_once)
    endless = [[Conversation("ana", ["hola"] * 50_000)]]
    outcome = await run(Plan(server.sockets[0].getsockname()[1], endless, 0.05))
    server.close()
    assert 0 < len(outcome.turns) < 50_000


async def test_a_process_of_its_own_reports_the_same():
    server = await serve(answer_at_once)
    outcome = await run_in_own_process(Plan(server.sockets[0].getsockname()[1], TWO_USERS))
    server.close()
    assert len(outcome.turns) == 4
    assert outcome.turns_per_second(60) == pytest.approx(4 / 60)


async def test_latency_is_the_time_the_user_waits():
    async def slow(reader, writer):
        await asyncio.sleep(0.05)
        await answer_at_once(reader, writer)

    outcome = await outcome_of(slow)
    assert max(turn.milliseconds for turn in outcome.turns) >= 49  # the clock of the loop may be a little ahead
