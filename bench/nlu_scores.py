"""What a list of answers says about a classifier: plain arithmetic, no Rasa."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

FALLBACK = "nlu_fallback"
NO_TOPIC = "None"  # label of sentences that belong to none of the topics (nlp.js)
OUT_OF_SCOPE = "out_of_scope"
BINS = 10


@dataclass(frozen=True)
class Answer:
    """What was said of one sentence: the likeliest topic with its probability, and the decision (topic or fallback)."""

    label: str
    first: str
    probability: float
    decision: str
    milliseconds: float


@dataclass(frozen=True)
class TopicScore:
    topic: str
    sentences: int
    precision: float
    recall: float


@dataclass(frozen=True)
class Bin:
    """Answers of about the same certainty: how sure they were, and how many of them were right."""

    certainty: float
    right: float
    answers: int


def is_out_of_scope(topic: str) -> bool:
    return topic == OUT_OF_SCOPE or topic.startswith("near_")


def share(hits: int, total: int) -> float:
    return hits / total if total else float("nan")


def accuracy(answers: Sequence[Answer]) -> float:
    """Share of sentences whose likeliest topic is the right one, whatever the threshold says."""
    return share(sum(answer.first == answer.label for answer in answers), len(answers))


def accuracy_of_decisions(answers: Sequence[Answer]) -> float:
    """The same with the threshold: a fallback is wrong, except for a sentence that belongs to no topic."""
    right = (a.decision == (FALLBACK if a.label == NO_TOPIC else a.label) for a in answers)
    return share(sum(right), len(answers))


def in_scope(answers: Sequence[Answer]) -> list[Answer]:
    return [answer for answer in answers if not is_out_of_scope(answer.label) and answer.label != NO_TOPIC]


def out_of_scope_recall(answers: Sequence[Answer]) -> float:
    """Share of out-of-scope sentences that are refused or fall back."""
    outside = [answer for answer in answers if is_out_of_scope(answer.label)]
    refused = sum(is_out_of_scope(answer.decision) or answer.decision == FALLBACK for answer in outside)
    return share(refused, len(outside))


def wrongly_refused(answers: Sequence[Answer]) -> float:
    """Share of in-scope sentences that are taken for out of scope."""
    inside = in_scope(answers)
    return share(sum(is_out_of_scope(answer.decision) for answer in inside), len(inside))


def topic_scores(answers: Sequence[Answer]) -> list[TopicScore]:
    """Precision and recall of each topic's likeliest places, the worst recall first."""
    labels, firsts = Counter(a.label for a in answers), Counter(a.first for a in answers)
    right = Counter(a.label for a in answers if a.label == a.first)
    scores = [TopicScore(t, labels[t], share(right[t], firsts[t]), share(right[t], labels[t])) for t in labels]
    return sorted(scores, key=lambda score: (score.recall, score.topic))


def confusions(answers: Sequence[Answer]) -> list[tuple[str, str, int]]:
    """(right topic, likeliest topic, sentences), the most frequent first."""
    pairs = Counter((a.label, a.first) for a in answers if a.label != a.first)
    return [(label, first, count) for (label, first), count in sorted(pairs.items(), key=lambda p: (-p[1], p[0]))]


def reliability(answers: Sequence[Answer]) -> list[Bin]:
    """Answers in ten bins of certainty, empty ones left out."""
    bins: dict[int, list[Answer]] = {}
    for answer in answers:
        bins.setdefault(min(int(answer.probability * BINS), BINS - 1), []).append(answer)
    return [_bin(bins[place]) for place in sorted(bins)]


def _bin(answers: Sequence[Answer]) -> Bin:
    right = sum(answer.first == answer.label for answer in answers)
    return Bin(share_of_sum(answers), share(right, len(answers)), len(answers))


def share_of_sum(answers: Sequence[Answer]) -> float:
    return sum(answer.probability for answer in answers) / len(answers)


def calibration_error(answers: Sequence[Answer]) -> float:
    """Expected calibration error: mean distance between certainty and share of right answers."""
    gaps = (abs(each.certainty - each.right) * each.answers for each in reliability(answers))
    return sum(gaps) / max(len(answers), 1)


def milliseconds(answers: Sequence[Answer], percent: float) -> float:
    """The time that `percent` of the messages stay under."""
    ordered = sorted(answer.milliseconds for answer in answers)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]
