"""Asterisk's configuration: what must hold of every rendered text, and what each setting changes in it."""

import functools
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, PackageLoader, meta

from ami_listener import translate
from dialplan.names import Context, Fact, Route, Store, agent_interface, agent_of_interface
from dialplan.prompts.catalogue import load_all
from dialplan.render import (
    EMPTY_FILES,
    MODULES,
    RENDERED_FILES,
    UNHEARD_EVENTS,
    WANTED_EVENTS,
    RenderFolders,
    difference,
    render,
    week,
    write,
)
from dialplan.secrets import SecretMissing, Secrets
from dialplan.site import HotlineSite

FOLDERS = RenderFolders(*(Path("/run/pbx") / name for name in RenderFolders.__dataclass_fields__))
SECRETS = Secrets(ami="ami-secret", agents={"1001": "phone-one", "1002": "phone-two"})
BASE: dict[str, Any] = {
    "numbers": [
        {"number": "1169", "queue": "enquiries"},
        {"number": "1170", "queue": "technical", "menu": True, "record": True},
    ],
    "trunks": [{"name": "provider", "host": "192.0.2.1", "match": ["192.0.2.1", "192.0.2.0/28"]}],
    "queues": [{"name": "enquiries"}, {"name": "technical", "strategy": "rrmemory", "wrap_up_seconds": 12}],
    "departments": [{"name": "legal", "extension": "201", "dial": "025077000"}],
    "agents": [
        {"extension": "1001", "name_en": "Somsri", "queues": ["enquiries", "technical"]},
        {"extension": "1002", "queues": ["enquiries"], "phone": "webrtc"},
    ],
}
TEMPLATES = sorted((Path(__file__).parents[2] / "dialplan/templates").glob("*.j2"))


def site(**sections: Any) -> HotlineSite:
    return HotlineSite(**(BASE | sections))


def files(**sections: Any) -> dict[str, str]:
    return dict(_files(json.dumps(sections)))


@functools.cache
def _files(sections: str) -> dict[str, str]:
    return render(site(**json.loads(sections)), FOLDERS, SECRETS)


