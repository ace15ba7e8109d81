"""Recordings (issue 4, section 4): taken in, by date, with a checksum; heard by whom, and noted; deleted in time."""

import asyncio
import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fake_pbx import FakePbx
from guarded_house import GuardedHouse
from sqlalchemy import Engine

from ami_listener.actions import Action, AmiDown, Hangup, SetVariable
from ami_listener.events import (
    AgentLegReplaced,
    CallAnswered,
    CallEnded,
    CallSpied,
    CallTransferred,
    Event,
    RecordingStarted,
    SpyEnded,
    SpyMode,
    TalkKeyPressed,
)
from ami_listener.recording_actions import BeginRecording, EndRecording, MuteRecording
from ami_listener.records import CallRecord, Conversation, Outcome, Transfer
from crm.audit.service import AuditFilter, lines
from crm.calls.rows import rows_of
from crm.calls.store import Batch, CallStore
from crm.database import reading, writing
from crm.live import Hub
from crm.people.numbers import normalise
from crm.recordings import service
from crm.recordings.keeper import RecordingKeeper
from crm.recordings.live import LiveRecordings, NotRecorded
from crm.recordings.models import RecordingState
from crm.recordings.sound import HEADER_BYTES, mixed
from crm.recordings.timeline import missing_of
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role, Sex
from crm.staff.passwords import Hasher
from crm.staff.service import create
from crm.staff.sessions import Visitor
from dialplan.names import Store, Variable

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
BANGKOK = ZoneInfo("Asia/Bangkok")
CALL = "main-1795692482.10"


def call(call_id: str = CALL, *, ended: bool = True, at: datetime = NOW) -> CallRecord:
    """Answered by 1001 after 4 s, talked for 10 s."""
    record = CallRecord(call_id, at - timedelta(seconds=60), "0812345678", "1169", "provider", queue="enquiries")
    answered = record.arrived_at + timedelta(seconds=4)
    record.conversations = [Conversation("enquiries", "1001", answered, answered + timedelta(seconds=10))]
    if ended:
        record.ended_at, record.outcome = record.conversations[0].ended_at, Outcome.ANSWERED
    return record


def write(engine: Engine, *records: CallRecord) -> None:
    with closing(CallStore(engine, lambda: NOW)) as store:
        store.write(Batch(calls=[rows_of(record, normalise) for record in records]))


def leave(folder: Path, call_id: str, seconds_ago: float = 10, at: datetime = NOW, **sides: bytes) -> None:
    """Raw files as Asterisk leaves them."""
    spool = folder / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    for side, sound in sides.items():
        path = spool / f"{call_id}-{side}.ulaw"
        path.write_bytes(sound)
        written = at.timestamp() - seconds_ago
        os.utime(path, (written, written))


def keeper_of(engine: Engine, folder: Path, keep_days: int = 365) -> RecordingKeeper:
    return RecordingKeeper(engine, folder, BANGKOK, lambda: NOW, keep_days)


def kept(engine: Engine, call_id: str = CALL) -> service.Recording:
    with reading(engine) as connection:
        return service.get(connection, call_id)


def test_a_recording_is_taken_in_by_date_with_a_checksum(engine: Engine, tmp_path: Path) -> None:
    """Also one that nobody told of: Asterisk went on alone, and its file's name says whose it is."""
    write(engine, call())
    leave(tmp_path, CALL, caller=b"\x10" * 80_000, agent=b"\x20" * 79_000)
    keeper = keeper_of(engine, tmp_path)
    assert keeper.take_in() == 1
    one = kept(engine)
    assert (one.state, one.seconds, one.queue, one.sides) == (RecordingState.KEPT, 10.0, "enquiries", True)
    assert one.path == f"2026/11/26/{CALL}.wav"
    sound = (tmp_path / one.path).read_bytes()
    assert len(sound) == one.size_bytes == HEADER_BYTES + 160_000
    assert hashlib.sha256(sound).hexdigest() == one.sha256
    assert sound[HEADER_BYTES : HEADER_BYTES + 4] == b"\x10\x20\x10\x20"
    assert sound[-2:] == b"\x10\xff"
    assert list((tmp_path / "spool").iterdir()) == []
    assert keeper.is_intact(one)
    assert keeper.take_in() == 0
    (tmp_path / one.path).write_bytes(sound[:-1] + b"\x00")
    assert not keeper.is_intact(one)


