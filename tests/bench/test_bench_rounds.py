import os
import sys

import pytest

from bench.rounds import Round, Size, measure
from bench.server import Command, NotServed, Running, running

SMALL = Size(
    rounds=1, turns_per_conversation=3, lone_conversations=2, crowd=2,
    crowd_seconds=0.1, long_turns=80, long_seconds=5.0, training=False,
)  # fmt: skip

ANSWERING = """
import asyncio
import json
from bench.load import content_length

async def answer(reader, writer):
    while head := await reader.readuntil(b"\\r\\n\\r\\n"):
        sender = json.loads(await reader.readexactly(content_length(head)))["sender"]
        body = json.dumps([dict(recipient_id=sender)]).encode()
        await asyncio.sleep(0.005)
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", {port})
    await server.serve_forever()

asyncio.run(main())
"""


def command(tmp_path, program):
    settings = {"PYTHONPATH": os.getcwd()}
    return Command([sys.executable, "-c", program], tmp_path, settings, tmp_path / "server.log")


async def test_a_round_takes_every_figure_and_ends_the_server(tmp_path):
    done = await measure(command(tmp_path, ANSWERING), map(str, range(100_000)), SMALL, with_long=True)
    wanted = {"start_seconds", "one_p50", "crowd_p99", "turns_per_second", "resident_mb", "turn_10", "growth"}
    assert wanted <= done.figures.keys()
    assert (done.figures["lost"], done.figures["last_turn"], done.faults) == (0, 80, [])


async def test_a_server_that_ends_is_told_with_its_code_and_its_log(tmp_path):
    with pytest.raises(NotServed, match=r"ended with 3; its log is .*server\.log"):
        async with running(command(tmp_path, "raise SystemExit(3)")):
            pass


async def test_the_server_is_gone_after_the_block(tmp_path):
    async with running(command(tmp_path, ANSWERING)) as server:
        os.kill(server.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


@pytest.mark.parametrize("sentences", [40, 67], ids=["a user without any", "a user with few"])
async def test_sentences_that_end_too_early_are_a_fault(tmp_path, sentences):
    done = await measure(command(tmp_path, ANSWERING), map(str, range(sentences)), SMALL, with_long=False)
    assert "sentences ended" in " ".join(done.faults)


async def test_a_server_that_answers_nothing_is_no_figure(unused_tcp_port):
    with pytest.raises(NotServed, match="no message was answered"):
        await Round(Running(0, unused_tcp_port, 0.0), map(str, range(10_000)), SMALL).measure(with_long=False)
