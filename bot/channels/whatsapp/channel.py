"""WhatsApp put together: one number that messages come in at and go out from."""

from __future__ import annotations

from aiohttp import web

from bot.channels.contract import Channel, ChannelGround, words_of
from bot.channels.whatsapp.account import Account, read_account
from bot.channels.whatsapp.client import Client
from bot.channels.whatsapp.files import Files
from bot.channels.whatsapp.reception import Reception, Tools
from bot.channels.whatsapp.rendering import Words
from bot.channels.whatsapp.sending import Records, Sending
from bot.channels.whatsapp.transport import CHANNEL, Kind
from bot.channels.whatsapp.views import WhatsAppViews
from bot.settings import Settings


class WhatsAppChannel(Channel):
    """What it sends goes through Outbound, so that nothing is lost or overtaken."""

    name = CHANNEL
    is_remote = True

    def __init__(self, account: Account, ground: ChannelGround) -> None:
        self._client = Client(account)
        records = Records(ground.database, ground.pool)
        words = Words(choose=words_of(CHANNEL)["choose"])
        sending = Sending(account, self._client, records, ground.area, words, ground.clock, ground.files)
        take = ground.take_file
        tools = Tools(
            account=account,
            area=ground.area,
            records=records,
            client=self._client,
            sending=sending,
            delivery=ground.delivery,
            outbound=ground.outbound,
            clock=ground.clock,
            files=Files(self._client, records, take, self._tell, ground.clock) if take else None,
        )
        self._reception = Reception(tools)
        self._views = WhatsAppViews(account, self._reception)
        ground.outbound.serve(CHANNEL, sending.send)
        ground.delivery.listen(CHANNEL, ground.outbound.deliver)

    def attach(self, app: web.Application) -> None:
        """The webhook."""
        app.add_routes(self._views.routes())

    async def start(self) -> None:
        """Open the connection to the service and take up what the last stop left."""
        self._client.open()
        await self._reception.start()

    async def finish(self) -> None:
        """Let what runs end."""
        await self._reception.finish()

    async def close(self) -> None:
        """Close the connection to the service."""
        await self._client.close()

    def way_back(self, code: str) -> str:
        """Opens the chat with our number; which that is, the platform says with every message."""
        number = self._views.our_number
        return f"https://wa.me/{number}?text={code}" if number else ""

    async def _tell(self, address: str, message_id: str, response: str) -> None:
        """Say in a conversation what became of a file."""
        await self._reception.remark(address, message_id, Kind.FILE, response)


def check(settings: Settings) -> None:
    """All of its settings belong together. Raises BadSetting."""
    read_account(settings)


def make(ground: ChannelGround) -> Channel | None:
    """The channel; None where its settings are absent. Raises BadSetting."""
    account = read_account(ground.settings)
    return WhatsAppChannel(account, ground) if account else None
