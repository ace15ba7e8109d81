"""Pages of the knowledge base: find, read (H5); write, verify, publish."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool

from crm.database import reading, writing
from crm.departments.service import departments_of
from crm.documents.service import documents_for
from crm.knowledge import service
from crm.knowledge.articles import Article, Draft
from crm.knowledge.differences import differences
from crm.knowledge.service import KnowledgeProblem
from crm.knowledge.showing import results
from crm.knowledge.words import WORDS
from crm.search.asking import search
from crm.search.models import Kind
from crm.staff.access import OFFICE, Access, Visitor
from crm.topics.service import topic_tree
from crm.web.dates import day_of
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
SHOWN: Final = ("all", "open", "waiting", "review", "expired", "retired")
KINDS: Final = (Kind.ARTICLE, Kind.DOCUMENT, Kind.DEALER, Kind.SOURCE, Kind.CARD)
MOST: Final = 20
Text = Annotated[str, Form()]


class KnowledgePages:
    """Wired once; ``router`` for the application."""

    def __init__(self, engine: Engine, access: Access, house: House, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._zone: tzinfo = house.zone
        self._pages = Pages(house, WORDS, TEMPLATES)
        self.router = APIRouter(prefix="/knowledge")
        self._add_reading(access)
        self._add_writing(access)
        self._add_steps(access)

    def today(self) -> date:
        """The date here."""
        return self._clock().astimezone(self._zone).date()

    def _add_reading(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*OFFICE))]  # noqa: N806

        @self.router.get("", response_class=HTMLResponse)
        def find(request: Request, who: Who, q: str = "", kind: str = "") -> HTMLResponse:
            """The search; works without script too."""
            language = self._pages.language(request, who)
            chosen = Kind(kind) if kind in set(KINDS) else None
            with reading(self._engine) as connection:
                found = search(connection, q, who.role, kind=chosen, limit=MOST)
                shown = results(connection, found, self.today(), language)
                newest = service.newest(connection) if not q else []
            return self._page(request, who, "find.html", q=q, kind=kind, kinds=list(KINDS), found=shown, newest=newest)

        @self.router.get("/{article_id:int}", response_class=HTMLResponse)
        def read(article_id: int, request: Request, who: Who, q: str = "") -> HTMLResponse:
            """An article as published; editors see the newest version when none is."""
            with reading(self._engine) as connection:
                article = service.article_for(connection, article_id, who.role)
                newest = self._newest(connection, article_id, who)
                article = article or newest
                if article is None:
                    raise HTTPException(404)
                values = self._around(connection, article, who)
            waits = newest if newest is not None and not newest.published else None
            return self._page(request, who, "article.html", article=article, waits=waits, q=q, **values)

    def _add_writing(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*service.EDITORS))]  # noqa: N806

        @self.router.get("/articles", response_class=HTMLResponse)
        def articles(request: Request, who: Who, shown: str = "all", q: str = "") -> HTMLResponse:
            """What editors have to do."""
            shown = shown if shown in SHOWN else "all"
            with reading(self._engine) as connection:
                found = service.listed(connection, shown=shown, today=self.today(), words=q)
            return self._page(request, who, "articles.html", shown=shown, choices=SHOWN, q=q, articles=found)

        @self.router.get("/new", response_class=HTMLResponse)
        def new(request: Request, who: Who) -> HTMLResponse:
            """An empty form."""
            return self._form(request, who, None, _empty())

        @self.router.post("/new")
        async def write(request: Request, who: Who) -> Response:
            """A new article."""
            return await self._written(request, who, None)

        @self.router.get("/{article_id:int}/edit", response_class=HTMLResponse)
        def edit(article_id: int, request: Request, who: Who) -> HTMLResponse:
            """The newest version in the form."""
            with reading(self._engine) as connection:
                version = self._existing(connection, article_id).version
            return self._form(request, who, article_id, _typed_of(version.draft()))

        @self.router.post("/{article_id:int}/edit")
        async def change(article_id: int, request: Request, who: Who) -> Response:
            """Changes the draft, or begins a new version."""
            return await self._written(request, who, article_id)

        @self.router.get("/{article_id:int}/versions", response_class=HTMLResponse)
        def versions(article_id: int, request: Request, who: Who) -> HTMLResponse:
            """All versions, each compared with the one before."""
            with reading(self._engine) as connection:
                article = self._existing(connection, article_id)
                found = service.versions_of(connection, article_id)
            earlier = [*found[1:], None]
            pairs = [
                (version, differences(asdict(before), asdict(version)) if before else [])
                for version, before in zip(found, earlier, strict=True)
            ]
            return self._page(request, who, "versions.html", article=article, pairs=pairs)

    def _add_steps(self, access: Access) -> None:
        Who = Annotated[Visitor, Depends(access.of(*service.EDITORS))]  # noqa: N806

        @self.router.post("/{article_id:int}/{step}")
        def step(article_id: int, step: str, request: Request, who: Who, refusal: Text = "") -> Response:
            """One step of its way: hand_in, verify, refuse, publish, reviewed, retire."""
            now, name = self._clock(), who.name("th")
            steps: Mapping[str, Callable[[Connection], None]] = {
                "hand_in": lambda c: service.hand_in(c, article_id, now, who),
                "verify": lambda c: service.verify(c, article_id, now, who, name),
                "refuse": lambda c: service.refuse(c, article_id, refusal, now, who),
                "publish": lambda c: service.publish(c, article_id, now, who),
                "reviewed": lambda c: service.reviewed(c, article_id, now, who, None),
                "retire": lambda c: service.retire(c, article_id, now, who),
            }
            if step not in steps:
                raise HTTPException(404)
            try:
                with writing(self._engine) as connection:
                    steps[step](connection)
            except KnowledgeProblem as problem:
                if problem.code == "no_article":
                    raise HTTPException(404) from None
                return self._refused(request, who, article_id, problem, refusal)
            return RedirectResponse(f"/knowledge/{article_id}", status_code=303)

    def _page(self, request: Request, who: Visitor, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        editor = service.may_edit(who.role)
        return self._pages.page(request, who, template, status=status, editor=editor, today=self.today(), **values)

    def _refused(
        self, request: Request, who: Visitor, article_id: int, problem: KnowledgeProblem, refusal: str
    ) -> HTMLResponse:
        with reading(self._engine) as connection:
            article = self._existing(connection, article_id)
            values = self._around(connection, article, who)
        values |= {"fault": problem.code, "refusal": refusal}
        return self._page(request, who, "article.html", status=409, article=article, waits=article, q="", **values)

    def _newest(self, connection: Connection, article_id: int, who: Visitor) -> Article | None:
        if not service.may_edit(who.role):
            return None
        try:
            return service.article_of(connection, article_id)
        except KnowledgeProblem:
            return None

    def _existing(self, connection: Connection, article_id: int) -> Article:
        try:
            return service.article_of(connection, article_id)
        except KnowledgeProblem:
            raise HTTPException(404) from None

    def _around(self, connection: Connection, article: Article, who: Visitor) -> dict[str, Any]:
        topics = topic_tree(connection)
        attached = documents_for(connection, article.version.attachments, who.role)
        topic = topics.get(article.version.topic_id or 0)
        return {"topic": topic, "attached": attached, "me": who.staff_id, "fault": "", "refusal": ""}

    def _form(
        self, request: Request, who: Visitor, article_id: int | None, typed: Mapping[str, str], **faults: str
    ) -> HTMLResponse:
        with reading(self._engine) as connection:
            topics = [one for one in topic_tree(connection).values() if one.retired_at is None]
            offices = departments_of(connection, active=True)
        return self._page(
            request, who, "write.html", status=422 if faults else 200,
            article_id=article_id, typed=typed, faults=faults, topics=topics, offices=offices,
        )  # fmt: skip

    async def _written(self, request: Request, who: Visitor, article_id: int | None) -> Response:
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in _empty()}
        return await run_in_threadpool(self._keep, request, who, article_id, typed)

    def _keep(self, request: Request, who: Visitor, article_id: int | None, typed: dict[str, str]) -> Response:
        now, name = self._clock(), who.name("th")
        try:
            with writing(self._engine) as connection:
                draft = self._draft(connection, typed, who)
                if article_id is None:
                    article_id = service.write_article(connection, draft, now, who, name)
                else:
                    service.change_article(connection, article_id, draft, now, who, name)
        except KnowledgeProblem as problem:
            if problem.code == "no_article":
                raise HTTPException(404) from None
            return self._form(request, who, article_id, typed, **{problem.field or "question_th": problem.code})
        return RedirectResponse(f"/knowledge/{article_id}", status_code=303)

    def _draft(self, connection: Connection, typed: Mapping[str, str], who: Visitor) -> Draft:
        values: dict[str, Any] = dict(typed)
        valid = typed["valid_until"].strip()
        values["valid_until"] = day_of(valid) if valid else None
        if valid and values["valid_until"] is None:
            raise KnowledgeProblem("bad_date", "valid_until")
        numbers = typed["attachments"].replace(",", " ").split()
        if not all(one.isdecimal() and len(one) < 18 for one in numbers):
            raise KnowledgeProblem("bad_attachments", "attachments")
        ids = [int(one) for one in numbers]
        if len(documents_for(connection, ids, who.role)) != len(set(ids)):
            raise KnowledgeProblem("bad_attachments", "attachments")
        topic = typed["topic_id"]
        known = topic.isdecimal() and int(topic) in topic_tree(connection)
        return Draft(**values | {"attachments": tuple(ids), "topic_id": int(topic) if known else None})


def _empty() -> dict[str, str]:
    return dict.fromkeys(Draft.__dataclass_fields__, "")


def _typed_of(draft: Mapping[str, Any]) -> dict[str, str]:
    typed = _empty() | {name: "" if value is None else str(value) for name, value in draft.items()}
    return typed | {"attachments": " ".join(map(str, draft["attachments"]))}
