"""Asterisk's configuration: what must hold of every rendered text, whatever the settings say."""

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, PackageLoader, meta
from rendered import AT, BASE, FOLDERS, SECRETS, contexts, files, site

from ami_listener import translate
from dialplan.names import Context, Fact, Route, Store
from dialplan.prompts.catalogue import load_all
from dialplan.render import (
    EMPTY_FILES,
    MODULES,
    RECORDED_EVENT,
    RENDERED_FILES,
    UNHEARD_EVENTS,
    WANTED_EVENTS,
    render,
)
from dialplan.site import HotlineSite

TEMPLATES = sorted((Path(__file__).parents[2] / "dialplan/templates").glob("*.j2"))


def test_every_file_is_there_and_no_template_is_forgotten() -> None:
    rendered = files()
    assert set(rendered) == {*RENDERED_FILES, *EMPTY_FILES}
    parts = {path.name for path in TEMPLATES} - {f"{name}.j2" for name in RENDERED_FILES}
    included = set(re.findall(r'(?:include|from) "([^"]+)"', "".join(path.read_text() for path in TEMPLATES)))
    assert parts == included


@pytest.mark.parametrize("name", RENDERED_FILES)
def test_nothing_of_the_template_language_is_left(name: str) -> None:
    text = files()[name]
    assert text.strip()
    assert "{%" not in text
    assert "{#" not in text
    assert not re.search(r"{{|}}", text.replace("${", "").replace("}}", "}")) or name == "extensions.conf"
    assert "None" not in text
    assert "StrEnum" not in text
    assert "Context." not in text


def test_rendering_is_stable() -> None:
    assert render(site(), FOLDERS, SECRETS) == render(site(), FOLDERS, SECRETS)


@pytest.mark.parametrize(
    "sections",
    [
        {"answering": {"callback": False}},
        {"answering": {"message": False}},
        {"answering": {"callback": False, "message": False}},
        {"survey": {"enabled": False}},
        {"survey": {"scale": "scale-321"}},
        {"hours": {"always_open": True}},
        {"site": {"languages": ["th"]}},
        {"site": {"languages": ["en", "th"]}},
        {"agents": []},
        {"departments": []},
        {"agents": [{"extension": "1001"}]},
        {"trunks": [{"name": "a", "host": "sip.example.com"}, {"name": "b", "host": "192.0.2.9", "dial_prefix": "9"}]},
    ],
    ids=str,
)
def test_every_jump_of_the_dialplan_leads_somewhere(sections: dict[str, Any]) -> None:
    """Goto and Gosub name contexts that are there: a wrong one would hang up on a caller."""
    text = files(**sections)["extensions.conf"]
    there = contexts(text)
    named = set(re.findall(r"(?:Goto|Gosub)\(([a-z-]+),[^,()]*,", text))
    named |= set(re.findall(r"\?([a-z-]+),[^,()]*,", text))
    named |= set(re.findall(r"Local/s@([a-z-]+)/n", text))
    named |= set(re.findall(r"hangup_handler_push\)=([a-z-]+),", text))
    named |= set(re.findall(r"U\(([a-z-]+)\)", text))
    assert len(named) > 8
    assert named <= set(there)
    checked = 0
    for name, lines in there.items():
        labels = {f"{label}" for line in lines for label in re.findall(r"same => n\(([^)]+)\)", line)}
        targets = {
            target for line in lines for target in re.findall(r"GotoIf\(.*\?([a-z][a-z0-9-]*)(?::[a-z0-9-]+)?\)$", line)
        }
        assert targets <= labels, name
        checked += len(targets)
    assert checked > 10


def test_every_context_of_the_names_is_in_the_dialplan() -> None:
    there = set(contexts(files()["extensions.conf"]))
    assert {context.value for context in Context} <= there | {"hotline-queue-keys"}


@pytest.mark.parametrize("fact", Fact)
def test_every_fact_is_told_twice(fact: Fact) -> None:
    """As an event and in the journal, with the same time and data: either alone is enough."""
    text = files()["extensions.conf"]
    journal = re.findall(rf"QueueLog\([^,]*,[^,]*,[^,]*,{fact},{AT}\|(.*)\)$", text, re.MULTILINE)
    events = re.findall(rf"UserEvent\(Hotline,Fact: {fact},.*,At: \${{HOTLINE_AT}},Data: (.*)\)$", text, re.MULTILINE)
    assert journal
    assert journal == events


