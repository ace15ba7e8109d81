"""Who may hear a recording, who did, and what the pages show of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from guarded_house import GuardedHouse
from recorded_talk import CALL, call, keeper_of, leave, write

from crm.audit.service import AuditFilter, lines
from crm.database import reading, writing
from crm.recordings import service
from crm.recordings.sound import HEADER_BYTES, mixed
from crm.recordings.timeline import Touch


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    made = GuardedHouse(tmp_path_factory.mktemp("house"))
    folder = made.settings.recordings_folder
    write(made.engine, call())
    leave(folder, CALL, caller=b"\x10" * 8000, agent=b"\x20" * 8000)
    keeper_of(made.engine, folder).take_in()
    yield made
    made.close()


def audited(house: GuardedHouse) -> list[tuple[str, str]]:
    with reading(house.engine) as connection:
        return [(line.who, line.action) for line in lines(connection, AuditFilter(subject=f"recording/{CALL}"))]


def test_who_may_listen_and_who_did(house: GuardedHouse) -> None:
    """Supervisors all, agents their own; who listened is in the audit, once a listening."""
    path = f"/api/recordings/{CALL}/sound"
    statuses = {who: house.ask("GET", path, house.session(who)).status for who in ("supervisor", "agent", "colleague")}
    assert statuses == {"supervisor": 200, "agent": 200, "colleague": 404}
    part = house.ask("GET", path, house.session("supervisor"), range="bytes=58-61")
    assert (part.status, part.body) == (206, b"\x10\x20\x10\x20")
    assert sorted(audited(house)) == [("agent", "recording.heard"), ("supervisor", "recording.heard")]


def test_both_sides_mixed_are_made_while_they_are_sent(house: GuardedHouse) -> None:
    answer = house.ask("GET", f"/api/recordings/{CALL}/sound?form=mixed&save=true", house.session("supervisor"))
    assert answer.body[HEADER_BYTES:] == mixed(b"\x10\x20" * 8000)
    assert int(answer.headers["content-length"]) == len(answer.body) == HEADER_BYTES + 8000
    assert "attachment" in answer.headers["content-disposition"]
    assert ("supervisor", "recording.saved") in audited(house)


def test_the_player_is_given_wave_form_and_marks(house: GuardedHouse) -> None:
    answered = call().conversations[0].answered_at
    pressed = [Touch(answered + timedelta(seconds=0.25), None), Touch(answered + timedelta(seconds=0.5), "1001")]
    with writing(house.engine) as connection:
        service.note_touches(connection, CALL, pressed)
    data = house.ask("GET", f"/api/recordings/{CALL}?lang=en", house.session("supervisor")).json
    assert (data["marks"][0]["kind"], data["marks"][0]["seconds"]) == ("answer", 0)
    assert "Name agent" in data["marks"][0]["label"]
    keys = [(mark["seconds"], mark["label"]) for mark in data["marks"] if mark["kind"] == "touch"]
    assert keys == [(0.25, "Caller presses a key"), (0.5, "Name agent presses a key")]
    assert [len(side) for side in data["peaks"]] == [600, 600]
    assert data["parts"][0]["agent"] == "1001"
    assert house.ask("GET", f"/api/recordings/{CALL}/check", house.session("supervisor")).json == {"intact": True}


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_pages(house: GuardedHouse, language: str) -> None:
    page = house.ask("GET", f"/recordings?lang={language}", house.session("supervisor")).text
    assert f"/recordings/{CALL}" in page
    assert "081 234 5678" in page
    one = house.ask("GET", f"/recordings/{CALL}?lang={language}", house.session("supervisor")).text
    assert "player-data" in one
    own = house.ask("GET", f"/recordings?lang={language}", house.session("agent")).text
    assert CALL in own
    assert "disk-title" not in own
    assert CALL not in house.ask("GET", "/recordings", house.session("colleague")).text
    assert CALL not in house.ask("GET", "/recordings?until=2026-11-01", house.session("supervisor")).text
    assert house.ask("GET", "/recordings/nobody", house.session("supervisor")).status == 404


def test_the_story_of_a_call_leads_to_its_recording(house: GuardedHouse) -> None:
    assert f"/recordings/{CALL}" in house.ask("GET", f"/calls/{CALL}", house.session("supervisor")).text


def test_only_the_own_call_is_paused(house: GuardedHouse) -> None:
    """A supervisor may all: who is not recorded is answered with a sentence."""
    path = f"/api/recordings/{CALL}/pause"
    assert house.ask("POST", path, house.session("agent")).status == 404
    answer = house.ask("POST", path, house.session("supervisor"))
    assert (answer.status, answer.json["detail"]) == (409, "not-recorded")
