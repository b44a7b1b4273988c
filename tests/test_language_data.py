"""The language data holds together: topics, examples, answers, rules, buttons and placeholders.

YAML is checked like code here because Rasa's own validator passes unused responses, undefined
placeholders and test sentences that slipped into the training data.
"""

import ast
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz, process

from bot.identity.identifier_checks import Kind, Problem

ROOT = Path(__file__).parent.parent
MINIMUM_EXAMPLES = 40
LONGEST_TITLE = 24
MOST_BUTTONS = 3
# Placeholders that the code fills in; all the others are keys of company.yml.
FILLED_BY_CODE = {
    "utter_assignment_ended": {"client"},
    "utter_assignment_accepted": {"client", "tracking_key"},
    "utter_assignment_refused": {"client", "tracking_key"},
    "utter_assignment_expired": {"tracking_key"},
    "utter_assignment_closed": {"tracking_key"},
    "utter_clients_accept": {"link"},
    "utter_clients_accept_done": {"agency", "client"},
    "utter_account_registered_with_nif": {"agency"},
    "utter_account_registered_with_cif": {"agency"},
    "utter_identifier_kind_nif": {"identifier"},
    "utter_identifier_kind_nie": {"identifier"},
    "utter_identifier_kind_passport": {"identifier"},
    "utter_identifier_kind_cif": {"identifier"},
    "utter_identifier_wrong_letter": {"identifier"},
    "utter_identifier_too_short": {"identifier"},
    "utter_identifier_too_long": {"identifier"},
    "utter_identifier_wrong_check_digit": {"identifier"},
    "utter_identifier_wrong_format": {"identifier"},
    "utter_sign_in_needed": {"link"},
    "utter_sign_in_needed_to_do": {"link"},
    "utter_notice_procedure_changed": {"tracking_key", "what"},
    "utter_notice_contact_accepted": {"name"},
    "utter_notice_invoices_overdue": {"count"},
    "utter_sign_in_closed_elsewhere": {"link"},
    "utter_sign_in": {"link"},
    "utter_sign_in_again": {"link"},
    "utter_already_signed_in": {"name"},
    "utter_signed_in": {"agency", "name"},
    "utter_signed_in_without_agency": {"name"},
    "utter_who_am_i_full": {"agency", "name", "since"},
    "utter_who_am_i_read_only": {"agency", "name", "since"},
    "utter_client_not_found": {"searched"},
    "utter_unreadable_date": {"date"},
    "utter_invoice_not_found": {"number"},
    "utter_too_many_files": {"count", "most"},
    "utter_payment_day_set": {"client", "day"},
    "utter_too_long": {"limit"},
    "utter_papers_page": {"link"},
    "utter_procedure_code_sent_here": {"tracking_key"},
    "utter_procedures_track": {"link"},
    "utter_procedure_cancel_sign_in": {"link"},
    "utter_handoff_call": {"phone", "key"},
    "utter_handoff_mail": {"email", "key"},
    "utter_handoff_stopped_request_goes_on": {"key"},
    "utter_technical_problem_handed_off": {"key"},
    "utter_desk_joined": {"agent"},
    "utter_desk_passed_on": {"agent"},
    "utter_desk_lost": {"agent"},
    "utter_desk_handed_back": {"agent"},
    "utter_desk_closed": {"agent"},
    "utter_desk_file_refused": {"file"},
    "utter_other_desk_file": {"agent"},
}
# "Sí", "cancelar", an identifier: said in every dialogue, and rightly in the training data too.
SHORT_ANSWER_WORDS = 2
COMMANDS = {"empezar de nuevo"}
ALMOST_THE_SAME = 90  # of 100, in letters
# What a reader finds by its form, what only a button leads to, and what an event of the system starts.
FOUND_WITHOUT_EXAMPLES = {
    *("follow_up", "code_given", "registration_check", "signed_in", "assignment_answered"),
    *("leave_question", "procedure_cancel", "procedure_changed", "registration_update"),
    *("documents_arrived", "documents_identity_card", "documents_paper"),
    *("handoff_wait", "handoff_call", "handoff_mail", "handoff_stop", "handed_back"),
    *("rating_given", "rating_comment"),
    *("notices", "devices", "recall", "how_long"),
}
SCORES = {"utter_ask_rating", "utter_ask_rating_person"}
"""Scores are five; channels with fewer buttons show a list."""
NOT_TRAINED = {"nlu_fallback"} | FOUND_WITHOUT_EXAMPLES


