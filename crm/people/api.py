"""Requests for people, as JSON (C1 to C5): find, read, add, change field by field, merge and take apart again."""

from collections.abc import Callable, Collection
from datetime import datetime, tzinfo
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection, Engine

from crm.audit.service import note
from crm.autosave.requests import Changes, Key
from crm.autosave.service import Applied, Author, author_of, claim, name_subject
from crm.database import reading, writing
from crm.live import Hub
from crm.people.duplicates import duplicates_of, not_told_apart, tell_apart
from crm.people.fields import clean_changes
from crm.people.merging import CannotMerge, merge_people, merges_of, undo_merge
from crm.people.models import Person, Profile
from crm.people.names import full_name
from crm.people.numbers import Number, normalise
from crm.people.search import found_people, search
from crm.people.service import (
    UnknownPersonError,
    attach_number,
    change_person,
    create_person,
    detach_number,
    find_by_number,
    get_person,
    living_id,
    numbers_of,
)
from crm.people.showing import choices, duplicate_json, found_json, merge_json, person_json
from crm.people.words import WORDS
from crm.staff.access import AGENTS, Access, Visitor
from crm.web.pages import language_asked
from crm.web.streams import Streams


class NewPerson(BaseModel):
    """A new caller (C2): fields of the profile, and the number they call from."""

    fields: dict[str, Any] = Field(default_factory=dict, max_length=40)
    number: str | None = Field(None, max_length=100)
    key: Key = None
    client: Key = None


class NewNumber(BaseModel):
    """A number of a person."""

    number: str = Field(max_length=100)
    primary: bool = False


class Other(BaseModel):
    """Another person. ``undo``: they may be the same after all."""

    other: int
    undo: bool = False
    client: Key = None


class MergeToUndo(BaseModel):
    """A merge of this person."""

    merge: int
    client: Key = None