def test_a_recording_in_part_says_how_much_is_missing(engine: Engine, tmp_path: Path) -> None:
    """The disk was full for a while: of one side six of ten seconds were written."""
    write(engine, call())
    leave(tmp_path, CALL, caller=b"\x10" * 80_000, agent=b"\x20" * 48_000)
    keeper_of(engine, tmp_path).take_in()
    one = kept(engine)
    assert one.seconds == 10.0
    assert one.missing_seconds == pytest.approx(4.0)


def test_a_department_is_not_missed(engine: Engine, tmp_path: Path) -> None:
    """Not recorded, as the settings say: ten seconds of sound are all there is of a minute's talk."""
    record = call()
    (talk,) = record.conversations
    assert talk.ended_at is not None
    record.transfers = [Transfer("blind", "1001", "701", talk.ended_at)]
    record.conversations.append(Conversation(None, "provider", talk.ended_at, talk.ended_at + timedelta(seconds=50)))
    record.ended_at = record.conversations[-1].ended_at
    write(engine, record)
    leave(tmp_path, CALL, mixed=b"\x10" * 80_000)
    keeper_of(engine, tmp_path).take_in()
    assert kept(engine).missing_seconds is None
    record.conversations[-1] = replace(record.conversations[-1], agent="701")
    assert missing_of(record, 10.0) == pytest.approx(50.0)  # 701 would be a colleague


