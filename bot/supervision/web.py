"""`/desk/supervision`: figures now and back in time, their CSV files, and the review of what was not understood."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import Connection

from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import Database
from bot.desk.model import StaffMember
from bot.figures import service
from bot.figures import store as figures_store
from bot.figures.model import Asked, Live, Report, Step
from bot.pages.render import POLICY, SECURITY_HEADERS, Handler, Pages
from bot.pages.requests import BadForm, form_of
from bot.supervision.tables import FIGURES, Figure, as_csv, figures_of, words
from bot.topics.store import day_in_spain
from bot.topics.titles import title_of, trained_topics
from bot.unanswered import service as unanswered
from bot.unanswered.model import Decision, Group, UnknownTopic

PATH = "/desk/supervision"
NOW = f"{PATH}/ahora"
QUESTIONS = f"{PATH}/preguntas"
LIVE_POLICY = {"Content-Security-Policy": f"{POLICY}; connect-src 'self'"}
USUAL_DAYS = 30

WhoIsThere = Callable[[web.Request], Awaitable[StaffMember | None]]
"""The member of the staff who is signed in in a browser; None for nobody."""


class SupervisionViews:
    """Pages for supervisors only. An agent gets 404, as for anything that is not there; a stranger the sign-in."""

    def __init__(
        self,
        pages: Pages,
        database: Database,
        public_url: str,
        clock: Callable[[], datetime],
        who: WhoIsThere,
        sign_in_path: str = "/desk/entrar",
    ) -> None:
        self._pages = pages
        self._database = database
        self._public_url = public_url
        self._clock = clock
        self._who = who
        self._sign_in_path = sign_in_path

    def routes(self) -> list[web.AbstractRouteDef]:
        """The pages, the files, and what is posted."""
        return [
            *self._pages.resource(PATH, get=self._for_supervisors(self.figures)),
            *self._pages.resource(NOW, get=self._for_supervisors(self.now)),
            *self._pages.resource(PATH + "/{figure:[a-z]+}.csv", get=self._for_supervisors(self.file)),
            *self._pages.resource(
                QUESTIONS, get=self._for_supervisors(self.questions), post=self._for_supervisors(self.decide)
            ),
        ]

    def _for_supervisors(self, handler: Callable[[web.Request, StaffMember], Awaitable[web.StreamResponse]]) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            member = await self._who(request)
            if member is None:
                raise web.HTTPSeeOther(self._sign_in_path)
            if not member.is_supervisor:
                return self._pages.problem(404)
            return await handler(request, member)

        return checked

    async def figures(self, request: web.Request, _member: StaffMember) -> web.Response:
        """The page with everything."""
        asked = self._asked(request)
        now_there, report, agencies = await asyncio.to_thread(self._count, asked)
        return self._pages.page(
            "supervision/figures.html",
            headers=LIVE_POLICY,
            live=now_there,
            report=report,
            figures=figures_of(report),
            agencies=agencies,
            query=_query_of(asked),
            path=PATH,
            questions_path=QUESTIONS,
            nothing=words()["nothing"],
        )

    async def now(self, request: web.Request, _member: StaffMember) -> web.Response:
        """The figures of this moment alone, which the page asks for every few seconds."""
        asked = self._asked(request)
        now_there = await asyncio.to_thread(self._live, asked)
        values = {"query": _query_of(asked), "path": PATH, "nothing": words()["nothing"]}
        return self._pages.page("supervision/now.html", live=now_there, **values)

    def _live(self, asked: Asked) -> Live:
        with self._database.reading() as connection:
            return service.live(connection, self._clock(), asked.agency_id)

    def _count(self, asked: Asked) -> tuple[Live, Report, list[tuple[int, str]]]:
        now = self._clock()
        with self._database.reading() as connection:
            return (
                service.live(connection, now, asked.agency_id),
                service.report(connection, asked, now),
                figures_store.agencies(connection),
            )

    async def file(self, request: web.Request, member: StaffMember) -> web.Response:
        """One figure as CSV; who takes comments out is in the audit."""
        make, asked = FIGURES.get(request.match_info["figure"]), self._asked(request)
        if make is None:
            return self._pages.problem(404)
        figure = await asyncio.to_thread(self._one, make, asked, member)
        name = f"{figure.name}-{asked.since}-{asked.until}.csv"
        headers = SECURITY_HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=as_csv(figure), content_type="text/csv", charset="utf-8", headers=headers)

    def _one(self, make: Callable[[Report], Figure], asked: Asked, member: StaffMember) -> Figure:
        with self._database.writing() as connection:
            figure = make(service.report(connection, asked, self._clock()))
            _note(connection, "figures_downloaded", member, figure.name, self._clock())
            return figure

    async def questions(self, request: web.Request, _member: StaffMember) -> web.Response:
        """The questions that nobody could answer, grouped."""
        return await self._show_questions(_decision_of(request.query.get("estado", "")), _page_of(request))

    async def _show_questions(
        self, decision: Decision, page: int, problem: str = "", status: int = 200
    ) -> web.Response:
        groups = await asyncio.to_thread(self._groups, decision, page)
        topics = sorted(((name, title_of(name)) for name in trained_topics()), key=lambda topic: topic[1].casefold())
        return self._pages.page(
            "supervision/questions.html",
            status,
            groups=groups,
            decision=decision.value,
            decisions=[each.value for each in Decision],
            topics=topics,
            title_of=title_of,
            page=page,
            is_full=len(groups) == unanswered.GROUPS_OF_A_PAGE,
            path=QUESTIONS,
            figures_path=PATH,
            problem=problem,
        )

    def _groups(self, decision: Decision, page: int) -> list[Group]:
        with self._database.writing() as connection:
            unanswered.group(connection)
        with self._database.reading() as connection:
            return unanswered.groups(connection, decision, page)

    async def decide(self, request: web.Request, member: StaffMember) -> web.Response:
        """Give a group a topic, dismiss it, or open it again; then the list it stood in."""
        form = await form_of(request, self._public_url)
        decision = _decision_of(form.get("estado", ""))
        try:
            is_there = await asyncio.to_thread(self._decide, form, member)
        except UnknownTopic:
            return await self._show_questions(decision, 0, "unknown_topic", 422)
        if not is_there:
            return await self._show_questions(decision, 0, "gone", 409)
        raise web.HTTPSeeOther(f"{QUESTIONS}?{urlencode({'estado': decision.value})}")

    def _decide(self, form: dict[str, str], member: StaffMember) -> bool:
        group_id, what, now = _number(form.get("group", "")), form.get("what", ""), self._clock()
        if group_id is None or what not in ("assign", "dismiss", "reopen"):
            raise BadForm(400)
        with self._database.writing() as connection:
            if what == "assign":
                done = unanswered.assign(connection, group_id, form.get("topic", ""), trained_topics(), member.id, now)
            elif what == "dismiss":
                done = unanswered.dismiss(connection, group_id, member.id, now)
            else:
                done = unanswered.reopen(connection, group_id, now)
            if done:
                _note(connection, f"question_{what}", member, str(group_id), now)
            return done

    def _asked(self, request: web.Request) -> Asked:
        """What the address asks for; what cannot be read is as if it were not there."""
        today = day_in_spain(self._clock())
        since = _day(request.query.get("desde", "")) or today - timedelta(days=USUAL_DAYS - 1)
        until = min(_day(request.query.get("hasta", "")) or today, today)
        step = Step.WEEK if request.query.get("por") == Step.WEEK.value else Step.DAY
        agency_id = _number(request.query.get("gestoria", ""))
        try:
            return Asked(since, until, step, agency_id)
        except ValueError:
            return Asked(today - timedelta(days=USUAL_DAYS - 1), today, step, agency_id)


def _note(connection: Connection, action: str, member: StaffMember, what: str, now: datetime) -> None:
    """The audit knows colleagues by number, in the object's id, as persons are customers."""
    record(connection, now, Entry(action, object_kind="supervision", object_id=f"{what} staff {member.id}"))


def _query_of(asked: Asked) -> str:
    """The address's question again, for the links of the files."""
    said = {"desde": asked.since.isoformat(), "hasta": asked.until.isoformat(), "por": asked.step.value}
    return urlencode(said if asked.agency_id is None else said | {"gestoria": asked.agency_id})


def _decision_of(said: str) -> Decision:
    return Decision(said) if said in {each.value for each in Decision} else Decision.OPEN


def _page_of(request: web.Request) -> int:
    return min(_number(request.query.get("pagina", "")) or 0, 10_000)


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 15 else None


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None
