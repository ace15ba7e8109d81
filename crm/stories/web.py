"""The page of one call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, Engine, select

from ami_listener.records import CallRecord
from crm.calls.service import UnknownCallError, get_call
from crm.cards.models import transfer_cards
from crm.contacts.models import contacts
from crm.database import reading
from crm.people.showing import national
from crm.reports.facts import fact_of
from crm.reports.showing import shown
from crm.staff.access import SUPERVISORS, Access, Visitor
from crm.stories.service import Moment, story_of
from crm.stories.words import WORDS
from crm.topics.service import topic_tree
from crm.web.shell import House, Pages

TEMPLATES: Final = Path(__file__).parent / "templates"
_CODED: Final = ("reason", "status", "result", "by", "meaning")


@dataclass(frozen=True, slots=True)
class RecordingLink:
    """Where a call's recording is played."""

    path: str
    label_th: str
    label_en: str


Recordings = Callable[[Connection, str], Sequence[RecordingLink]]


def no_recordings(_connection: Connection, _call_id: str) -> Sequence[RecordingLink]:
    """Nothing is recorded."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """``queues`` and ``agents``: name → label by language, asked each time. ``recordings``: of a call."""

    engine: Engine
    access: Access
    house: House
    queues: Callable[[], Mapping[str, Mapping[str, str]]]
    agents: Callable[[], Mapping[str, Mapping[str, str]]]
    recordings: Recordings = no_recordings


class StoryPages:
    """``router`` for the application."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._pages = Pages(around.house, WORDS, TEMPLATES)
        self.router = APIRouter()
        supervisors = Depends(around.access.of(*SUPERVISORS))

        @self.router.get("/calls/{call_id}", response_class=HTMLResponse)
        def page(call_id: str, request: Request, who: Annotated[Visitor, supervisors]) -> HTMLResponse:
            """One call, from its arrival to its end."""
            language = self._pages.language(request, who)
            with reading(around.engine) as connection:
                try:
                    values = self._values(connection, call_id, language)
                except UnknownCallError:
                    raise HTTPException(404) from None
            return self._pages.page(request, who, "story.html", **values)

    def _values(self, connection: Connection, call_id: str, language: str) -> dict[str, Any]:
        found = get_call(connection, call_id)
        call, fact = found.record, fact_of(found.record)
        return {
            "call": call,
            "fact": fact,
            "person": found.person,
            "number": national(found.caller_number) if found.caller_number else None,
            "callback": found.callback,
            "moments": [self._moment(moment, call, language) for moment in story_of(call)],
            "records": _records(connection, call_id, language),
            "cards": _cards(connection, call_id, language),
            "recordings": self._around.recordings(connection, call_id),
            "queue": self._name(self._around.queues(), call.queue, language),
            "seconds": lambda value: shown(value, "seconds", WORDS[language]["seconds"]),
            "agent_name": lambda agent: self._name(self._around.agents(), agent, language),
        }

    def _name(self, names: Mapping[str, Mapping[str, str]], key: str | None, language: str) -> str:
        return names[key][language] if key and key in names else key or ""

    def _moment(self, moment: Moment, call: CallRecord, language: str) -> dict[str, Any]:
        words, values = WORDS[language], dict(moment.values)
        for name in _CODED:
            if name in values:
                code = values[name] or ("none" if name == "meaning" else "")
                values[name] = words.get(f"{name}_{code}", code)
        if values.get("place"):
            values["place"] = words["place"].format(values["place"])
        if values.get("choice"):
            values["choice"] = f"({values['choice']})"
        values["queue"] = self._name(self._around.queues(), moment.queue, language)
        agent = self._name(self._around.agents(), moment.agent, language)
        values["agent"] = f"{agent} ({moment.agent})" if moment.agent and agent != moment.agent else agent
        return {
            "at": moment.at,
            "after": _after(moment.after),
            "kind": moment.kind.value,
            "text": words[f"m_{moment.kind.value}"].format_map(_Blank(values)).strip(),
            "lasted": shown(moment.lasted.total_seconds(), "seconds", words["seconds"]) if moment.lasted else "",
        }


class _Blank(dict[str, str]):
    """What is not known is left out."""

    def __missing__(self, key: str) -> str:
        return ""


def _after(length: timedelta) -> str:
    """``0:07.3`` since the arrival."""
    seconds = length.total_seconds()
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{int(rest * 10) / 10:04.1f}"


def _records(connection: Connection, call_id: str, language: str) -> list[dict[str, Any]]:
    tree = topic_tree(connection)
    rows = connection.execute(select(contacts).where(contacts.c.call_id == call_id).order_by(contacts.c.begun_at))
    made = []
    for row in rows.mappings():
        topic = tree.get(row["topic_id"]) if row["topic_id"] is not None else None
        made.append({**row, "topic": topic.name(language) if topic else ""})
    return made


def _cards(connection: Connection, call_id: str, language: str) -> list[dict[str, Any]]:
    name = transfer_cards.c.to_name_th if language == "th" else transfer_cards.c.to_name_en
    query = select(transfer_cards.c.id, transfer_cards.c.number, name.label("to"))
    rows = connection.execute(query.where(transfer_cards.c.call_id == call_id).order_by(transfer_cards.c.id))
    return [dict(row) for row in rows.mappings()]
