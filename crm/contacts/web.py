"""Requests for contacts, as JSON (C2, C3, H2 to H9): read, write field by field, steps, finish, lists."""

from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection, Engine
from starlette.concurrency import run_in_threadpool

from ami_listener.floor import FloorSnapshot
from crm.autosave.requests import Changes, Key
from crm.autosave.service import SYSTEM, Applied, Author, author_of, claim, name_subject
from crm.contacts.fields import clean_changes
from crm.contacts.keeping import Kept
from crm.contacts.models import Channel, Contact, Direction
from crm.contacts.service import (
    UnknownContactError,
    change_contact,
    contacts_of_person,
    create_contact,
    current_contact,
    finish_contact,
    get_contact,
    may_change,
    profile_for_pop,
    unfinished_contacts,
)
from crm.contacts.showing import View, choices, contact_json, line_json, steps_json
from crm.contacts.stepping import StepProblem, mark_step, marked_at
from crm.contacts.words import WORDS
from crm.database import reading, writing
from crm.live import Hub
from crm.people.numbers import Number
from crm.people.service import UnknownPersonError, living_id
from crm.staff.access import AGENTS, SUPERVISORS, Access, Visitor
from crm.web.pages import language_asked
from crm.web.streams import Streams


class NewContact(BaseModel):
    """A contact that no call makes: of another channel, or a call out."""

    channel: Channel = Channel.TELEPHONE
    direction: Direction = Direction.INBOUND
    number: str | None = Field(None, max_length=100)
    person_id: int | None = None
    language: str | None = None
    key: Key = None


class StepPressed(BaseModel):
    """When the key was pressed, if not now: a page may have been without network."""

    ago_seconds: float | None = None
    key: Key = None
    client: Key = None