class PeopleApi:
    """Wired once; ``router`` for the application. ``extensions``: ours, so that 1001 is a desk."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        access: Access,
        streams: Streams,
        clock: Callable[[], datetime],
        zone: tzinfo,
        *,
        country: str = "TH",
        extensions: Callable[[], Collection[str]] = tuple,
        default_language: str = "th",
    ) -> None:
        self.engine = engine
        self._hub = hub
        self._access = access
        self._streams = streams
        self.clock = clock
        self._zone = zone
        self._country = country
        self._extensions = extensions
        self._default_language = default_language
        self.router = self._routes()

    def year(self) -> int:
        """This year, here."""
        return self.clock().astimezone(self._zone).year

    def number_of(self, text: str | None) -> Number:
        """A number in its one form."""
        return normalise(text, country=self._country, extensions=self._extensions())

    def language(self, request: Request, who: Visitor) -> str:
        """Of answers."""
        return language_asked(request, who.language, self._default_language)

    def publish(self, person_id: int, version: int, author: Author, **more: Any) -> None:
        """Tells whoever looks at this person."""
        message = {"kind": "person", "id": person_id, "version": version, "by": author.as_json(), **more}
        self._hub.publish(f"person/{person_id}", message)

    def whole(self, connection: Connection, person_id: int, language: str = "th") -> dict[str, Any]:
        """A person with numbers and merges, as JSON."""
        person = get_person(connection, person_id)
        shown = person_json(person, numbers_of(connection, person_id), self.year(), language)
        return shown | {"merges": [merge_json(merge) for merge in merges_of(connection, person_id)]}

    def _routes(self) -> APIRouter:
        router = APIRouter(prefix="/api/people")
        agents = Depends(self._access.of(*AGENTS))
        self._reading_routes(router, agents)
        self._changing_routes(router, agents)
        self._number_routes(router, agents)
        self._merging_routes(router, agents)
        return router

    def _reading_routes(self, router: APIRouter, agents: Any) -> None:
        @router.get("")
        def find(
            request: Request, who: Annotated[Visitor, agents], q: str = "", number: str = "", limit: int = 20
        ) -> dict[str, Any]:
            """Those whom ``q`` may mean, or those of a ``number``, who used it last first."""
            language = self.language(request, who)
            asked = self.number_of(number) if number else None
            with reading(self.engine) as connection:
                if asked is not None:
                    known = asked.recognisable
                    ids = [person.id for person in find_by_number(connection, known, limit)] if known else []
                    found = found_people(connection, ids, limit)
                else:
                    found = search(connection, q[:200], country=self._country, most=max(1, limit))
            people = [found_json(one, self.year(), language) for one in found]
            return {"people": people, "number": asked and {"number": asked.number, "kind": asked.kind}}

        @router.get("/choices")
        def what_can_be_chosen(request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """Field → values and labels."""
            return choices(self.language(request, who))

        @router.get("/{person_id}")
        def read(person_id: int, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """The whole profile; of somebody who was merged, with ``merged_into``."""
            with reading(self.engine) as connection:
                try:
                    return self.whole(connection, person_id, self.language(request, who))
                except UnknownPersonError:
                    return self._refuse(404, "no_person", request, who)

        @router.get("/{person_id}/events")
        async def events(person_id: int, who: Annotated[Visitor, agents]) -> Response:
            """Changes as they happen."""
            return self._streams.of([f"person/{person_id}"])

    def _changing_routes(self, router: APIRouter, agents: Any) -> None:
        @router.post("", status_code=201)
        def add(body: NewPerson, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """A new caller (C2). A repeated request gives the same person again."""
            fields, problems = clean_changes(body.fields, self.year())
            names = (fields.get("title"), fields.get("first_name"), fields.get("last_name"))
            fields["display_name"] = fields.get("display_name") or full_name(*names)
            number = self.number_of(body.number) if body.number else None
            if not fields["display_name"] and "display_name" not in problems:
                problems["first_name"] = "name_missing"
            if problems:
                return self._problems(problems, request, who)
            at = self.clock()
            with writing(self.engine) as connection:
                done = claim(connection, who.staff_id, body.key, "person/", at)
                if done is None:
                    person_id = create_person(connection, Profile(**fields), at, number, doer=who)
                    name_subject(connection, who.staff_id, body.key, f"person/{person_id}")
                else:
                    person_id = living_id(connection, int(done.partition("/")[2]))
                return self.whole(connection, person_id, self.language(request, who))

        @router.patch("/{person_id}")
        def change(person_id: int, body: Changes, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """Changes single fields; what cannot be is told and the rest is kept. Somebody who was merged meanwhile is
            changed as whom they are kept: the answer's ``id`` says so."""
            clean, problems = clean_changes(body.changes, self.year())
            author, at = author_of(who, body.client), self.clock()
            try:
                with writing(self.engine) as connection:
                    now_id = living_id(connection, person_id)
                    if now_id != person_id:
                        clean = _added_to(get_person(connection, now_id), clean)
                    repeated = claim(connection, who.staff_id, body.key, f"person/{now_id}", at) is not None
                    applied = change_person(
                        connection,
                        now_id,
                        {} if repeated else clean,
                        at,
                        author=author,
                        doer=who,
                        seen_version=body.version if now_id == person_id else None,
                    )
                    person = get_person(connection, now_id)
            except UnknownPersonError:
                return self._refuse(404, "no_person", request, who)
            self._publish_changes(now_id, applied, author)
            names = {*clean, *applied.changed}
            words = WORDS[self.language(request, who)]
            return {
                "id": now_id,
                "version": applied.version,
                "fields": {name: getattr(person, name) for name in names} | {"age": person.age(self.year())},
                "others": applied.others,
                "overwritten": applied.overwritten,
                "problems": {name: words[code] for name, code in problems.items()},
                "repeated": repeated,
            }

    def _number_routes(self, router: APIRouter, agents: Any) -> None:
        @router.post("/{person_id}/numbers")
        def add_number(person_id: int, body: NewNumber, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """One number more, or another one as the main one."""
            number = self.number_of(body.number)
            if number.recognisable is None:
                return self._refuse(422, "bad_number", request, who)
            try:
                with writing(self.engine) as connection:
                    now_id = living_id(connection, person_id)
                    attach_number(connection, now_id, number, primary=body.primary)
                    details = {"number": number.number, "primary": body.primary}
                    note(connection, self.clock(), who, "person.number_added", f"person/{now_id}", **details)
                    shown = self.whole(connection, now_id, self.language(request, who))
            except UnknownPersonError:
                return self._refuse(404, "no_person", request, who)
            self.publish(now_id, shown["version"], author_of(who), numbers=shown["numbers"], changes={})
            return shown

        @router.delete("/{person_id}/numbers/{number}")
        def remove_number(person_id: int, number: str, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """Not this person's number."""
            try:
                with writing(self.engine) as connection:
                    now_id = living_id(connection, person_id)
                    detach_number(connection, now_id, number)
                    subject = f"person/{now_id}"
                    note(connection, self.clock(), who, "person.number_removed", subject, number=number)
                    shown = self.whole(connection, now_id, self.language(request, who))
            except UnknownPersonError:
                return self._refuse(404, "no_person", request, who)
            self.publish(now_id, shown["version"], author_of(who), numbers=shown["numbers"], changes={})
            return shown

    def _merging_routes(self, router: APIRouter, agents: Any) -> None:
        @router.get("/{person_id}/duplicates")
        def who_else(person_id: int, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """Who may be the same person, and why."""
            language = self.language(request, who)
            try:
                with reading(self.engine) as connection:
                    found = duplicates_of(connection, person_id)
            except UnknownPersonError:
                return self._refuse(404, "no_person", request, who)
            return {"duplicates": [duplicate_json(one, self.year(), language) for one in found]}

        @router.post("/{person_id}/different")
        def different(person_id: int, body: Other, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """These two are not the same."""
            try:
                with writing(self.engine) as connection:
                    (not_told_apart if body.undo else tell_apart)(connection, person_id, body.other)
                    action = "person.may_be_same" if body.undo else "person.told_apart"
                    note(connection, self.clock(), who, action, f"person/{person_id}", other=body.other)
            except UnknownPersonError:
                return self._refuse(404, "no_person", request, who)
            return Response(status_code=204)

        @router.post("/{person_id}/merge")
        def merge(person_id: int, body: Other, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """``other`` becomes this person; the answer's ``merge`` undoes it."""
            author, at = author_of(who, body.client), self.clock()
            try:
                with writing(self.engine) as connection:
                    merge_id = merge_people(connection, person_id, body.other, at, doer=who, author=author)
                    shown = self.whole(connection, person_id, self.language(request, who))
            except UnknownPersonError:
                return self._refuse(404, "no_person", request, who)
            except CannotMerge as refused:
                return self._refuse(409, refused.code, request, who)
            self.publish(body.other, 0, author, merged_into=person_id, changes={})
            self.publish(person_id, shown["version"], author, reload=True, changes={})
            return shown | {"merge": merge_id}

        @router.post("/{person_id}/unmerge")
        def unmerge(person_id: int, body: MergeToUndo, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """Takes a merge back: the other person is there again with all that was theirs."""
            author, at = author_of(who, body.client), self.clock()
            try:
                with writing(self.engine) as connection:
                    undone = undo_merge(connection, body.merge, at, doer=who, author=author)
                    shown = self.whole(connection, undone.kept_id, self.language(request, who))
            except (CannotMerge, UnknownPersonError):
                return self._refuse(409, "no_merge", request, who)
            for one in (undone.kept_id, undone.merged_id):
                self.publish(one, 0, author, reload=True, changes={})
            return shown | {"separated": undone.merged_id, "returned": undone.returned, "stayed": undone.stayed}

    def _publish_changes(self, person_id: int, applied: Applied, author: Author) -> None:
        if applied.changed:
            changes = {name: new for name, (_old, new) in applied.changed.items()}
            self.publish(person_id, applied.version, author, changes=changes)

    def _refuse(self, status: int, code: str, request: Request, who: Visitor) -> JSONResponse:
        text = WORDS[self.language(request, who)][code]
        return JSONResponse({"detail": text, "code": code}, status_code=status)

    def _problems(self, problems: dict[str, str], request: Request, who: Visitor) -> JSONResponse:
        words = WORDS[self.language(request, who)]
        texts = {name: words[code] for name, code in problems.items()}
        return JSONResponse({"detail": "; ".join(texts.values()), "problems": texts}, status_code=422)


def _added_to(kept: Person, clean: dict[str, Any]) -> dict[str, Any]:
    """What was typed for somebody who was merged meanwhile: notes go below those of whom they are kept as."""
    notes = clean.get("notes")
    if notes and kept.notes and notes != kept.notes:
        return clean | {"notes": kept.notes if notes in kept.notes else f"{kept.notes}\n{notes}"}
    return clean
