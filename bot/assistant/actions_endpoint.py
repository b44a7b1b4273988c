"""rasa_sdk's executor in this process, behind the endpoint interface that Rasa calls over HTTP elsewhere."""

from __future__ import annotations

import json
from typing import Any

from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

BAD_REQUEST = 400


class InProcessActions(EndpointConfig):
    """Runs custom actions without a server. `actions` is the package that holds them."""

    def __init__(self, actions: str = "actions") -> None:
        super().__init__(url="in-process", enable_selective_domain=True)
        self._executor = ActionExecutor()
        self._executor.register_package(actions)
        self._responses: dict[str, Any] = {}

    def share_responses(self, responses: dict[str, Any]) -> None:
        """The domain's responses, which actions read the titles of topics from."""
        self._responses = responses

    async def request(self, method: str = "post", **call: Any) -> dict[str, Any]:
        """Run the action that `json` names. A rejection becomes the error that Rasa expects from an action server."""
        body = call["json"]
        body.setdefault("domain", {"responses": self._responses})
        try:
            result: dict[str, Any] = await self._executor.run(body)
        except ActionExecutionRejection as rejection:
            reason = {"action_name": rejection.action_name, "error": rejection.message}
            raise ClientResponseError(BAD_REQUEST, rejection.message, json.dumps(reason)) from rejection
        return result