def test_no_fact_is_told_that_has_no_name() -> None:
    told = set(re.findall(r"Fact: ([A-Z]+)", files()["extensions.conf"]))
    assert told == {fact.value for fact in Fact}


def test_every_route_of_the_service_is_asked_and_with_a_time_limit() -> None:
    lines = [line.strip() for line in files()["extensions.conf"].splitlines()]
    asked = [i for i, line in enumerate(lines) if "AGI(agi://127.0.0.1:4573/" in line]
    assert {re.split(r"[?)]", lines[i].partition("4573/")[2])[0] for i in asked} == {route.value for route in Route}
    for i in asked:  # with the service frozen the call goes on all the same
        assert re.search(r"MSet\(.*,TIMEOUT\(absolute\)=", lines[i - 1])
        assert "Set(TIMEOUT(absolute)=0)" in lines[i + 1]


@pytest.mark.parametrize("message", [True, False])
@pytest.mark.parametrize("callback", [True, False])
@pytest.mark.parametrize("scale", ["scale-123", "scale-321"])
def test_every_prompt_that_is_played_is_in_the_catalogue_of_each_language(
    scale: str, callback: bool, message: bool
) -> None:
    text = files(answering={"callback": callback, "message": message}, survey={"scale": scale})["extensions.conf"]
    played = set(re.findall(r"(?<![\w/])hotline/([a-z0-9-]+)", text))
    assert "greeting" in played
    for catalogue in load_all().values():
        assert sorted(played - catalogue.ids) == []


APPLICATIONS = {
    "AGI": "res_agi", "Answer": None, "ChanSpy": "app_chanspy", "Dial": "app_dial", "ExecIf": "app_exec",
    "Gosub": "app_stack", "Goto": None, "GotoIf": None, "Hangup": None, "NoOp": None, "Originate": "app_originate",
    "PauseQueueMember": "app_queue", "Playback": "app_playback", "Queue": "app_queue", "QueueLog": "app_queue",
    "Read": "app_read", "Record": "app_record", "Return": "app_stack", "Ringing": None, "Set": None,
    "Signal": "app_signal", "SoftHangup": "app_softhangup", "UnpauseQueueMember": "app_queue",
    "UserEvent": "app_userevent", "MSet": None, "Wait": None, "WaitForSignal": "app_signal", "Verbose": "app_verbose",
    "Progress": None, "StopMusicOnHold": "res_musiconhold", "StartMusicOnHold": "res_musiconhold",
    "MusicOnHold": "res_musiconhold", "Exec": "app_exec", "Log": "app_verbose", "StackPop": "app_stack",
    "GosubIf": "app_stack", "TryExec": "app_exec", "MixMonitor": "app_mixmonitor", "StopMixMonitor": "app_mixmonitor",
    "Busy": None, "Congestion": None, "Echo": "app_echo", "Background": None, "WaitExten": None, "Proceeding": None,
}  # fmt: skip


def test_every_application_has_its_module_loaded() -> None:
    text = files()["extensions.conf"]
    used = set(re.findall(r"(?:=> n(?:\([^)]*\))?|,1),([A-Z][A-Za-z]+)\(", text))
    used |= set(re.findall(r"\?([A-Z][A-Za-z]+)\(", text))
    assert len(used) > 15
    assert used <= set(APPLICATIONS), "an application this test does not know: say which module has it"
    assert {module for name in used if (module := APPLICATIONS[name])} <= set(MODULES)


def test_modules_are_loaded_one_by_one_and_in_an_order_that_works() -> None:
    text = files()["modules.conf"]
    assert "autoload = no" in text
    loaded = re.findall(r"^load = (.*)\.so$", text, re.MULTILINE)
    assert loaded == list(MODULES)
    assert len(set(loaded)) == len(loaded)
    assert loaded.index("res_speech") < loaded.index("res_agi")


def test_the_manager_port_is_for_this_machine_and_one_user_only() -> None:
    sections = contexts(files()["manager.conf"])
    assert set(sections) == {"general", "hotline"}
    assert "bindaddr = 127.0.0.1" in sections["general"]
    user = sections["hotline"]
    assert "deny = 0.0.0.0/0.0.0.0" in user
    assert "permit = 127.0.0.1/255.255.255.255" in user
    rights = {right for line in user if line.startswith(("read", "write")) for right in line.split("= ")[1].split(",")}
    assert rights.isdisjoint({"command", "config", "all", "dialplan", "security"})


