"""People of the database in the settings: what fits is taken in, what does not is told, and nothing keeps us from
starting."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ami_listener.actions import Action, ActionFailed, Reply
from ami_listener.events import AgentState
from ami_listener.floor import AgentNow
from dialplan.sections import Agent, Department
from hotline.memberships import Changes, Membership, changes, say_again, tell
from hotline.people_overlay import FILE_NAME, PeopleOverlay, read, write
from hotline.settings import Settings, load, parse

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
FILE = """\
numbers = [{number = "1169", queue = "enquiries"}]
trunks = [{name = "provider", host = "127.0.0.2"}]
queues = [{name = "enquiries"}, {name = "technical"}]
departments = [{name = "legal", extension = "201", dial = "025077000"}]
agents = [
  {extension = "1001", name_th = "สมศรี", queues = ["enquiries"], contact = "sip:1001@127.0.0.3:5070"},
  {extension = "1002", queues = ["enquiries"]},
]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return parse(FILE, tmp_path / "hotline.toml")


def test_people_of_the_database_come_to_those_of_the_file(settings: Settings) -> None:
    new = Agent(extension="1100", name_en="Demo", queues=("technical",), penalties={"technical": 3}, phone="webrtc")
    office = Department(name="sales", extension="202", dial="029998888", email="sales@example.go.th")
    now = settings.with_people(PeopleOverlay((new,), (office,)))
    assert [agent.extension for agent in now.agents] == ["1001", "1002", "1100"]
    assert now.agents[2] == new
    assert [one.name for one in now.departments] == ["legal", "sales"]
    assert now.people_problems == ()
    assert now.of_file == settings
    again = now.with_people(PeopleOverlay())
    assert (again.agents, again.departments) == (settings.agents, settings.departments)


def test_a_person_takes_the_place_of_a_telephone_in_the_file(settings: Settings) -> None:
    """The account says who it is and which queues; the telephone stays where it is."""
    person = Agent(extension="1001", name_th="มาลี", queues=("technical",))
    now = settings.with_people(PeopleOverlay((person,)))
    assert now.agents[0].name_th == "มาลี"
    assert now.agents[0].queues == ("technical",)
    assert now.agents[0].contact == "sip:1001@127.0.0.3:5070"


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        (PeopleOverlay((Agent(extension="201"),)), "extension 201 is left out: hotline.toml has a department there"),
        (PeopleOverlay((), (Department(name="legal", extension="209"),)), "hotline.toml has one too"),
        (PeopleOverlay((), (Department(name="sales", extension="201"),)), "'201' is there twice"),
        (PeopleOverlay((), (Department(name="sales", extension="1002", dial="029998888"),)), "is an agent's extension"),
    ],
)
def test_what_does_not_fit_is_left_out_and_told(settings: Settings, overlay: PeopleOverlay, problem: str) -> None:
    now = settings.with_people(overlay)
    assert (now.agents, now.departments) == (settings.agents, settings.departments)
    assert len(now.people_problems) == 1
    assert problem in now.people_problems[0]


def test_a_queue_that_is_gone_is_taken_from_its_people(settings: Settings) -> None:
    person = Agent(extension="1100", queues=("old", "technical"), penalties={"old": 1, "technical": 2})
    now = settings.with_people(PeopleOverlay((person,)))
    assert now.agents[2].queues == ("technical",)
    assert now.agents[2].penalties == {"technical": 2}
    assert "no queue old any more" in now.people_problems[0]


def test_the_file_is_written_only_when_it_differs_and_for_us_alone(tmp_path: Path) -> None:
    overlay = PeopleOverlay((Agent(extension="1100", name_th="มาลี"),))
    assert not write(tmp_path, PeopleOverlay())  # nobody, as without a file
    assert write(tmp_path, overlay)
    assert not write(tmp_path, overlay)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0
    assert read(tmp_path) == (overlay, [])


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '{"agents": 5}', '{"agents": [5, null, "x"]}'])
def test_a_broken_file_never_keeps_us_from_starting(tmp_path: Path, text: str) -> None:
    file = tmp_path / "hotline.toml"
    file.write_text(FILE + '[site]\nstate_folder = "."\n', "utf-8")
    (tmp_path / FILE_NAME).write_text(text)
    settings = load(file)
    assert [agent.extension for agent in settings.agents] == ["1001", "1002"]
    if text not in {"", '{"agents": 5}'}:
        assert settings.people_problems
    assert write(tmp_path, PeopleOverlay())


def test_one_bad_row_does_not_take_the_others_along(tmp_path: Path) -> None:
    rows = [{"extension": "1100"}, {"extension": 'x";exec'}, {"extension": "1101", "colour": 1}, {"name_th": "ไม่มี"}]
    (tmp_path / FILE_NAME).write_text(json.dumps({"agents": rows}))
    overlay, problems = read(tmp_path)
    assert [agent.extension for agent in overlay.agents] == ["1100"]
    assert len(problems) == 3


def test_changes_of_who_answers_what() -> None:
    old = [Agent(extension="11", queues=("a", "b")), Agent(extension="12", queues=("a",), penalties={"a": 1})]
    new = [Agent(extension="11", queues=("a",), penalties={"a": 2}), Agent(extension="13", queues=("b",))]
    assert changes(old, new) == Changes(
        new=(Membership("13", "b"),),
        other=(Membership("11", "a", 2),),
        gone=(Membership("11", "b"), Membership("12", "a")),
    )


class Pbx:
    """Takes requests; refuses to remove whom it knows from its own start."""

    def __init__(self, *known: str, paused: dict[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self._known = known
        self._paused = paused or {}

    async def send(self, action: Action) -> Reply:
        said = ", ".join(str(value) for _, value in action.to_headers())
        if action.name == "QueueRemove" and any(interface in said for interface in self._known):
            raise ActionFailed(action, "Member not dynamic")
        self.asked.append(said)
        events = [
            {"Event": "QueueMember", "Location": f"PJSIP/{agent}", "Paused": "1", "PausedReason": reason}
            for agent, reason in self._paused.items()
        ]
        return Reply({}, tuple(events) if action.name == "QueueStatus" else ())


def test_who_is_paused_is_paused_in_a_new_queue_too() -> None:
    pbx = Pbx()
    agents = {"3": AgentNow(AgentState.WRAP_UP, NOON, "wrap-up"), "4": AgentNow(AgentState.AVAILABLE, NOON)}
    wanted = Changes(new=(Membership("3", "b", 1), Membership("4", "b")), other=(Membership("1", "a", 2),))
    assert asyncio.run(tell(pbx.send, wanted, agents))
    assert pbx.asked == [
        "QueuePenalty, PJSIP/1, 2, a",
        "QueueAdd, b, PJSIP/3, 3, 1, true, wrap-up",
        "QueueAdd, b, PJSIP/4, 4, 0, false",
    ]


def test_who_cannot_be_taken_away_is_said() -> None:
    assert asyncio.run(tell(Pbx().send, Changes(gone=(Membership("1", "b"),)), {}))
    assert not asyncio.run(tell(Pbx("PJSIP/1").send, Changes(gone=(Membership("1", "b"),)), {}))


def test_reasons_are_said_again_to_those_still_paused() -> None:
    pbx = Pbx(paused={"1": "", "2": "other", "3": ""})
    agents = {name: AgentNow(AgentState.PAUSED, NOON, "lunch") for name in ("1", "2", "4")}
    assert asyncio.run(say_again(pbx.send, agents)) == 1
    assert pbx.asked[1:] == ["QueuePause, PJSIP/1, true, lunch"]
