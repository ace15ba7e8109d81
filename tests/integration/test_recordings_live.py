"""Recordings that go on: paused, taken up after transfers and restarts, marked by keys."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fake_pbx import FakePbx
from recorded_talk import CALL, NOW, keeper_of
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
from crm.audit.service import AuditFilter, lines
from crm.database import reading, writing
from crm.live import Hub
from crm.recordings import service
from crm.recordings.live import LiveRecordings, NotRecorded
from crm.staff.accounts import StaffDraft
from crm.staff.models import PhoneKind, Role, Sex
from crm.staff.passwords import Hasher
from crm.staff.service import create
from crm.staff.sessions import Visitor
from dialplan.names import Store, Variable


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
