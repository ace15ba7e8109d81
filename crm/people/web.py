"""Pages of people: the search, and one person with all that is known (C3 to C5)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from crm.audit.service import AuditFilter, AuditLine, lines
from crm.database import reading
from crm.people.api import PeopleApi
from crm.people.duplicates import duplicates_of
from crm.people.history import HistorySource, history_of
from crm.people.merging import merges_of
from crm.people.models import Person
from crm.people.occupations import occupation_label
from crm.people.search import search
from crm.people.service import UnknownPersonError, get_person, numbers_of
from crm.people.showing import FIELDS, choices, national, number_json, province_label
from crm.people.words import WORDS
from crm.staff.access import AGENTS, Access, Visitor
from crm.web.dates import BUDDHIST_ERA
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
MOST_FOUND: Final = 30
MOST_HISTORY: Final = 60
MOST_CHANGES: Final = 40


class PeoplePages:
    """Wired once; ``router`` for the application. ``sources``: what other features know of a person."""

    def __init__(self, api: PeopleApi, access: Access, house: House, sources: Sequence[HistorySource]) -> None:
        self._api = api
        self._sources = sources
        self._pages = Pages(house, WORDS, TEMPLATES)
        self.router = self._routes(access)

    def _routes(self, access: Access) -> APIRouter:
        router = APIRouter(prefix="/people")
        agents = Depends(access.of(*AGENTS))

        @router.get("", response_class=HTMLResponse)
        def find(request: Request, who: Annotated[Visitor, agents], q: str = "") -> HTMLResponse:
            """The search; works without script too."""
            with reading(self._api.engine) as connection:
                found = search(connection, q[:200], most=MOST_FOUND)
            return self._pages.page(
                request, who, "people.html", q=q, found=found, most=MOST_FOUND, **self._labels(request, who)
            )

        @router.get("/{person_id}", response_class=HTMLResponse)
        def one(person_id: int, request: Request, who: Annotated[Visitor, agents]) -> Response:
            """One person: profile, numbers, history, changes, who may be the same."""
            try:
                with reading(self._api.engine) as connection:
                    person = get_person(connection, person_id)
                    if person.merged_into_id is not None:
                        return RedirectResponse(f"/people/{person.merged_into_id}?from={person_id}", status_code=303)
                    values = self._values(connection, person, self._pages.language(request, who))
                    values["came_from"] = _name(connection, request.query_params.get("from"))
            except UnknownPersonError:
                raise HTTPException(404) from None
            return self._pages.page(request, who, "person.html", **values, **self._labels(request, who))

        @router.get("/{person_id}/parts", response_class=HTMLResponse)
        def parts(person_id: int, request: Request, who: Annotated[Visitor, agents]) -> HTMLResponse:
            """What changes on the page of one person while it is open."""
            try:
                with reading(self._api.engine) as connection:
                    values = self._values(
                        connection, get_person(connection, person_id), self._pages.language(request, who)
                    )
            except UnknownPersonError:
                raise HTTPException(404) from None
            return self._pages.page(request, who, "person_parts.html", **values, **self._labels(request, who))

        return router

    def _labels(self, request: Request, who: Visitor) -> dict[str, Any]:
        language = self._pages.language(request, who)
        return {
            "choices": choices(language),
            "national": national,
            "province_of": lambda stored: province_label(stored, language),
            "occupation_of": lambda stored: occupation_label(stored, language),
            "year": self._api.year(),
            "era": BUDDHIST_ERA if language == "th" else 0,
        }

    def _values(self, connection: Connection, person: Person, language: str) -> dict[str, Any]:
        audit = lines(connection, AuditFilter(subject=f"person/{person.id}"), limit=MOST_CHANGES)
        return {
            "person": person,
            "fields": {name: getattr(person, name) for name in FIELDS},
            "numbers": [number_json(number) for number in numbers_of(connection, person.id)],
            "history": history_of(connection, self._sources, person.id, MOST_HISTORY, language),
            "changes": [_change(connection, line, language) for line in audit],
            "merges": merges_of(connection, person.id),
            "duplicates": duplicates_of(connection, person.id),
        }


def _name(connection: Connection, person_id: str | None) -> str | None:
    """Of somebody who was merged into the one shown."""
    try:
        return get_person(connection, int(person_id)).display_name if person_id else None
    except (UnknownPersonError, ValueError):
        return None


def _change(connection: Connection, line: AuditLine, language: str) -> dict[str, Any]:
    """A line of the audit in words: ``text``, or ``fields`` with name, old and new value."""
    words, details = WORDS[language], line.details
    shown: dict[str, Any] = {"at": line.done_at, "who": line.who, "text": "", "fields": []}
    if line.action == "person.changed":
        shown["fields"] = [
            {"name": words.get(name, name), "old": _value(old, name, words), "new": _value(new, name, words)}
            for name, (old, new) in details.get("changes", {}).items()
        ]
    elif line.action == "person.added":
        shown["text"] = words["change_added"]
    elif line.action in {"person.merged", "person.unmerged"}:
        other = details["merged"] if line.subject == f"person/{details['kept']}" else details["kept"]
        name = _name(connection, str(other)) or str(other)
        shown["text"] = words[f"change_{line.action.removeprefix('person.')}"].format(other=name)
    elif line.action in {"person.number_added", "person.number_removed"}:
        number = national(str(details.get("number", "")))
        shown["text"] = words[f"change_{line.action.removeprefix('person.')}"].format(number=number)
    else:
        shown["text"] = words["change_told_apart"]
    return shown


def _value(value: Any, name: str, words: Any) -> str:
    if value is None or value == "":
        return str(words["nothing"])
    if name == "birth_year":
        return str(int(value) + (BUDDHIST_ERA if words is WORDS["th"] else 0))
    prefix = {"business_level": "level_", "language": "language_", "sex": ""}.get(name)
    return str(words.get(f"{prefix}{value}", value)) if prefix is not None else str(value)
