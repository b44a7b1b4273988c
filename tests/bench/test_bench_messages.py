from itertools import islice

import pytest

from bench.messages import MOODBOT_PATHS, conversations, distinct_sentences, moodbot_sentences
from bench.product import HELD_OUT

NLU = """
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
- intent: mood_great
  examples: |
    - great
- intent: mood_unhappy
  examples: |
    - sad
- intent: affirm
  examples: |
    - yes
- intent: deny
  examples: |
    - no
- intent: bot_challenge
  examples: |
    - are you a bot?
- intent: goodbye
  examples: |
    - bye
"""


@pytest.fixture
def nlu_file(tmp_path):
    path = tmp_path / "nlu.yml"
    path.write_text(NLU)
    return path


def test_no_sentence_of_ours_comes_twice(nlu_file):
    said = list(distinct_sentences(nlu_file, seed=1))
    assert len(said) == len(set(said)) > 100


def test_the_sentences_come_as_they_are_before_their_variants(nlu_file):
    first = list(islice(distinct_sentences(nlu_file, seed=1), 7))
    assert sorted(first) == ["are you a bot?", "bye", "great", "hello", "no", "sad", "yes"]


def test_another_seed_is_another_order():
    orders = [list(islice(distinct_sentences(HELD_OUT, seed), 50)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_the_held_out_set_is_enough_for_a_full_round():
    assert sum(1 for _ in distinct_sentences(HELD_OUT, 1)) > 20_000


def test_the_stock_bot_hears_its_own_stories(nlu_file):
    said = list(islice(moodbot_sentences(nlu_file, seed=3), sum(map(len, MOODBOT_PATHS))))
    assert said.count("hello") == 3
    assert "sad yes" in " ".join(said)


def test_conversations_have_senders_of_their_own_and_share_no_sentence():
    held = conversations(map(str, range(100)), "crowd", 3, 4)
    assert [conversation.sender for conversation in held] == ["crowd-0", "crowd-1", "crowd-2"]
    assert [message for conversation in held for message in conversation.messages] == list(map(str, range(12)))


def test_a_conversation_is_never_cut_short():
    assert len(conversations(iter("abcde"), "long", 3, 2)) == 2
