"""Bringing updates to the bot's webhook: one after the other, again and again until it says yes."""

from __future__ import annotations

import asyncio

import aiohttp

from emulators.telegram.world import World

HEADER = "X-Telegram-Bot-Api-Secret-Token"
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
AT_ONCE = 40


class Hook:
    """One task. Updates of one chat keep their order; up to 40 chats are brought at once, as Telegram does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.answers: list[int] = []

    async def run(self) -> None:
        """Bring what there is, for ever."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            pause = FIRST_PAUSE_SECONDS
            while True:
                if not self._world.webhook["url"] or not self._world.updates:
                    self._world.arrived.clear()
                    if not (self._world.webhook["url"] and self._world.updates):
                        await self._world.arrived.wait()
                    continue
                batch = self._batch()
                taken = await asyncio.gather(*(self._bring(session, update) for update in batch))
                if all(taken):
                    pause = FIRST_PAUSE_SECONDS
                    continue
                for update, is_taken in reversed(list(zip(batch, taken, strict=True))):
                    if not is_taken:
                        self._world.updates.appendleft(update)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _batch(self) -> list[dict[str, object]]:
        batch, kept, chats = [], [], set()
        while self._world.updates and len(batch) < AT_ONCE:
            update = self._world.updates.popleft()
            chat = _chat_of(update)
            if chat in chats:
                kept.append(update)
                continue
            chats.add(chat)
            batch.append(update)
        self._world.updates.extendleft(reversed(kept))
        return batch

    async def _bring(self, session: aiohttp.ClientSession, update: dict[str, object]) -> bool:
        secret = self._world.webhook.get("secret_token")
        headers = {HEADER: str(secret)} if secret else {}
        try:
            async with session.post(self._world.webhook["url"], json=update, headers=headers) as answer:
                self.answers.append(answer.status)
                is_taken = answer.status // 100 == 2
                if not is_taken:
                    self._world.webhook["error"] = f"Wrong response from the webhook: {answer.status}"
                return is_taken
        except (aiohttp.ClientError, TimeoutError) as error:
            self._world.webhook["error"] = type(error).__name__
            return False


def _chat_of(update: dict[str, object]) -> object:
    message = update.get("message") or update.get("edited_message")
    if isinstance(message, dict) and isinstance(message.get("chat"), dict):
        return message["chat"].get("id")
    query = update.get("callback_query")
    if isinstance(query, dict) and isinstance(query.get("from"), dict):
        return query["from"].get("id")
    return update.get("update_id")
