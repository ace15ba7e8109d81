"""What is written for the network's Asterisk, its sound, and what the terminal shows."""

import io
from pathlib import Path

import pytest
from observed_calls import MEANINGS, answered_call, at, make_plan
from rich.console import Console

from dialplan.asterisk.layout import AsteriskFolders
from hotline.simulation.configuration import NetworkPorts, SimulationTarget, render
from hotline.simulation.manager import parse
from hotline.simulation.observed import Observer
from hotline.simulation.plan import RingPlan
from hotline.simulation.progress import Progress, measure
from hotline.simulation.table import SimulationTable
from hotline.simulation.voice import mu_law, speech_like

TARGET = SimulationTarget("127.0.0.1", 5060, "1169", (("1001", "s3cret"), ("1002", "other")))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    return render(
        TARGET,
        NetworkPorts(sip=5070, ami=5039),
        AsteriskFolders.for_instance(tmp_path, "network"),
        [RingPlan("answer", 2.5), RingPlan("miss", 0), RingPlan("reject", 1)],
        modules=tmp_path,
        ami_secret="geheim",
    )


def section(text: str, name: str) -> str:
    return text.split(f"[{name}]", 1)[1].split("\n[", 1)[0]


def test_callers_and_phones_come_from_addresses_of_their_own(files: dict[str, str]) -> None:
    pjsip = files["pjsip.conf"]
    assert "bind = 127.0.0.2:5070" in section(pjsip, "trunk")
    assert "bind = 127.0.0.3:5070" in section(pjsip, "desk")
    assert pjsip.count("transport = desk") == 1  # registrations
    assert "allow = ulaw" in pjsip
    assert "dtmf_mode = rfc4733" in pjsip


def test_every_agent_registers_with_the_own_secret(files: dict[str, str]) -> None:
    pjsip = files["pjsip.conf"]
    for extension, secret in TARGET.agents:
        assert f"username = {extension}\npassword = {secret}" in pjsip
        assert f"client_uri = sip:{extension}@127.0.0.1:5060" in pjsip
        assert f"exten => {extension},1,Gosub(phone" in files["extensions.conf"]


def test_rings_are_a_table_the_dialplan_looks_up(files: dict[str, str]) -> None:
    rings = section(files["extensions.conf"], "rings")
    assert "exten => row0,1,Return(answer/2.5)" in rings
    assert "exten => row1,1,Return(miss/0)" in rings
    assert "% 3],1)" in files["extensions.conf"]


def test_the_manager_listens_on_this_machine_only(files: dict[str, str]) -> None:
    assert "bindaddr = 127.0.0.1" in files["manager.conf"]
    assert "secret = geheim" in files["manager.conf"]


def test_headers_of_a_message() -> None:
    assert parse(["Event: UserEvent", "At: 12.5", "Empty:", "no colon"]) == {
        "Event": "UserEvent",
        "At": "12.5",
        "Empty": "",
    }


@pytest.mark.parametrize(("sample", "byte"), [(0, 0xFF), (32767, 0x80), (-32768, 0x00), (1000, 0xCE), (-1000, 0x4E)])
def test_mu_law_as_in_g711(sample: int, byte: int) -> None:
    assert mu_law(sample) == byte


def test_the_voice_is_loud_has_pauses_and_is_always_the_same() -> None:
    sound = speech_like(120, 2, seed=1)
    assert len(sound) == 16000
    assert sound == speech_like(120, 2, seed=1)
    assert sound.count(0xFF) / len(sound) > 0.02  # silence between words
    assert min(byte & 0x7F for byte in sound) < 0x20  # loud peaks


def one_call() -> Progress:
    observer = Observer()
    observer.begin(make_plan())
    for message, _ in answered_call():
        observer.take(message)
    return measure(
        list(observer.calls.values()),
        planned=1,
        seconds=9,
        now=at(10),
        answer_within_seconds=9,
        meanings=MEANINGS,
    )


def test_plain_lines_where_there_is_no_terminal() -> None:
    written = io.StringIO()
    with SimulationTable("http://127.0.0.1:8000/wallboard", console=Console(file=written, width=60)) as table:
        table.show(one_call())
        table.show(one_call())
    lines = written.getvalue().splitlines()
    assert lines[0] == "Wallboard: http://127.0.0.1:8000/wallboard"
    assert lines[1] == "call 1, 0812345678, talked, agent hung up, picked up after 3.0 s, by 1001, keys 1, lasted 8.5 s"
    assert lines[2].startswith("9 s: offered 1 of 1, ringing 0, waiting 0, talking 0")
    assert "impressed 1" in lines[2]
    assert len(lines) == 3


def test_a_live_table_on_a_terminal() -> None:
    written = io.StringIO()
    console = Console(file=written, width=120, height=40, force_terminal=True)
    with SimulationTable("http://127.0.0.1:8000/wallboard", console=console) as table:
        table.show(one_call())
    text = written.getvalue()
    assert "http://127.0.0.1:8000/wallboard" in text
    assert "0812345678" in text
    assert "picked up within 9 s" in text
