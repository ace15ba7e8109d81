"""Pages of quality: what waits to be scored, scoring beside the recording, the agent's own scores."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection, Engine

from crm.calls.service import UnknownCallError, get_call
from crm.database import reading, writing
from crm.quality import figures, service
from crm.quality.forms import score
from crm.quality.models import ReviewState, SampleReason
from crm.quality.sampling import Draw, draw
from crm.quality.service import Refused, Review, Unknown
from crm.quality.trends import (
    WEEKS,
    agreement,
    of_teams,
    spread,
    team_names,
    team_of_agents,
    trends,
    week_starts,
)
from crm.quality.words import WORDS
from crm.recordings.web import TEMPLATES as RECORDING_TEMPLATES
from crm.recordings.words import WORDS as RECORDING_WORDS
from crm.staff.access import AGENTS, SUPERVISORS, Access, Visitor
from crm.staff.service import members
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
DRAWN: Final = (SampleReason.RANDOM, SampleReason.LOW_RATING, SampleReason.LONG_HOLD, SampleReason.NEW_AGENT)
NOT_APPLICABLE: Final = "na"

Player = Callable[[Connection, str, Visitor, str], dict[str, Any] | None]
"""Call, who wants to hear it and language → what the player is given; None when the call cannot be heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``agents`` and ``queues``: extension or name → what it is called, by language."""

    engine: Engine
    access: Access
    house: House
    clock: Callable[[], datetime]
    agents: Callable[[], Mapping[str, Mapping[str, str]]]
    queues: Callable[[], Mapping[str, Mapping[str, str]]]
    player: Player
    chance: random.Random


class QualityPages:
    """``router`` for the application."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self.pages = Pages(around.house, WORDS, TEMPLATES, RECORDING_TEMPLATES)
        self._supervisors = Depends(around.access.of(*SUPERVISORS))
        self._agents = Depends(around.access.of(*AGENTS))
        self.router = APIRouter()
        self._home_routes()
        self._own_route()
        self._round_routes()
        self._review_routes()

    def common(self) -> dict[str, Any]:
        """What most templates need."""
        with reading(self._around.engine) as connection:
            graders = {one.username: one for one in members(connection)}
        names = {"agents": self._around.agents(), "queues": self._around.queues()}
        return {**names, "graders": graders, "reasons": DRAWN}

    # -- what waits, and how it goes

    def _home_routes(self) -> None:
        around = self._around

        @self.router.get("/quality")
        def home(
            request: Request, who: Annotated[Visitor, self._supervisors], done: str = "", count: int = 0
        ) -> Response:
            """Open samples, scores of the last weeks, rounds."""
            starts = week_starts(around.clock().astimezone(around.house.zone).date(), around.house.zone)
            with reading(around.engine) as connection:
                by_agent = trends(connection, starts)
                teams = of_teams(by_agent, team_of_agents(connection), WEEKS)
                values: dict[str, Any] = {
                    "samples": service.samples(connection),
                    "cards": [one for one in service.cards(connection, active=True) if one.version_id],
                    "reviews": service.reviews(connection, final=True, limit=20),
                    "rounds": service.rounds(connection, 10),
                    "by_agent": by_agent,
                    "by_team": teams,
                    "team_names": team_names(connection),
                    "starts": starts,
                    "month": figures.qa_figures(connection, around.clock() - figures.PERIOD, around.clock()),
                }
            return self.pages.page(request, who, "quality.html", **values, **self.common(), done=done, count=count)

        @self.router.post("/quality/draw")
        def drawn(
            who: Annotated[Visitor, self._supervisors],
            reason: Annotated[SampleReason, Form()],
            days: Annotated[int, Form(ge=1, le=90)] = 7,
            count: Annotated[int, Form(ge=1, le=20)] = 2,
            hold_seconds: Annotated[int, Form(ge=5, le=3600)] = 120,
            unheard: Annotated[str, Form()] = "",
        ) -> Response:
            """Draws samples of the last days."""
            now = around.clock()
            wanted = Draw(
                reason=reason, from_at=now - timedelta(days=days), until_at=now, count=count,
                hold_seconds=hold_seconds, recorded_only=not unheard,
            )  # fmt: skip
            with writing(around.engine) as connection:
                found = draw(connection, wanted, now, around.chance)
            return RedirectResponse(f"/quality?done=drawn&count={found}", 303)

        @self.router.post("/quality/choose")
        def chosen(
            who: Annotated[Visitor, self._supervisors],
            call_id: Annotated[str, Form(max_length=100)],
            agent: Annotated[str, Form(max_length=20)],
        ) -> Response:
            """This very talk."""
            with writing(around.engine) as connection:
                talk = self._talk(connection, call_id, agent)
                service.take_sample(connection, *talk, SampleReason.CHOSEN, around.clock())
                sample = service.sample_of(connection, call_id, agent)
            return RedirectResponse(f"/quality#sample-{sample.id}", 303)

        @self.router.post("/quality/samples/{sample_id}/score")
        def begin(
            sample_id: int, who: Annotated[Visitor, self._supervisors], version_id: Annotated[int, Form()]
        ) -> Response:
            """Begins to score, by this card."""
            with writing(around.engine) as connection:
                review_id = self._begun(connection, sample_id, version_id, who)
            return RedirectResponse(f"/quality/reviews/{review_id}", 303)

        @self.router.post("/quality/samples/{sample_id}/skip")
        def skip(sample_id: int, who: Annotated[Visitor, self._supervisors]) -> Response:
            """Not this one."""
            with writing(around.engine) as connection:
                service.skip(connection, sample_id, around.clock(), who)
            return RedirectResponse("/quality?done=skipped", 303)

    def _talk(self, connection: Connection, call_id: str, agent: str) -> tuple[str, str, datetime, str | None]:
        try:
            record = get_call(connection, call_id).record
        except UnknownCallError:
            raise HTTPException(404) from None
        own = [talk for talk in record.conversations if talk.agent == agent]
        if not own:
            raise HTTPException(404)
        return call_id, agent, own[0].answered_at, own[0].queue or record.queue

    def _begun(
        self, connection: Connection, sample_id: int, version_id: int, who: Visitor, round_id: int | None = None
    ) -> int:
        try:
            service.version(connection, version_id)
            return service.begin_review(connection, sample_id, version_id, self._around.clock(), who, round_id)
        except Unknown:
            raise HTTPException(404) from None

    # -- the agent's own

    def _own_route(self) -> None:
        around = self._around

        @self.router.get("/quality/mine")
        def mine(request: Request, who: Annotated[Visitor, self._agents]) -> Response:
            """What supervisors said of my talks."""
            starts = week_starts(around.clock().astimezone(around.house.zone).date(), around.house.zone)
            with reading(around.engine) as connection:
                own = service.reviews(connection, agent=who.extension, final=True) if who.extension else []
                trend = trends(connection, starts).get(who.extension or "")
            return self.pages.page(
                request, who, "quality_mine.html", reviews=own, trend=trend, starts=starts, **self.common()
            )

    # -- one score

    def _review_routes(self) -> None:
        around = self._around

        @self.router.get("/quality/reviews/{review_id}")
        def one(request: Request, review_id: int, who: Annotated[Visitor, self._agents], done: str = "") -> Response:
            """Scoring beside the recording; the agent reads it and may answer."""
            return self._page(request, who, review_id, done=done)

        @self.router.post("/quality/reviews/{review_id}")
        async def scored(request: Request, review_id: int, who: Annotated[Visitor, self._supervisors]) -> Response:
            """Keeps the answers; ``final`` finishes."""
            typed = await request.form()
            answers = {
                key.removeprefix("item-"): None if value == NOT_APPLICABLE else int(value)
                for key, value in typed.items()
                if key.startswith("item-") and isinstance(value, str) and (value == NOT_APPLICABLE or value.isdigit())
            }
            comment, final = str(typed.get("comment", ""))[:5000], bool(typed.get("final"))
            return self._saved(request, who, review_id, answers, comment, final)

        @self.router.post("/quality/reviews/{review_id}/reply")
        def replied(
            request: Request, review_id: int, who: Annotated[Visitor, self._agents],
            reply: Annotated[str, Form(max_length=5000)] = "",
        ) -> Response:  # fmt: skip
            """What the agent says to it."""
            try:
                with writing(around.engine) as connection:
                    review = self._get(connection, review_id, who)
                    if review.agent != who.extension or review.state is not ReviewState.FINAL:
                        raise HTTPException(404)
                    service.reply(connection, review_id, reply, around.clock(), who)
            except Refused as refused:
                return self._page(request, who, review_id, fault=refused.code, status=422)
            return RedirectResponse(f"/quality/reviews/{review_id}?done=replied", 303)

    def _saved(
        self, request: Request, who: Visitor, review_id: int, answers: dict[str, int | None], comment: str, final: bool
    ) -> Response:
        around, fault = self._around, None
        with writing(around.engine) as connection:
            self._get(connection, review_id, who)
            try:
                kept = service.save_review(connection, review_id, answers, comment, around.clock(), who, final=final)
            except Refused as refused:  # what was given is kept all the same
                fault, kept = refused.code, service.review(connection, review_id)
        if fault:
            return self._page(request, who, review_id, fault=fault, status=409)
        if final and kept.round_id is not None:
            return RedirectResponse(f"/quality/rounds/{kept.round_id}", 303)
        return RedirectResponse(f"/quality/reviews/{review_id}?done={'final' if final else 'saved'}", 303)

    def _get(self, connection: Connection, review_id: int, who: Visitor) -> Review:
        """One that this person may see: supervisors all but others' in an open round; agents their own, finished."""
        try:
            review = service.review(connection, review_id)
        except Unknown:
            raise HTTPException(404) from None
        if who.is_one_of(*SUPERVISORS):
            others = review.round_id is not None and review.grader_id != who.staff_id
            if others and service.round_(connection, review.round_id or 0).closed_at is None:
                raise HTTPException(404)
            return review
        own = who.extension is not None and review.agent == who.extension
        if not own or review.state is not ReviewState.FINAL or review.round_id is not None:
            raise HTTPException(404)
        return review

    def _page(
        self, request: Request, who: Visitor, review_id: int, *, done: str = "", fault: str | None = None,
        status: int = 200,
    ) -> Response:  # fmt: skip
        around, language = self._around, self.pages.language(request, who)
        with writing(around.engine) as connection:
            review = self._get(connection, review_id, who)
            if review.agent == who.extension and review.state is ReviewState.FINAL:
                service.seen(connection, review_id, around.clock())
            form = service.version(connection, review.version_id)
            player = around.player(connection, review.call_id, who, language)
        mine = review.grader_id == who.staff_id and review.state is ReviewState.DRAFT
        return self.pages.page(
            request, who, "quality_review.html", status=status,
            review=review, form=form, result=score(form, review.answers), player=player, mine=mine, done=done,
            fault=fault, own=review.agent == who.extension, player_words=RECORDING_WORDS[language], **self.common(),
        )  # fmt: skip

    # -- calibration

    def _round_routes(self) -> None:
        around = self._around

        @self.router.post("/quality/samples/{sample_id}/round")
        def begin_round(
            sample_id: int, who: Annotated[Visitor, self._supervisors], version_id: Annotated[int, Form()]
        ) -> Response:
            """All supervisors score this one, each alone."""
            with writing(around.engine) as connection:
                try:
                    service.sample(connection, sample_id)
                    service.version(connection, version_id)
                except Unknown:
                    raise HTTPException(404) from None
                round_id = service.begin_round(connection, sample_id, version_id, around.clock(), who)
            return RedirectResponse(f"/quality/rounds/{round_id}", 303)

        @self.router.get("/quality/rounds/{round_id}")
        def one_round(request: Request, round_id: int, who: Annotated[Visitor, self._supervisors]) -> Response:
            """Who is done; when it is closed, where the graders differ."""
            with reading(around.engine) as connection:
                try:
                    found = service.round_(connection, round_id)
                except Unknown:
                    raise HTTPException(404) from None
                talk = service.sample(connection, found.sample_id)
                form = service.version(connection, found.version_id)
                reviews = sorted(service.reviews(connection, round_id=round_id), key=lambda one: one.grader)
            done = [one for one in reviews if one.state is ReviewState.FINAL]
            shown = done if found.closed_at else []
            spreads = spread(form, shown)
            return self.pages.page(
                request, who, "quality_round.html",
                round=found, talk=talk, form=form, done=done, shown=shown, spreads={one.key: one for one in spreads},
                agreement=agreement(spreads),
                mine=next((one for one in reviews if one.grader_id == who.staff_id), None),
                **self.common(),
            )  # fmt: skip

        @self.router.post("/quality/rounds/{round_id}/score")
        def score_round(round_id: int, who: Annotated[Visitor, self._supervisors]) -> Response:
            """My own score of it."""
            with writing(around.engine) as connection:
                try:
                    found = service.round_(connection, round_id)
                except Unknown:
                    raise HTTPException(404) from None
                if found.closed_at is not None:
                    raise HTTPException(409)
                review_id = self._begun(connection, found.sample_id, found.version_id, who, round_id)
            return RedirectResponse(f"/quality/reviews/{review_id}", 303)

        @self.router.post("/quality/rounds/{round_id}/close")
        def close(round_id: int, who: Annotated[Visitor, self._supervisors]) -> Response:
            """Everybody's scores are shown."""
            with writing(around.engine) as connection:
                service.close_round(connection, round_id, around.clock(), who)
            return RedirectResponse(f"/quality/rounds/{round_id}", 303)