def contexts(text: str) -> dict[str, list[str]]:
    """Context → its lines, without comments and blanks."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for raw in text.splitlines():
        line = re.sub(r"(?<!\\);.*", "", raw).strip()
        if header := re.fullmatch(r"\[([^\]]+)\](?:\(.*\))?", line):
            current = found.setdefault(header[1], [])
        elif line:
            current.append(line)
    return found


# --- all files --------------------------------------------------------------------------------------------------------


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


# --- facts, routes, prompts, modules ----------------------------------------------------------------------------------


AT = r"\${SET\(HOTLINE_AT=\${(?:STRFTIME\(,,%s.%6q\)|HOTLINE_\w+)}\)}"  # taken here, and told again to the manager


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


# --- recording --------------------------------------------------------------------------------------------------------


def test_without_recording_nothing_of_it_is_in_a_call() -> None:
    """Issue 4, section 4: off by default, and then it costs nothing."""
    numbers = [{"number": "1169", "queue": "enquiries"}]
    assert "ecord" not in re.sub(
        r"Record\(|RECORD_STATUS|HOTLINE_RECORDING", "", files(numbers=numbers)["extensions.conf"]
    )


@pytest.mark.parametrize("sides", [True, False])
def test_a_recorded_queue_is_recorded_whatever_number_was_called(sides: bool) -> None:
    queues = [{"name": "enquiries", "record": True}, {"name": "technical"}]
    text = contexts(
        files(queues=queues, numbers=[{"number": "1169", "queue": "enquiries"}], recording={"sides": sides})[
            "extensions.conf"
        ]
    )
    assert "Gosub(hotline-record,s,1)" in " ".join(text["hotline-queue"])
    begun = [line for line in text["hotline-record"] if "MixMonitor" in line]
    assert ("-caller.ulaw" in begun[0]) == sides
    assert ("-mixed.ulaw" in begun[0]) != sides


def test_who_is_handed_to_a_department_is_recorded_no_more() -> None:
    """Nobody there was told; a setting says otherwise."""
    for transferred in (False, True):
        lines = contexts(files(recording={"transferred": transferred})["extensions.conf"])["hotline-transfer-dial"]
        assert any("StopMixMonitor" in line for line in lines) != transferred


# --- who may do what --------------------------------------------------------------------------------------------------


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


def test_the_web_socket_is_for_this_machine_only() -> None:
    assert "bindaddr = 127.0.0.1" in contexts(files()["http.conf"])["general"]


def test_callers_reach_our_numbers_and_nothing_else() -> None:
    sections = contexts(files()["extensions.conf"])
    reachable = sections[Context.FROM_TRUNK]
    cleaned = "Set(CALLERID(num)=${FILTER(0-9+*#a-zA-Z,${CALLERID(num)})})"  # before anything is written of the call
    begins = [line.partition(",1,")[::2] for line in reachable if line.startswith("exten")]
    assert all(first == cleaned for _, first in begins)
    assert [name for name, _ in begins][:2] == ["exten => 1169", "exten => 1170"]
    goes_on = [line for line in reachable if "Goto" in line]
    assert goes_on == [f"same => n,Goto(hotline-call,{n},1)" for n in ("1169", "1170")]
    rest = [line for line in reachable if line.startswith("same") and line not in goes_on]
    assert rest
    assert all("Hangup" in line for line in rest)
    assert not any("include" in line for lines in sections.values() for line in lines)
    pjsip = contexts(files()["pjsip.conf"])
    assert f"context = {Context.FROM_TRUNK}" in pjsip["provider"]


def test_strangers_get_no_answer() -> None:
    pjsip = contexts(files()["pjsip.conf"])
    assert "match = 192.0.2.1,192.0.2.0/28" in pjsip["provider-address"]
    assert "anonymous" not in pjsip
    assert "endpoint_identifier_order = ip,username" in pjsip["global"]
    assert all("auth" not in line or "outbound" in line for line in pjsip["provider"])


def test_agents_dial_colleagues_departments_and_permitted_patterns_only() -> None:
    sections = contexts(files(dialling={"patterns": ["02XXXXXXX"]})["extensions.conf"])
    starts = [line.split(",")[0].removeprefix("exten => ") for line in sections[Context.AGENTS] if "exten =>" in line]
    assert starts == ["1001", "1002", "201", "_02XXXXXXX", "*51", "*52", "*53"]
    dialled = [line for line in sections["hotline-callback-allowed"] if "allowed" in line]
    assert dialled == ["exten => _02XXXXXXX,1,Goto(hotline-callback-ask,s,allowed)"]  # callbacks too


def test_no_key_transfers_anybody_by_accident() -> None:
    features = contexts(files()["features.conf"])["featuremap"]
    assert {line.split("=")[1].strip() for line in features} == {""}
    text = files()["extensions.conf"]
    for options in re.findall(r"(?:Queue|Dial)\([^,]*,[^,]*,+([A-Za-z]*)", text):
        assert set(options).isdisjoint("tTkKwWxX")


# --- queues -----------------------------------------------------------------------------------------------------------


def test_H1_nothing_in_a_queue_delays_the_ringing_of_agents() -> None:
    for name in ("enquiries", "technical"):
        queue = contexts(files()["queues.conf"])[name]
        assert {"announce-frequency = 0", "announce-position = no", "announce-holdtime = no"} <= set(queue)
        assert not any(line.startswith(("periodic-announce", "announce =", "queue-")) for line in queue)
        assert "autopause = no" in queue  # app_queue's misses are not ours: it counts the guard, too
        assert "wrapuptime = 0" in queue  # ours holds after transfers


def test_queues_have_their_strategy_and_members() -> None:
    queues = contexts(files()["queues.conf"])
    assert "strategy = leastrecent" in queues["enquiries"]
    assert "strategy = rrmemory" in queues["technical"]
    assert [line for line in queues["technical"] if line.startswith("member")] == ["member => PJSIP/1001,0,1001"]
    assert agent_interface("1001") == "PJSIP/1001"
    assert agent_of_interface("PJSIP/1001-0000002a") == agent_of_interface("PJSIP/1001") == "1001"


def test_H1_the_promise_is_the_setting() -> None:
    text = files(answering={"answer_within_seconds": 12, "repeat_seconds": 45})["extensions.conf"]
    assert "HOTLINE_REST=$[12 - (${STRFTIME" in text
    assert "- ${MASTER_CHANNEL(HOTLINE_ARRIVED)} < 11.998]?hotline-answered,s,1)" in text
    assert "HOTLINE_REST=$[45 - (${EPOCH}" in text
    assert (
        "Queue(enquiries,rciC,,,14,,hotline-answered-in-time)" in text
    )  # two more: the channel's own clock keeps the promise


def test_H2_the_assistant_greets_first() -> None:
    """Whatever it picks up for: nobody in time, nobody there, closed doors, a menu in front."""
    sections = contexts(files()["extensions.conf"])
    for name, first in ((Context.ASSISTANT, 2), (Context.CLOSED, 3), (Context.MENU, 1)):
        spoken = [line for line in sections[name] if "Playback(hotline/" in line]
        assert [line for line in spoken[:first] if "Playback(hotline/greeting" not in line] == [], name


def test_each_queue_has_its_own_wrap_up() -> None:
    text = files()["extensions.conf"]
    assert "Set(__HOTLINE_WRAP=30)" in text
    assert "Set(__HOTLINE_WRAP=12)" in text


@pytest.mark.parametrize(
    ("answering", "keys", "says"),
    [
        ({}, ["1", "2"], "queue-keys"),
        ({"message": False}, ["1"], "queue-key-callback"),
        ({"callback": False}, ["2"], "queue-key-message"),
        ({"callback": False, "message": False}, [], None),
    ],
)
def test_keys_that_are_offered_are_those_that_work(
    answering: dict[str, Any], keys: list[str], says: str | None
) -> None:
    text = files(answering=answering)["extensions.conf"]
    lines = contexts(text).get(Context.QUEUE_KEYS, [])
    assert re.findall(r"exten => (\d),1", "\n".join(lines)) == keys
    assert set(re.findall(r"hotline/(queue-key[a-z-]*)", text)) == ({says} if says else set())


# --- menu, survey, doors ----------------------------------------------------------------------------------------------


def test_K1_the_menu_leads_each_matter_to_its_queue() -> None:
    menu = contexts(files(menu={"technical": "technical", "complaint": "enquiries"})["extensions.conf"])[Context.MENU]
    text = "\n".join(menu)
    assert re.findall(rf"MENU,{AT}\|matter\|(\d)\|(\w+)\)", text) == [
        ("1", "general"), ("2", "technical"), ("3", "new_product"), ("4", "complaint"),
    ]  # fmt: skip
    # general and new_product have none of their own: the number's
    assert re.findall(r"n,Goto\(hotline-queue,(\w+),1\)", text) == ["technical"] * 3 + ["enquiries", "technical"]
    assert not [line for line in menu if line.startswith("exten => 1169")]  # off by default


def test_K1_with_one_language_nobody_is_asked_for_it() -> None:
    assert "menu-language" in files()["extensions.conf"]
    menu = contexts(files(site={"languages": ["th"]})["extensions.conf"])[Context.MENU]
    assert not any("hotline-menu-language" in line for line in menu)


@pytest.mark.parametrize(
    ("scale", "pairs"),
    [
        ("scale-123", [("1", "impressed"), ("2", "satisfied"), ("3", "not_satisfied")]),
        ("scale-321", [("3", "impressed"), ("2", "satisfied"), ("1", "not_satisfied")]),
    ],
)
def test_H8_the_meaning_is_kept_with_the_key(scale: str, pairs: list[tuple[str, str]]) -> None:
    survey = "\n".join(contexts(files(survey={"scale": scale})["extensions.conf"])[Context.SURVEY])
    assert re.findall(rf"SURVEY,{AT}\|{scale}\|(\d)\|(\w+)\|answered", survey) == pairs
    assert f"hotline/survey-{scale[-3:]}" in survey


def test_H7_without_a_survey_the_call_ends_politely() -> None:
    survey = "\n".join(contexts(files(survey={"enabled": False})["extensions.conf"])[Context.SURVEY])
    assert "Read(" not in survey
    assert "Hangup()" in survey


def test_L9_the_week_as_numbers() -> None:
    given = {"monday": ["13:00-16:30", "08:30-12:00"], "saturday": ["00:00-23:59"], "friday": []}
    assert week(site(hours=given)) == [
        [(830, 1200), (1300, 1630)], [(830, 1830)], [(830, 1830)], [(830, 1830)], [], [(0, 2400)], [],
    ]  # fmt: skip


def doors(hours: dict[str, Any], at: tuple[int, int], *, closed: bool = False, holiday: bool = False) -> str:
    """Walks through the rendered doors as Asterisk does: ``at`` is the weekday (1 = Monday) and the clock (830)."""
    lines = contexts(files(hours=hours)["extensions.conf"])["hotline-doors"]
    steps = lines[: next(i for i, line in enumerate(lines) if line.startswith("exten => 1170"))]
    labels = {m[1]: i for i, line in enumerate(steps) if (m := re.match(r"same => n\(([^)]+)\)", line))}
    i = 0
    while True:
        line = steps[i].replace("${STRFTIME(,Asia/Bangkok,%u)}", str(at[0]))
        line = re.sub(r"\$\{DB_EXISTS\(hotline-closure/[^}]*\)\}", str(int(closed)), line)
        line = re.sub(r"\$\{DB_EXISTS\(hotline-holiday/.*?\)\}(?=\?)", str(int(holiday)), line)
        line = re.sub(r"\$\{DB_EXISTS\(hotline-holiday/.*\)\}\)\?", f"{int(holiday)})?", line)
        if found := re.search(r"Return\((\w+)\)", line):
            return found[1]
        if found := re.search(r"Goto\(([\w-]+)\)", line):
            i = labels[found[1]]
            continue
        if found := re.search(r"GotoIf\(\$\[(\d) \| (\d)\]\?(\w+)\)", line):
            jump, label = "1" in found.groups()[:2], found[3]
        elif found := re.search(r"GotoIf\((\d)\?(\w+)\)", line):
            jump, label = found[1] == "1", found[2]
        elif found := re.search(r"\$\{clock\} >= (\d+) & \$\{clock\} < (\d+)\]\?(\w+)", line):
            jump, label = int(found[1]) <= at[1] < int(found[2]), found[3]
        else:
            jump, label = False, ""
        i = labels[label] if jump else i + 1


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((1, 829), "hours"),
        ((1, 830), "open"),
        ((1, 1159), "open"),
        ((1, 1200), "hours"),
        ((1, 1300), "open"),
        ((1, 1630), "hours"),
        ((2, 1829), "open"),
        ((2, 1830), "hours"),
        ((6, 1000), "hours"),
        ((7, 0), "hours"),
    ],
)
def test_L9_the_doors_open_and_close_to_the_minute(at: tuple[int, int], expected: str) -> None:
    hours = {"monday": ["08:30-12:00", "13:00-16:30"]}
    assert doors(hours, at) == expected
    assert doors(hours, at, holiday=True) == "holiday"
    assert doors(hours, at, closed=True, holiday=True) == "emergency"


def test_always_open_means_holidays_too_but_not_an_emergency() -> None:
    assert doors({"always_open": True}, (7, 300), holiday=True) == "open"
    assert doors({"always_open": True}, (7, 300), closed=True) == "emergency"


# --- secrets and writing ----------------------------------------------------------------------------------------------


def test_the_difference_shows_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_PASSWORD", "trunk-secret")
    account = BASE["trunks"][0] | {"username": "u", "password_env": "PROVIDER_PASSWORD", "register_there": True}
    wanted = files(trunks=[account])
    secrets = ("ami-secret", "phone-one", "trunk-secret")
    assert all(any(secret in text for text in wanted.values()) for secret in secrets)
    shown = "\n".join(difference(wanted, tmp_path))  # everything is new
    assert "+username = u" in shown
    assert [secret for secret in secrets if secret in shown] == []
    write(wanted, tmp_path)
    assert difference(wanted, tmp_path) == []
    other = Secrets(ami="new-ami", agents={"1001": "a", "1002": "b"})
    changed = render(site(trunks=[account], ports={"ami": 5039}), FOLDERS, other)
    shown = "\n".join(difference(changed, tmp_path))
    assert "-port = 5038" in shown
    assert "+port = 5039" in shown
    assert [secret for secret in (*secrets, "new-ami") if secret in shown] == []


def test_only_what_differs_is_written_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    assert set(write(files(), etc)) == {*RENDERED_FILES, *EMPTY_FILES}
    assert {stat.S_IMODE(path.stat().st_mode) for path in etc.iterdir()} == {0o600}
    assert write(files(), etc) == []
    assert write(files(ports={"ami": 5039}), etc) == ["manager.conf"]
    assert not list(etc.glob("*.new"))


def test_a_providers_password_that_is_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVIDER_PASSWORD", raising=False)
    account = BASE["trunks"][0] | {"username": "u", "password_env": "PROVIDER_PASSWORD"}
    with pytest.raises(SecretMissing, match="PROVIDER_PASSWORD"):
        files(trunks=[account])


def test_secrets_are_made_once_and_are_the_owners_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    made = Secrets.load(state, site())
    path = state / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Secrets.load(state, site()) == made
    assert len({made.ami, *made.agents.values()}) == 3
    assert all(len(secret) >= 24 for secret in (made.ami, *made.agents.values()))
    assert made.ami not in repr(made)
    assert made.agent("1001") not in repr(made)


def test_secrets_outlive_changes_of_the_agents(tmp_path: Path) -> None:
    first = Secrets.load(tmp_path, site())
    fewer = Secrets.load(tmp_path, site(agents=[]))
    assert fewer.agents == {}
    again = Secrets.load(tmp_path, site(agents=[*BASE["agents"], {"extension": "1003"}]))
    assert (again.ami, again.agent("1001")) == (first.ami, first.agent("1001"))
    assert again.agent("1003")
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_secrets_are_not_readable_even_while_they_are_written(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Secrets.load(tmp_path, site())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_every_family_of_asterisks_memory_is_used() -> None:
    text = files()["extensions.conf"]
    assert [store for store in Store if store.value not in text] == [Store.PHONE, Store.PHONE_SESSION]
    assert f"auth = astdb,{Store.PHONE.removesuffix('/auth')}" in files()["sorcery.conf"]


def test_a_browser_has_no_secret_that_lasts() -> None:
    """It is made at every log-in; a desk phone has one of the settings' folder."""
    text = files()["pjsip.conf"]
    assert "password = phone-one" in text
    assert "phone-two" not in text
    assert "username = 1002" not in text
    assert "auth = 1002" in text
    assert "qualify_frequency = 5" in text.partition("[1002](browser)")[2]


def test_templates_ask_for_nothing_they_are_not_given() -> None:
    environment = Environment(loader=PackageLoader("dialplan", "templates"), autoescape=True)
    own = {
        "C",
        "S",
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
        | {"modules", "wanted_events", "unheard_events", "folders", "secrets", "system_name"}
        | set(HotlineSite.model_fields)
    )
    for path in TEMPLATES:
        asked = meta.find_undeclared_variables(environment.parse(path.read_text()))
        assert asked <= given, path.name


def test_nothing_that_is_listened_for_is_switched_off() -> None:
    assert not set(UNHEARD_EVENTS) & {*WANTED_EVENTS, *translate.WANTED_EVENTS}
