"""The load generator: users who talk over Rasa's REST channel, each waiting for its answer before it goes on.

Run as a program of its own (`python -m bench.load`, plan in on stdin, outcome out on stdout, both JSON), so that the
time it takes can be told apart from everything else and it can be shown not to be the bottleneck. Raw streams with
one kept-alive connection a user, because a full HTTP client costs more than some of the turns measured here.
Imports nothing of the product and nothing of Rasa.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field

PATH = "/webhooks/rest/webhook"
ANSWER_TIMEOUT_SECONDS = 120.0


class Lost(Exception):
    """A message was sent and no complete, correct answer to it came back."""


@dataclass(frozen=True)
class Conversation:
    """What one sender says, in order; `first` is the turn it begins with when it goes on with an earlier one."""

    sender: str
    messages: list[str]
    first: int = 1


@dataclass(frozen=True)
class Plan:
    """Users side by side; each holds its conversations one after the other until they end or the time is over."""

    port: int
    users: list[list[Conversation]]
    seconds: float | None = None


@dataclass(frozen=True)
class Turn:
    """One answered message: its place in its conversation (from 1), how long it took, when it was answered."""

    sender: str
    number: int
    milliseconds: float
    answered_at_seconds: float


@dataclass
class Tally:
    """What one sender sent and got. `lost` is what must stay 0; `silent` are answers with no reply in them."""

    sent: int = 0
    answered: int = 0
    silent: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return self.sent - self.answered


@dataclass
class Outcome:
    """Everything one run of the load saw. `client_share` is the part of one core the generator itself took."""

    turns: list[Turn]
    tallies: dict[str, Tally]
    elapsed_seconds: float
    client_share: float

    @property
    def lost(self) -> int:
        return sum(tally.lost for tally in self.tallies.values())

    @property
    def silent(self) -> int:
        return sum(tally.silent for tally in self.tallies.values())

    @property
    def faults(self) -> list[str]:
        return [fault for tally in self.tallies.values() for fault in tally.faults]

    def turns_per_second(self, seconds: float) -> float:
        """Turns answered within the first `seconds`, per second."""
        return sum(turn.answered_at_seconds <= seconds for turn in self.turns) / seconds


def request_bytes(port: int, sender: str, message: str) -> bytes:
    """One whole POST of Rasa's REST channel."""
    body = json.dumps({"sender": sender, "message": message}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def content_length(head: bytes) -> int:
    """Length of the body after `head`; raises Lost when the server does not say."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise Lost("an answer without Content-Length")


def count_replies(head: bytes, body: bytes, sender: str) -> int:
    """How many replies the answer holds; raises Lost when it is an error or is meant for someone else."""
    status = head.split(b" ", 2)[1].decode()
    if status != "200":
        raise Lost(f"status {status}: {body[:200]!r}")
    replies = json.loads(body)
    if any(reply["recipient_id"] != sender for reply in replies):
        raise Lost("a reply meant for another sender")
    return len(replies)


class Connection:
    """A kept-alive connection, opened again after a fault."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, sender: str, message: str) -> int:
        """Number of replies to `message`; raises Lost."""
        try:
            return await asyncio.wait_for(self._exchange(sender, message), ANSWER_TIMEOUT_SECONDS)
        except (OSError, EOFError, ValueError, LookupError, TimeoutError, Lost) as error:
            await self.close()
            raise Lost(f"{type(error).__name__}: {error}") from error

    async def _exchange(self, sender: str, message: str) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request_bytes(self._port, sender, message))
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(content_length(head))
        return count_replies(head, body, sender)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


async def talk(
    connection: Connection, conversation: Conversation, tally: Tally, start: float, end: float
) -> list[Turn]:
    """Hold one conversation, counting in `tally`; no message is sent after `end` (perf_counter seconds)."""
    turns = []
    for number, message in enumerate(conversation.messages, start=conversation.first):
        asked_at = time.perf_counter()
        if asked_at >= end:
            break
        tally.sent += 1
        try:
            replies = await connection.ask(conversation.sender, message)
        except Lost as fault:
            tally.faults.append(str(fault))
            continue
        answered_at = time.perf_counter()
        tally.answered += 1
        tally.silent += not replies
        turns.append(Turn(conversation.sender, number, (answered_at - asked_at) * 1000, answered_at - start))
    return turns


async def run(plan: Plan) -> Outcome:
    """Let all users of the plan talk at once and report."""
    tallies: dict[str, Tally] = {}
    start, work = time.perf_counter(), time.process_time()
    end = start + (plan.seconds or float("inf"))

    async def hold(conversations: list[Conversation]) -> list[Turn]:
        connection = Connection(plan.port)
        turns: list[Turn] = []
        for conversation in conversations:
            if time.perf_counter() >= end:
                break
            tally = tallies.setdefault(conversation.sender, Tally())
            turns += await talk(connection, conversation, tally, start, end)
        await connection.close()
        return turns

    turns = [turn for of_user in await asyncio.gather(*map(hold, plan.users)) for turn in of_user]
    elapsed = time.perf_counter() - start
    return Outcome(turns, tallies, elapsed, (time.process_time() - work) / elapsed)


def plan_from_json(text: str) -> Plan:
    raw = json.loads(text)
    users = [[Conversation(**conversation) for conversation in user] for user in raw["users"]]
    return Plan(raw["port"], users, raw["seconds"])


def outcome_from_json(text: str) -> Outcome:
    raw = json.loads(text)
    turns = [Turn(**turn) for turn in raw["turns"]]
    tallies = {sender: Tally(**tally) for sender, tally in raw["tallies"].items()}
    return Outcome(turns, tallies, raw["elapsed_seconds"], raw["client_share"])


async def run_in_own_process(plan: Plan) -> Outcome:
    """The same as `run`, in a process that does nothing else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate(json.dumps(asdict(plan)).encode())
    return outcome_from_json(output.decode())


async def answer_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The cheapest server that speaks the channel: it answers every sender with one reply."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            sender = json.loads(await reader.readexactly(content_length(head)))["sender"]
            body = json.dumps([{"recipient_id": sender, "text": "ok"}]).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    except (EOFError, OSError):
        writer.close()


async def serve(handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> asyncio.Server:
    """A server on a free port of this machine."""
    return await asyncio.start_server(handler, "127.0.0.1", 0)


async def ceiling(users: int, seconds: float) -> float:
    """Turns per second that the generator reaches against a server that does nothing."""
    server = await serve(answer_at_once)
    port = server.sockets[0].getsockname()[1]
    talks = [[Conversation(f"ceiling-{user}", ["hola"] * 100_000)] for user in range(users)]
    outcome = await run_in_own_process(Plan(port, talks, seconds))
    server.close()
    return outcome.turns_per_second(seconds)


if __name__ == "__main__":
    json.dump(asdict(asyncio.run(run(plan_from_json(sys.stdin.read())))), sys.stdout)