def test_no_room_for_the_file_leaves_nothing_half_done(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Asterisk wrote stays where it is until there is room."""
    write(engine, call())
    leave(tmp_path, CALL, mixed=b"\x10" * 80_000)

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            keeper_of(engine, tmp_path).take_in()
    assert [path.name for path in tmp_path.rglob("*") if path.suffix in (".ulaw", ".wav", ".new")] == [
        f"{CALL}-mixed.ulaw"
    ]
    assert keeper_of(engine, tmp_path).take_in() == 1


def test_taking_in_twice_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    """The process may have died between the file and the database, or between that and the spool."""
    write(engine, call())
    keeper = keeper_of(engine, tmp_path)
    for _ in range(2):
        leave(tmp_path, CALL, mixed=b"\x10" * 8000)
        assert keeper.take_in() == 1
    assert (kept(engine).seconds, kept(engine).sides) == (1.0, False)


def test_what_still_goes_on_stays_where_it_is(engine: Engine, tmp_path: Path) -> None:
    write(engine, call(ended=False), call("main-2.1"))
    leave(tmp_path, CALL, mixed=b"\x10" * 8000)
    leave(tmp_path, "main-2.1", seconds_ago=0.5, mixed=b"\x10" * 8000)  # the last bytes are just being written
    leave(tmp_path, "main-3.1", seconds_ago=600, mixed=b"\x10" * 8000)  # told later, by the journal
    assert keeper_of(engine, tmp_path).take_in() == 0
    assert len(list((tmp_path / "spool").iterdir())) == 3


def test_who_gave_up_leaves_nothing_and_what_has_no_sound_is_lost(engine: Engine, tmp_path: Path) -> None:
    gave_up, lost = "main-4.1", "main-5.1"
    write(engine, call(gave_up), call(lost, at=NOW - timedelta(minutes=5)))
    leave(tmp_path, gave_up, caller=b"", agent=b"")
    with writing(engine) as connection:
        service.begin(connection, lost, NOW, channel="PJSIP/provider-1")
    assert keeper_of(engine, tmp_path).take_in() == 0
    assert list((tmp_path / "spool").iterdir()) == []
    assert kept(engine, lost).state is RecordingState.LOST
    with pytest.raises(service.UnknownRecording):
        kept(engine, gave_up)


def test_recordings_are_deleted_when_their_time_is_over(engine: Engine, tmp_path: Path) -> None:
    """R7: kept for a time, then deleted; that they were there, and for how long, stays on record."""
    old, young = "main-6.1", "main-7.1"
    for call_id, days in ((old, 31), (young, 29)):
        at = NOW - timedelta(days=days)
        write(engine, call(call_id, at=at))
        leave(tmp_path, call_id, mixed=b"\x10" * 8000)
    keeper = keeper_of(engine, tmp_path, keep_days=30)
    keeper.take_in()
    path = tmp_path / str(kept(engine, old).path)
    assert path.exists()
    assert keeper.delete_expired() == 1
    assert not path.exists()
    gone = kept(engine, old)
    assert (gone.state, gone.path, gone.seconds, gone.deleted_at) == (RecordingState.DELETED, None, 1.0, NOW)
    assert gone.sha256
    assert kept(engine, young).state is RecordingState.KEPT
    with reading(engine) as connection:
        assert [line.details for line in lines(connection, AuditFilter(kind="recording"))] == [
            {"count": 1, "keep_days": 30}
        ]
        use = service.disk_use(connection)
    assert (use.count, use.seconds, use.size_bytes) == (1, 1.0, HEADER_BYTES + 8000)


# --- what goes on -----------------------------------------------------------------------------------------------------


def visitor(engine: Engine, extension: str | None = "1001", role: Role = Role.AGENT) -> Visitor:
    with writing(engine) as connection:
        draft = StaffDraft(username="somsri", role=role, name_th="สมศรี", name_en="Somsri")
        staff_id = create(connection, draft, NOW, None, Hasher(memory_kib=64).chosen("four plain words here"))
    return Visitor(
        staff_id=staff_id, username="somsri", role=role, name_th="สมศรี", name_en="Somsri", sex=Sex.FEMALE,
        language=None, department=None, extension=extension, phone=PhoneKind.DESK, auto_answer=False,
        password_is_temporary=False, session="s", csrf="c",
    )  # fmt: skip


STARTED = RecordingStarted(
    event_id="1", occurred_at=NOW, call_id=CALL, agent="1001", queue="enquiries", sides=True, announced=True,
    channel="PJSIP/provider-00000001",
)  # fmt: skip


def live_of(engine: Engine, folder: Path, pbx: FakePbx, free_bytes: int = 0) -> LiveRecordings:
    return LiveRecordings(
        engine, Hub(), pbx.send, keeper_of(engine, folder), lambda: NOW,
        find_call=lambda _: None, free_bytes=free_bytes, wanted=True, recorded_with=lambda party: party == "1002",
    )  # fmt: skip


def test_a_part_is_left_out_and_that_is_on_record(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Silence is asked of Asterisk on the caller's channel; who, and from when to when, is kept and in the audit."""
    who, pbx = visitor(sqlite_engine), FakePbx()

    async def talk() -> None:
        live = live_of(sqlite_engine, tmp_path, pbx)
        with pytest.raises(NotRecorded):
            await live.pause(CALL, who)
        live.happened(STARTED)
        live.happened(STARTED)  # the journal tells it again
        assert [one.json()["state"] for one in live.now()] == ["on"]
        await live.pause(CALL, who)
        await live.pause(CALL, who)
        assert (await live.go_on(CALL, who)).json()["state"] == "on"
        live.happened(CallAnswered(event_id="2", occurred_at=NOW, call_id=CALL, queue="", agent="1002"))
        assert live.of(CALL) is not None
        assert live.now()[0].agents == {"1001", "1002"}
        live.happened(CallEnded(event_id="3", occurred_at=NOW, call_id=CALL))
        assert live.now() == []

    asyncio.run(talk())
    muted = [action for action in pbx.sent if isinstance(action, MuteRecording)]
    assert [(one.channel, one.state) for one in muted] == [(STARTED.channel, 1), (STARTED.channel, 0)]
    with reading(sqlite_engine) as connection:
        assert [(one.who, one.until_at) for one in service.pauses(connection, CALL)] == [("somsri", NOW)]
        noted = [line.action for line in lines(connection, AuditFilter(subject=f"recording/{CALL}"))]
    assert noted == ["recording.resumed", "recording.paused"]


def test_keys_are_marks_but_not_while_something_private_is_said(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Not even that a key was pressed is kept while it is paused: how many digits a card has would be told by it."""
    who, pbx = visitor(sqlite_engine), FakePbx()

    def pressed(second: int, agent: str | None = None) -> TalkKeyPressed:
        at = NOW + timedelta(seconds=second)
        return TalkKeyPressed(event_id=f"key-{second}", occurred_at=at, of_call=CALL, agent=agent)

    async def talk() -> None:
        live = live_of(sqlite_engine, tmp_path, pbx)
        live.happened(pressed(0))
        live.happened(STARTED)
        live.happened(pressed(1))
        await live.pause(CALL, who)
        live.happened(pressed(2))
        pbx.down = True
        with pytest.raises(AmiDown):
            await live.go_on(CALL, who)
        pbx.down = False
        live.happened(pressed(3))
        await live.go_on(CALL, who)
        live.happened(pressed(4, "1001"))
        live.happened(CallEnded(event_id="3", occurred_at=NOW, call_id=CALL))
        live._note_begun()
        live._note_begun()

    asyncio.run(talk())
    with reading(sqlite_engine) as connection:
        kept = service.touches(connection, CALL)
    assert [((touch.at - NOW).seconds, touch.agent) for touch in kept] == [(1, None), (4, "1001")]
    with writing(sqlite_engine) as connection:
        service.mark_deleted(connection, CALL, NOW)
        assert service.touches(connection, CALL) == []


def test_a_database_that_is_away_keeps_no_secret_in_the_sound(sqlite_engine: Engine, tmp_path: Path) -> None:
    who, pbx = visitor(sqlite_engine), FakePbx()
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE recording_pauses")

    async def talk() -> str:
        live = live_of(sqlite_engine, tmp_path, pbx)
        live.happened(STARTED)
        return str((await live.pause(CALL, who)).json()["state"])

    assert asyncio.run(talk()) == "paused"
    assert pbx.sent == [
        SetVariable(Variable.RECORDING_PAUSED, "1", STARTED.channel),
        MuteRecording(STARTED.channel, 1),
    ]


TRANSFERRED = CallTransferred(event_id="2", occurred_at=NOW, call_id=CALL, kind="attended", agent="1001", to="1002")
RELOADED = AgentLegReplaced(
    event_id="3", occurred_at=NOW, call_id=CALL, agent="1001", old_channel="PJSIP/1001-00000002", queue="enquiries"
)


def test_it_begins_again_where_nobody_passes_the_dialplan(sqlite_engine: Engine, tmp_path: Path) -> None:
    """After an attended transfer and a reloaded browser Asterisk's recorder may hear nothing of the agent any more.
    What is silent stays silent, and with whom nobody is recorded the recording ends."""
    who, pbx, spool = visitor(sqlite_engine), FakePbx(), tmp_path / "spool"
    channel = STARTED.channel
    end = EndRecording(channel)
    again = [end, BeginRecording(channel, "", f"abr({spool}/{CALL}-caller.ulaw)t({spool}/{CALL}-agent.ulaw)")]

    async def talk() -> None:
        live = live_of(sqlite_engine, tmp_path, pbx)

        async def asked_after(*events: Event) -> list[Action]:
            pbx.sent.clear()
            for event in events:
                live.happened(event)
            while not live._renewal.idle:
                await asyncio.sleep(0.01)
            return [action for action in pbx.sent if isinstance(action, BeginRecording | EndRecording)]

        assert await asked_after(TRANSFERRED, STARTED) == []
        assert await asked_after(TRANSFERRED) == again
        assert await asked_after(RELOADED) == again
        assert await asked_after(replace(TRANSFERRED, kind="blind")) == [], "the dialplan does it"
        await live.pause(CALL, who)
        assert await asked_after(RELOADED) == []
        pbx.sent.clear()
        await live.go_on(CALL, who)
        while not live._renewal.idle:
            await asyncio.sleep(0.01)
        assert pbx.sent[-2:] == again
        assert await asked_after(replace(TRANSFERRED, to=None)) == again
        assert await asked_after(replace(TRANSFERRED, to="provider")) == [end]
        pbx.down = True
        assert await asked_after(RELOADED) == []

    asyncio.run(talk())


def test_who_speaks_in_it_holds_asterisks_filter_too(sqlite_engine: Engine, tmp_path: Path) -> None:
    """A supervisor who barges in is waited for; a notice that is being spoken is broken off and spoken anew."""
    pbx = FakePbx()
    barged = CallSpied(
        event_id="4", occurred_at=NOW, spy_id="spy-1", supervisor="1009", mode=SpyMode.BARGE, agent="1001",
        of_call=CALL, channel="PJSIP/1009-00000009",
    )  # fmt: skip
    gone = SpyEnded(event_id="5", occurred_at=NOW, spy_id="spy-1", supervisor="1009")
    blind = replace(TRANSFERRED, kind="blind")

    async def talk() -> None:
        live = live_of(sqlite_engine, tmp_path, pbx)

        async def begun_after(*events: Event) -> int:
            pbx.sent.clear()
            for event in events:
                live.happened(event)
            while not live._renewal.idle:
                await asyncio.sleep(0.01)
            return sum(isinstance(action, BeginRecording) for action in pbx.sent)

        await begun_after(STARTED)
        for handed_on, at_once in ((TRANSFERRED, 1), (blind, 0), (RELOADED, 1)):
            assert await begun_after(barged, handed_on) == at_once
            assert await begun_after(replace(gone, spy_id="spy-2")) == 0
            assert await begun_after(gone) == 1
            assert await begun_after(gone) == 0
        assert await begun_after(replace(barged, of_call="main-other.1"), RELOADED, gone) == 1
        assert await begun_after(replace(barged, mode=SpyMode.LISTEN), RELOADED, gone) == 1
        assert not pbx.originated()
        pbx.variables = {"SHARED(HOTLINE_NOTICE)": "Local/s@hotline-recording-leg-00000001;2", "HOTLINE_LANG": "en"}
        pbx.channels[pbx.variables["SHARED(HOTLINE_NOTICE)"]] = {}
        assert await begun_after(RELOADED) == 1
        assert Hangup(pbx.variables["SHARED(HOTLINE_NOTICE)"]) in pbx.sent
        assert [dict(one.variables) for one in pbx.originated()] == [
            {"HOTLINE_TARGET": STARTED.channel, "HOTLINE_LANG": "en"}
        ]
        assert await begun_after(RELOADED) == 1
        assert not pbx.originated(), "it was over"

    asyncio.run(talk())


def test_a_restart_knows_what_goes_on_and_that_it_is_paused(sqlite_engine: Engine, tmp_path: Path) -> None:
    who, pbx = visitor(sqlite_engine), FakePbx()

    async def run(live: LiveRecordings) -> None:
        work = asyncio.create_task(live.run())
        for _ in range(200):
            await asyncio.sleep(0.01)
            if live._told_of_disk is not None and not live._to_note:
                break
        work.cancel()

    async def before() -> None:
        live = live_of(sqlite_engine, tmp_path, pbx)
        live.happened(STARTED)
        await run(live)
        await live.pause(CALL, who)

    async def after() -> list[str]:
        live = live_of(sqlite_engine, tmp_path, pbx)
        await run(live)
        return [one.json()["state"] for one in live.now()]

    asyncio.run(before())
    assert asyncio.run(after()) == ["paused"]


def test_with_little_room_on_the_disk_nothing_new_is_recorded(sqlite_engine: Engine, tmp_path: Path) -> None:
    """The dialplan looks at Asterisk's own database; calls go on."""
    pbx = FakePbx()

    async def looked(free_bytes: int) -> bool:
        live = live_of(sqlite_engine, tmp_path, pbx, free_bytes)
        await live._look_at_disk()
        return live.stopped_for_disk

    assert asyncio.run(looked(1 << 60))
    assert pbx.family(Store.RECORDING) == {"off": "disk"}
    assert not asyncio.run(looked(0))
    assert pbx.family(Store.RECORDING) == {}


# --- pages ------------------------------------------------------------------------------------------------------------


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
    data = house.ask("GET", f"/api/recordings/{CALL}?lang=en", house.session("supervisor")).json
    assert (data["marks"][0]["kind"], data["marks"][0]["seconds"]) == ("answer", 0)
    assert "Name agent" in data["marks"][0]["label"]
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