def test_only_wanted_events_leave_asterisk() -> None:
    user = contexts(files()["manager.conf"])["hotline"]
    filtered = re.findall(r"eventfilter\(action\(include\),name\((\w+)\)\)", "\n".join(user))
    assert tuple(filtered) == WANTED_EVENTS
    assert {"VarSet", "TestEvent", "Newexten", "RTCPSent"}.isdisjoint(filtered)
    kept_out = "eventfilter(action(exclude),name(Hangup),header(Context),method(exact)) = hotline-agents"
    assert kept_out in user  # the end of an agent's leg: AGENTLEFT tells it


def test_the_web_socket_is_for_this_machine_only() -> None:
    assert "bindaddr = 127.0.0.1" in contexts(files()["http.conf"])["general"]


def test_every_family_of_asterisks_memory_is_used() -> None:
    text = files()["extensions.conf"]
    assert [store for store in Store if store.value not in text] == [Store.PHONE, Store.PHONE_SESSION]
    assert f"auth = astdb,{Store.PHONE.removesuffix('/auth')}" in files()["sorcery.conf"]


def test_templates_ask_for_nothing_they_are_not_given() -> None:
    environment = Environment(loader=PackageLoader("dialplan", "templates"), autoescape=True)
    own = {
        "C",
        "S",
        "V",
        "P",
        "user_event",
        "too_late",
        "phone_secrets",
        "answer_header",
        "no_queue",
        "no_agent",
        "trunk_check",
        "trunk_registration",
        "trunk",
        "scale",
        "week",
        "choices",
        "wrap_up_default",
        "records_talks",
        "monitored",
    }
    given = (
        own
        | {"modules", "wanted_events", "unheard_events", "recorded_event", "folders", "secrets", "system_name"}
        | set(HotlineSite.model_fields)
    )
    for path in TEMPLATES:
        asked = meta.find_undeclared_variables(environment.parse(path.read_text()))
        assert asked <= given, path.name


def test_nothing_that_is_listened_for_is_switched_off() -> None:
    assert set(UNHEARD_EVENTS) & {*WANTED_EVENTS, *translate.WANTED_EVENTS} == {RECORDED_EVENT}
    assert {*WANTED_EVENTS, RECORDED_EVENT} >= translate.WANTED_EVENTS


@pytest.mark.parametrize("transferred", [True, False])
def test_with_a_department_the_recording_ends_or_begins_again(transferred: bool) -> None:
    """Issue 4, section 4: it never just goes on, or Asterisk's recorder may not hear who answers there."""
    text = files(recording={"transferred": transferred})["extensions.conf"]
    steps = "\n".join(contexts(text)["hotline-transfer-dial"])
    for target in ("department-201", "outside"):
        way = steps[steps.index(f"exten => {target},1") :].split("Dial(")[0]
        assert (f"?{Context.RECORD},s,1)" in way) is transferred
        assert ("StopMixMonitor" in way) is not transferred


def test_who_is_recorded_has_music_that_the_recorder_does_not_take_for_a_packet() -> None:
    """Issue 4, section 4: see the template recording.conf."""
    for number in ({"record": True}, {}):
        texts = files(numbers=[BASE["numbers"][0] | number])
        assert ("hotline-recorded" in contexts(texts["musiconhold.conf"])) is bool(number)
        assert ("(musicclass)=hotline-recorded" in texts["extensions.conf"]) is bool(number)


@pytest.mark.parametrize("recorded", [True, False])
def test_keys_are_told_of_where_talks_are_recorded_and_nowhere_else(recorded: bool) -> None:
    """Elsewhere they would cost each call something for nothing."""
    queues = [queue | {"record": recorded} for queue in BASE["queues"]]
    text = files(queues=queues, numbers=BASE["numbers"][:1])["manager.conf"]
    (silent,) = re.findall(r"disabledevents = (.+)", text)
    assert ("DTMFEnd" in silent.split(",")) is not recorded
    assert "DTMFBegin" in silent.split(",")
    assert ("name(DTMFEnd),header(Direction),method(exact)) = Received" in text) is recorded
    assert (",dtmf\n" in text) is recorded
