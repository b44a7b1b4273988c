"""The part of the composition root that makes the supervisor's pages and what forgets old questions."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.customer_area import Ground
from bot.desk.web import ENTER, DeskPages
from bot.pages.render import Pages
from bot.supervision.web import SupervisionViews
from bot.unanswered.upkeep import Forgetting


@dataclass(frozen=True)
class SupervisionParts:
    """Pages, and the task that runs beside them."""

    views: SupervisionViews
    forgetting: Forgetting

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every page."""
        return self.views.routes()


def make_supervision(ground: Ground, pages: Pages, desk: DeskPages) -> SupervisionParts:
    """Put them together; who is signed in at the desk is who may look."""
    database, clock = ground.database, ground.clock
    views = SupervisionViews(pages, database, ground.area.public_url, clock, desk.member, ENTER)
    return SupervisionParts(views, Forgetting(database, ground.settings.unanswered_days, clock))