@cache
def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def domain() -> Any:
    return read(ROOT / "domain.yml")


def topics() -> list[str]:
    return [next(iter(intent)) for intent in domain()["intents"]]


def responses() -> dict[str, list[dict[str, Any]]]:
    answers: dict[str, list[dict[str, Any]]] = domain()["responses"]
    return answers


def variations() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, texts in responses().items():
        for variation in texts:
            yield name, variation


def titles() -> dict[str, str]:
    return {
        name.removeprefix("utter_"): variation["metadata"]["title"]
        for name, variation in variations()
        if "metadata" in variation
    }


def rules() -> list[dict[str, Any]]:
    return [rule for path in sorted((ROOT / "data/rules").glob("*.yml")) for rule in read(path)["rules"]]


def steps_of(kind: str) -> list[str]:
    """The values of one kind of step ("intent" or "action") over all rules."""
    return [step[kind] for rule in rules() for step in rule["steps"] if kind in step]


def normalised(sentence: str) -> str:
    """Lower case, without accents and punctuation: how two sentences are compared."""
    letters = unicodedata.normalize("NFKD", sentence.casefold())
    words = re.findall(r"\w+", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return " ".join(words) or sentence.strip()  # an emoji has no words and is still an example


def sentences(path: Path) -> Iterator[tuple[str, str]]:
    """(topic, sentence) of a file in Rasa's NLU format."""
    for block in read(path)["nlu"]:
        for line in block["examples"].splitlines():
            yield block["intent"], line.strip().removeprefix("- ")


@cache
def training_topics() -> dict[str, set[str]]:
    """Normalised training sentence → the topics it stands under."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "data/nlu").glob("*.yml")):
        for topic, sentence in sentences(path):
            found.setdefault(normalised(sentence), set()).add(topic)
    return found


def is_phrasing(sentence: str) -> bool:
    """Whether a normalised sentence is somebody's own way to put it, not a short answer or a command."""
    words = [word for word in sentence.split() if word.isalpha() and len(word) > 1]
    return len(words) > SHORT_ANSWER_WORDS and sentence not in COMMANDS


def without_identifiers(sentence: str) -> str:
    """A normalised sentence in which every number and identifier looks the same."""
    return re.sub(r"\w*\d\w*", "0", sentence)


def nearest(sentence: str, others: set[str]) -> str | None:
    """One of `others` that says nearly the same in the same words."""
    found = process.extractOne(sentence, others, scorer=fuzz.ratio, score_cutoff=ALMOST_THE_SAME)
    return found[0] if found else None


def said_in(node: Any) -> Iterator[str]:
    """Every sentence a dialogue test says, however deep its file nests them."""
    if isinstance(node, dict):
        said = node.get("said", [])
        yield from [said] if isinstance(said, str) else said
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from said_in(child)


@cache
def modules(*folders: str) -> list[ast.Module]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [ast.parse(path.read_text(encoding="utf-8")) for path in paths]


def strings_in_code() -> set[str]:
    nodes = [node for module in modules("actions", "bot") for node in ast.walk(module)]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def names_built_in_code() -> set[str]:
    """The constant beginnings of f-strings such as f"utter_identifier_{reason}".

    f"utter_{topic}" is left out: it would excuse every response.
    """
    nodes = [node for module in modules("actions", "bot") for node in ast.walk(module)]
    starts = [node.values[0] for node in nodes if isinstance(node, ast.JoinedStr) and node.values]
    constants = [start.value for start in starts if isinstance(start, ast.Constant)]
    return {start for start in constants if isinstance(start, str) and re.match("utter_.", start)}


def answers_of_actions() -> set[str]:
    """The answers of topics that an action says by the name of the topic, and where it reads their titles."""
    asked = [rule["steps"] for rule in rules() if "intent" in rule["steps"][0]]
    return {f"utter_{steps[0]['intent']}" for steps in asked if steps[1]["action"].startswith("action_")}


def action_names() -> set[str]:
    """What the name() methods in actions/ return."""
    names = set()
    for node in (node for module in modules("actions") for node in ast.walk(module)):
        if isinstance(node, ast.FunctionDef) and node.name == "name":
            returned = [line.value for line in ast.walk(node) if isinstance(line, ast.Return)]
            names |= {value.value for value in returned if isinstance(value, ast.Constant)}
    return {name for name in names if isinstance(name, str)}


def calls_of(name: str) -> list[ast.Call]:
    """The calls in actions/ of a function, class or method of that name."""
    calls = [node for module in modules("actions") for node in ast.walk(module) if isinstance(node, ast.Call)]
    return [call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", None)) == name]


def constants_in(calls: list[ast.Call]) -> set[Any]:
    """The constants a call is given, also as names that a module of actions/ assigns."""
    nodes = [node for module in modules("actions") for node in module.body if isinstance(node, ast.Assign)]
    assigned = {ast.unparse(node.targets[0]): node.value for node in nodes}
    given = [node for call in calls for node in ast.walk(call) if isinstance(node, (ast.Constant, ast.Name))]
    values = [assigned.get(node.id) if isinstance(node, ast.Name) else node for node in given]
    return {value.value for value in values if isinstance(value, ast.Constant)}


def test_every_topic_has_enough_different_examples() -> None:
    counts = Counter(topic for found in training_topics().values() for topic in found)
    few = {topic: counts[topic] for topic in topics() if counts[topic] < MINIMUM_EXAMPLES}
    assert few.keys() == NOT_TRAINED


def test_only_topics_of_the_domain_have_examples() -> None:
    trained = {topic for found in training_topics().values() for topic in found}
    assert trained <= set(topics())


def test_every_topic_has_exactly_one_rule() -> None:
    assert Counter(steps_of("intent")) == Counter(topics())


def test_every_rule_of_a_topic_answers_it_or_runs_an_action() -> None:
    started = {rule["steps"][0]["intent"]: rule["steps"][1]["action"] for rule in rules() if "condition" not in rule}
    wrong = {t: a for t, a in started.items() if a != f"utter_{t}" and not a.startswith("action_")}
    assert not wrong


def test_rules_name_only_actions_responses_and_forms_of_the_domain() -> None:
    known = {*domain()["actions"], *responses(), *domain()["forms"], "action_deactivate_loop"}
    assert set(steps_of("action")) <= known


def test_rules_and_examples_are_split_into_the_same_skills() -> None:
    skills = {path.name for path in (ROOT / "data/rules").glob("*.yml")}
    assert {path.name for path in (ROOT / "data/nlu").glob("*.yml")} <= skills


def test_every_response_is_used() -> None:
    asked = {f"utter_ask_{slot}" for form in domain()["forms"].values() for slot in form["required_slots"]}
    named = asked | set(steps_of("action")) | strings_in_code() | answers_of_actions()
    built = tuple(names_built_in_code())
    assert not {name for name in responses() if name not in named and not name.startswith(built)}


def test_code_names_only_responses_that_exist() -> None:
    named = {text for text in strings_in_code() if re.fullmatch(r"utter_\w+[a-z]", text)}
    assert named - {"utter_message"} <= responses().keys()


def test_every_placeholder_has_a_value() -> None:
    company = set(read(ROOT / "company.yml"))
    for name, variation in variations():
        placeholders = set(re.findall(r"\{(\w+)\}", variation["text"]))
        assert placeholders <= company | FILLED_BY_CODE.get(name, set()), name


def test_every_fact_of_the_company_is_a_text() -> None:
    assert all(isinstance(value, str) and value for value in read(ROOT / "company.yml").values())


def test_no_text_repeats_what_company_yml_says() -> None:
    company = read(ROOT / "company.yml")
    facts = [value for key, value in company.items() if key.endswith(("phone", "_1", "_2", "mailbox", "name", "link"))]
    repeated = [(name, fact) for name, variation in variations() for fact in facts if fact in variation["text"]]
    assert not repeated


def test_titles_are_unique_and_short() -> None:
    assert len(set(titles().values())) == len(titles())
    assert all(len(title) <= LONGEST_TITLE for title in titles().values())


def test_every_answer_about_the_customer_area_has_a_title() -> None:
    smalltalk = {"greet", "goodbye", "thanks", "affirm", "deny", "bot_challenge", "insult"}
    control = {"cancel", "go_back", "start_over", "nlu_fallback"}
    untitled = set(topics()) - titles().keys() - FOUND_WITHOUT_EXAMPLES
    assert untitled == smalltalk | control | {"out_of_scope"}


def test_a_response_has_at_most_three_buttons() -> None:
    crowded = {name for name, variation in variations() if len(variation.get("buttons", [])) > MOST_BUTTONS}
    assert crowded == SCORES


def test_a_button_leads_to_a_topic_and_bears_its_title() -> None:
    for name, variation in variations():
        for button in variation.get("buttons", []):
            topic = button["payload"].removeprefix("/")
            assert button["payload"] == f"/{topic}", name
            assert topic in topics(), name
            assert button["title"] == titles().get(topic, button["title"]), name


def test_no_answer_offers_itself_as_the_next_step() -> None:
    for name, variation in variations():
        payloads = {button["payload"] for button in variation.get("buttons", [])}
        assert "/" + name.removeprefix("utter_") not in payloads


def test_no_example_stands_under_two_topics() -> None:
    assert not {sentence: found for sentence, found in training_topics().items() if len(found) > 1}


def test_no_held_out_sentence_is_in_the_training_data() -> None:
    held_out = {normalised(sentence) for _, sentence in sentences(ROOT / "tests/nlu/heldout.yml")}
    leaked = held_out & training_topics().keys()
    assert not leaked


def test_no_held_out_request_is_nearly_in_the_training_data() -> None:
    trained = {without_identifiers(sentence) for sentence in training_topics()}
    asked = {without_identifiers(normalised(s)) for _, s in sentences(ROOT / "tests/nlu/heldout_area.yml")}
    near = {sentence: nearest(sentence, trained) for sentence in asked}
    assert near
    assert not {sentence: found for sentence, found in near.items() if found}


def test_no_dialogue_is_spoken_in_training_sentences() -> None:
    paths = sorted((ROOT / "tests/dialogues").glob("*.yml"))
    said = {normalised(sentence) for path in paths for sentence in said_in(read(path))}
    phrasings = {sentence for sentence in said if is_phrasing(sentence)}
    leaked = phrasings & training_topics().keys()
    assert phrasings
    assert not leaked


def test_the_domain_lists_the_actions_that_exist() -> None:
    assert set(domain()["actions"]) == action_names()


def test_actions_set_only_slots_of_the_domain() -> None:
    calls = [ast.Call(call.func, call.args[:1], []) for call in calls_of("SlotSet") + calls_of("get_slot")]
    named = {value for value in constants_in(calls) if isinstance(value, str)}
    assert named <= {*domain()["slots"], "requested_slot", "session_started_metadata"}


def test_forms_in_code_are_those_of_the_domain() -> None:
    named = {value for value in constants_in(calls_of("Form")) if isinstance(value, str)}
    required = {slot for form in domain()["forms"].values() for slot in form["required_slots"]}
    assert {*domain()["forms"], *required} <= named <= {*domain()["forms"], *domain()["slots"]}


def test_every_kind_and_every_problem_of_an_identifier_has_its_words() -> None:
    kinds = {f"utter_identifier_kind_{kind}" for kind in Kind if kind not in (Kind.CUPS, Kind.IBAN)}
    problems = {f"utter_identifier_{problem}" for problem in (*Problem, Kind.CUPS, Kind.IBAN)}
    assert kinds | problems <= responses().keys()


def test_no_slot_influences_the_conversation() -> None:
    assert not [name for name, slot in domain()["slots"].items() if slot["influence_conversation"]]


def test_the_buttons_of_lists_and_cards_are_used_and_lead_to_topics() -> None:
    written = read(ROOT / "actions/templates/buttons.yml")
    named = {value for value in strings_of_actions() if value in written}
    assert named == written.keys()
    assert all(button["payload"].removeprefix("/") in topics() for button in written.values())
    assert all(len(button["title"]) <= LONGEST_TITLE for button in written.values())


def test_no_action_holds_the_title_of_a_button() -> None:
    dictionaries = [node for module in modules("actions") for node in ast.walk(module) if isinstance(node, ast.Dict)]
    titles = [
        value
        for node in dictionaries
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "title"
    ]
    assert titles
    assert not [ast.unparse(value) for value in titles if not isinstance(value, ast.Name)]


def strings_of_actions() -> set[str]:
    nodes = [node for module in modules("actions") for node in ast.walk(module)]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_no_action_holds_a_text() -> None:
    """What is said comes from domain.yml or, through `render`, from a template."""
    given = [keyword.value for call in calls_of("utter_message") for keyword in call.keywords if keyword.arg == "text"]
    assert not [call for call in calls_of("utter_message") if call.args]
    assert not [ast.unparse(value) for value in given if isinstance(value, (ast.Constant, ast.JoinedStr, ast.BinOp))]
