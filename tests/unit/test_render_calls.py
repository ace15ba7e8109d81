"""What each setting changes in a call: queues, menu, languages, survey, recording, who may dial whom."""

import re
from typing import Any

import pytest
from rendered import AT, contexts, files

from dialplan.names import Context, agent_interface, agent_of_interface


def test_without_recording_nothing_of_it_is_in_a_call() -> None:
    """Off by default, and then it costs nothing."""
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
