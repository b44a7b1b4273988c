"""One round: a server is started, loaded and stopped, and what was seen becomes a row of figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Self

from bench.load import Conversation, Outcome, Plan, Turn, run_in_own_process
from bench.messages import conversations
from bench.server import Command, NotServed, Running, running

# Around which turn of a conversation the cost is taken, and how many turns either side belong to it.
NEAR_TURN_10 = (10, 8)
NEAR_TURN_100 = (100, 40)
NEAR_TURN_1000 = (1000, 40)
LAST_TURNS = 80
BLOCK_TURNS = 40
LONG = "long"


@dataclass(frozen=True)
class Size:
    """How much is measured in a round. Both products get the same."""

    rounds: int
    turns_per_conversation: int
    lone_conversations: int
    crowd: int
    crowd_seconds: float
    long_turns: int
    long_seconds: float
    training: bool

    @classmethod
    def full(cls) -> Self:
        return cls(3, 30, 4, 16, 25.0, 1040, 120.0, True)

    @classmethod
    def quick(cls) -> Self:
        return cls(1, 15, 2, 16, 8.0, 1040, 40.0, False)


Figures = dict[str, float]


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed; `values` must not be empty."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def latencies(turns: list[Turn], name: str) -> Figures:
    """p50, p95 and p99 of the turns, in milliseconds."""
    values = [turn.milliseconds for turn in turns]
    return {f"{name}_p{round(share * 100)}": percentile(values, share) for share in (0.5, 0.95, 0.99)}


def cost_near(turns: list[Turn], window: tuple[int, int]) -> float | None:
    """Median milliseconds of the turns whose number lies in the window; None when it was not reached to its end."""
    middle, radius = window
    if max((turn.number for turn in turns), default=0) < middle + radius:
        return None
    return median(turn.milliseconds for turn in turns if abs(turn.number - middle) <= radius)


def long_and_fresh(sentences: Iterator[str], turns: int) -> list[Conversation]:
    """One long conversation in blocks, with a fresh one up to turn 18 after each, so that noise falls on both alike."""
    pieces = []
    for first in range(1, turns + 1, BLOCK_TURNS):
        pieces.append(Conversation(LONG, list(islice(sentences, BLOCK_TURNS)), first))
        pieces += conversations(sentences, f"fresh-{first}", 1, sum(NEAR_TURN_10))
    return pieces


def growth_figures(turns: list[Turn]) -> Figures:
    """Cost of a turn early and late in a conversation. Growth is the last 80 turns of the long conversation against
    turn 10 of the fresh ones that were held during these."""
    long = [turn for turn in turns if turn.sender == LONG]
    fresh = [turn for turn in turns if turn.sender != LONG]
    last = max(turn.number for turn in long)
    at_the_end = [turn for turn in long if turn.number > last - LAST_TURNS]
    meanwhile = [turn for turn in fresh if turn.answered_at_seconds > at_the_end[0].answered_at_seconds]
    seen = {
        "turn_10": cost_near(fresh, NEAR_TURN_10),
        "turn_100": cost_near(long, NEAR_TURN_100),
        "turn_1000": cost_near(long, NEAR_TURN_1000),
        "growth": growth(at_the_end, meanwhile),
    }
    figures = {name: cost for name, cost in seen.items() if cost is not None}
    return figures | {"turn_last": median(turn.milliseconds for turn in at_the_end), "last_turn": float(last)}


def growth(late: list[Turn], fresh: list[Turn]) -> float | None:
    """Median cost of late turns over that of turn 10; None when no fresh conversation reached its end."""
    early = cost_near(fresh, NEAR_TURN_10)
    return None if early is None else median(turn.milliseconds for turn in late) / early


def has_said_all(user: list[Conversation], outcome: Outcome) -> bool:
    """Whether a user came to the end of its last conversation and was idle from then on."""
    if not user:
        return True
    last = user[-1]
    return last.sender in outcome.tallies and outcome.tallies[last.sender].sent == len(last.messages)


class Round:
    """The loads that one running server gets, and the faults they met."""

    def __init__(self, server: Running, sentences: Iterator[str], size: Size) -> None:
        self._server = server
        self._sentences = sentences
        self._size = size
        self.figures: Figures = {"start_seconds": server.start_seconds, "lost": 0, "silent": 0, "client_share": 0}
        self.faults: list[str] = []

    async def measure(self, with_long: bool) -> None:
        """All loads, the long conversation only when asked for. Memory is read before that one."""
        await self._load("warm-up", [self._some("warm-up", 1, 10)])
        await self._lone_user()
        await self._crowd()
        self._read_memory()
        if with_long:
            await self._long_conversation()

    async def _lone_user(self) -> None:
        size = self._size
        outcome = await self._load("one", [self._some("one", size.lone_conversations, size.turns_per_conversation)])
        self.figures |= latencies(outcome.turns, "one")

    async def _crowd(self) -> None:
        size = self._size
        most = 5 + int(size.crowd_seconds * 600 / size.crowd / size.turns_per_conversation)  # for 600 turns a second
        users = [self._some(f"crowd-{user}", most, size.turns_per_conversation) for user in range(size.crowd)]
        outcome = await self._load("crowd", users, size.crowd_seconds)
        self.figures |= latencies(outcome.turns, "crowd")
        self.figures["turns_per_second"] = outcome.turns_per_second(size.crowd_seconds)
        if any(has_said_all(user, outcome) for user in users):
            self.faults.append("crowd: the sentences ended before the time, so turns per second is too low")

    def _read_memory(self) -> None:
        memory = self._server.memory()
        self.figures |= {"resident_mb": memory.resident, "proportional_mb": memory.proportional}

    async def _long_conversation(self) -> None:
        pieces = long_and_fresh(self._sentences, self._size.long_turns)
        outcome = await self._load(LONG, [pieces], self._size.long_seconds)
        self.figures |= growth_figures(outcome.turns)

    def _some(self, name: str, count: int, turns: int) -> list[Conversation]:
        return conversations(self._sentences, name, count, turns)

    async def _load(self, name: str, users: list[list[Conversation]], seconds: float | None = None) -> Outcome:
        outcome = await run_in_own_process(Plan(self._server.port, users, seconds))
        if not outcome.turns:
            raise NotServed(f"{name}: no message was answered, {outcome.faults[:1]}")
        self.figures["lost"] += outcome.lost
        self.figures["silent"] += outcome.silent
        self.figures["client_share"] = max(self.figures["client_share"], outcome.client_share)
        self.faults += [f"{name}: {fault}" for fault in islice(outcome.faults, 3)]
        return outcome


async def measure(command: Command, sentences: Iterator[str], size: Size, with_long: bool) -> Round:
    """Start the server, load it, stop it; raises NotServed."""
    async with running(command) as server:
        one = Round(server, sentences, size)
        await one.measure(with_long)
    return one
