"""Rasa's rule policy without the work that our rules never use."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

Lookup = dict[str, str]
Place = tuple[str | None, str | None]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IntentRulePolicy(RulePolicy):
    """Rules match intents only, and are found by their last state instead of trying every rule at every prediction."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        rules = self.lookup.get(RULES) if self.lookup else None
        self._rules: Lookup = rules or {}
        self._by_place = self._index(self._rules)

    def _index(self, rules: Lookup) -> dict[Place, Lookup]:
        """Rules by the action and the intent that the state they end in asks for."""
        index: dict[Place, Lookup] = {}
        for key, action in rules.items():
            index.setdefault(_place(self._rule_key_to_state(key)[-1]), {})[key] = action
        return index

    def _get_possible_keys(self, lookup: Lookup, states: list[State]) -> set[str]:
        """Only rules that end where the conversation is can apply; which of them do is for Rasa to say."""
        if lookup is self._rules and states and PREVIOUS_ACTION in states[-1]:
            action, intent = _place(states[-1])
            lookup = self._by_place.get((action, intent), {}) | self._by_place.get((action, None), {})
        keys: set[str] = super()._get_possible_keys(lookup, states)
        return keys

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        """Rasa also looks every turn up by its literal text, which doubles the cost of a prediction."""
        if use_text_for_last_user_input:
            return None, None, False
        found: tuple[str | None, str | None, bool] = super()._find_action_from_rules(tracker, domain, False)
        return found


def _place(state: State) -> Place:
    return state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), state.get(USER, {}).get(INTENT)