class ContactsApi:
    """Wired once; ``router`` for the application, `kept` for what the telephone changes."""

    def __init__(
        self,
        engine: Engine,
        hub: Hub,
        access: Access,
        streams: Streams,
        clock: Callable[[], datetime],
        zone: tzinfo,
        *,
        normalise: Callable[[str | None], Number],
        floor: Callable[[], FloorSnapshot],
        keep_now: Callable[[str], Awaitable[None]],
        default_language: str = "th",
    ) -> None:
        self._engine = engine
        self._hub = hub
        self._access = access
        self._streams = streams
        self._clock = clock
        self._zone = zone
        self._normalise = normalise
        self._floor = floor
        self._keep_now = keep_now
        self._default_language = default_language
        self.router = self._routes()

    def kept(self, kept: Kept) -> None:
        """A record was made or changed by what the telephone told: everyone who looks at it is told."""
        contact = kept.contact
        self._publish(contact, SYSTEM, kept.changes)
        if contact.agent is not None:
            message = {"kind": "contact", "id": contact.id, "call_id": contact.call_id, "version": contact.version}
            self._hub.publish(f"agent/{contact.agent}", message | {"state": contact.state, "new": kept.new})

    def _publish(self, contact: Contact, author: Author, changes: Any, connection: Connection | None = None) -> None:
        topic = f"contact/{contact.id}"
        if not self._hub.listening(topic):
            return
        message = {
            "kind": "contact",
            "id": contact.id,
            "version": contact.version,
            "state": contact.state,
            "changes": dict(changes),
            "by": author.as_json(),
        }
        if connection is not None:
            message |= steps_json(connection, contact, self._view("th"))
        else:
            with reading(self._engine) as own:
                message |= steps_json(own, contact, self._view("th"))
        self._hub.publish(topic, message)

    def _view(self, language: str) -> View:
        return View(language, self._zone, self._clock())

    def _language(self, request: Request, who: Visitor) -> str:
        return language_asked(request, who.language, self._default_language)

    def _refuse(self, status: int, code: str, request: Request, who: Visitor) -> JSONResponse:
        text = WORDS[self._language(request, who)][code]
        return JSONResponse({"detail": text, "code": code}, status_code=status)

    def _routes(self) -> APIRouter:
        router = APIRouter(prefix="/api/contacts")
        agents = Depends(self._access.of(*AGENTS))
        self._list_routes(router, agents)
        self._reading_routes(router, agents)
        self._writing_routes(router, agents)
        self._step_routes(router, agents)
        return router

    def _list_routes(self, router: APIRouter, agents: Any) -> None:
        @router.get("")
        def of_person(person_id: int, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """A person's contacts, the newest first (C5)."""
            view = self._view(self._language(request, who))
            with reading(self._engine) as connection:
                try:
                    found = contacts_of_person(connection, living_id(connection, person_id))
                except UnknownPersonError:
                    return self._refuse(404, "no_person", request, who)
                return {"contacts": [line_json(connection, one, view) for one in found]}

        @router.get("/choices")
        def what_can_be_chosen(request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """Field → values and labels."""
            return choices(self._language(request, who))

        @router.get("/unfinished")
        def unfinished(request: Request, who: Annotated[Visitor, agents], everyone: bool = False) -> Any:
            """Own records to be finished; ``everyone``: of all, for supervisors."""
            if everyone and not who.is_one_of(*SUPERVISORS):
                return self._refuse(403, "only_supervisors", request, who)
            view = self._view(self._language(request, who))
            with reading(self._engine) as connection:
                found = unfinished_contacts(connection, None if everyone else who.staff_id)
                return {"contacts": [line_json(connection, one, view) for one in found]}

    def _reading_routes(self, router: APIRouter, agents: Any) -> None:
        @router.get("/current")
        async def current(request: Request, who: Annotated[Visitor, agents], extension: str = "") -> Any:
            """What is on the desk of an agent, oneself by default: the record of the talk that goes on, else the last
            one that is not finished."""
            agent = extension or who.extension
            if agent != who.extension and not who.is_one_of(*SUPERVISORS):
                return self._refuse(403, "not_yours", request, who)
            if agent is None:
                return {"contact": None}
            for talk in self._floor().talking:
                if talk.agent == agent:
                    await self._keep_now(talk.call_id)
            language = self._language(request, who)
            return await run_in_threadpool(self._current, agent, language)

        @router.get("/pop")
        def pop(
            request: Request,
            who: Annotated[Visitor, agents],
            number: str = "",
            call_id: str | None = None,
            person_id: int | None = None,
        ) -> Any:
            """All that is known of a number or a person: what a pop shows."""
            known = self._normalise(number).recognisable if number else None
            try:
                with reading(self._engine) as connection:
                    found = profile_for_pop(connection, known, call_id, person_id)
            except UnknownPersonError:
                return self._refuse(404, "no_person", request, who)
            return found.as_json(self._clock().astimezone(self._zone).year, self._language(request, who))

        @router.get("/{contact_id}")
        def read(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """One contact, whole."""
            with reading(self._engine) as connection:
                try:
                    contact = get_contact(connection, contact_id)
                except UnknownContactError:
                    return self._refuse(404, "no_contact", request, who)
                shown = contact_json(connection, contact, self._view(self._language(request, who)))
            return shown | {"may_change": may_change(contact, who)}

        @router.get("/{contact_id}/events")
        async def events(contact_id: int, who: Annotated[Visitor, agents]) -> Any:
            """Changes as they happen."""
            return self._streams.of([f"contact/{contact_id}"])

    def _current(self, agent: str, language: str) -> dict[str, Any]:
        with reading(self._engine) as connection:
            contact = current_contact(connection, agent)
            return {"contact": contact and contact_json(connection, contact, self._view(language))}

    def _writing_routes(self, router: APIRouter, agents: Any) -> None:
        @router.post("", status_code=201)
        def add(body: NewContact, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """A contact that no call makes. A repeated request gives the same one again."""
            view = self._view(self._language(request, who))
            with writing(self._engine) as connection:
                done = claim(connection, who.staff_id, body.key, "contact/", view.now)
                if done is not None:
                    contact = get_contact(connection, int(done.partition("/")[2]))
                    return contact_json(connection, contact, view)
                clean, problems = clean_changes(connection, {"person_id": body.person_id, "language": body.language})
                if problems:
                    return self._refuse(422, next(iter(problems.values())), request, who)
                contact = create_contact(
                    connection,
                    body.channel,
                    body.direction,
                    view.now,
                    staff_id=who.staff_id,
                    agent=who.extension,
                    number=self._normalise(body.number) if body.number else None,
                    person_id=clean["person_id"],
                    language=clean["language"],
                )
                name_subject(connection, who.staff_id, body.key, f"contact/{contact.id}")
                return contact_json(connection, contact, view)

        @router.patch("/{contact_id}")
        def change(contact_id: int, body: Changes, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """Changes single fields; what cannot be is told, and the rest is kept."""
            return self._change(contact_id, body, request, who, finish=False)

        @router.post("/{contact_id}/finish")
        def finish(contact_id: int, body: Changes, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """Save and ready (H9): the last changes are kept in any case; 422 names what must be there before."""
            return self._change(contact_id, body, request, who, finish=True)

    def _change(self, contact_id: int, body: Changes, request: Request, who: Visitor, *, finish: bool) -> Any:
        language = self._language(request, who)
        view, author = self._view(language), author_of(who, body.client)
        missing: dict[str, str] = {}
        with writing(self._engine) as connection:
            try:
                contact = get_contact(connection, contact_id, lock=True)
            except UnknownContactError:
                return self._refuse(404, "no_contact", request, who)
            if not may_change(contact, who):
                return self._refuse(403, "not_yours", request, who)
            subject = f"contact/{contact_id}"
            repeated = claim(connection, who.staff_id, body.key, subject, view.now) is not None
            clean, problems = clean_changes(connection, body.changes)
            applied = change_contact(
                connection,
                contact_id,
                {} if repeated else clean,
                view.now,
                author=author,
                doer=who,
                seen_version=body.version,
                number=self._normalise(contact.number) if contact.number else None,
            )
            if finish:
                missing = dict(finish_contact(connection, contact_id, applied, view.now, who).missing)
            contact = get_contact(connection, contact_id)
            shown = contact_json(connection, contact, view)
        if applied.changed or finish:
            self._publish(contact, author, {name: new for name, (_old, new) in applied.changed.items()})
        words = WORDS[language]
        answer = _answer(contact, applied, {*clean, *applied.changed}, shown)
        answer |= {"problems": {name: words[code] for name, code in problems.items()}, "repeated": repeated}
        if missing:
            texts = {name: words[code] for name, code in missing.items()}
            return JSONResponse(answer | {"detail": "; ".join(texts.values()), "missing": texts}, status_code=422)
        return answer

    def _step_routes(self, router: APIRouter, agents: Any) -> None:
        @router.post("/{contact_id}/steps/{step}")
        def go_to_step(
            contact_id: int, step: str, body: StepPressed, request: Request, who: Annotated[Visitor, agents]
        ) -> Any:
            """From now on it is this step; going back is possible."""
            view = self._view(self._language(request, who))
            try:
                with writing(self._engine) as connection:
                    contact = get_contact(connection, contact_id, lock=True)
                    if not may_change(contact, who):
                        return self._refuse(403, "not_yours", request, who)
                    subject = f"contact/{contact_id}"
                    if claim(connection, who.staff_id, body.key, subject, view.now) is None:
                        mark_step(connection, contact, step, marked_at(view.now, body.ago_seconds), self._zone)
                    shown = steps_json(connection, contact, view)
            except UnknownContactError:
                return self._refuse(404, "no_contact", request, who)
            except StepProblem as problem:
                return self._refuse(422, problem.code, request, who)
            self._publish(contact, author_of(who, body.client), {})
            return {"id": contact_id, **shown}


def _answer(contact: Contact, applied: Applied, names: set[str], shown: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": contact.id,
        "version": contact.version,
        "state": contact.state,
        "fields": {name: getattr(contact, name) for name in names},
        "others": applied.others,
        "overwritten": applied.overwritten,
        "contact": shown,
    }
