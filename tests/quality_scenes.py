"""Recorded and scored talks, for whoever wants to look at them."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from desk_scenes import write_calls
from desk_server import AGENT, DeskServer

from ami_listener.records import CallRecord, Conversation, Hold, Outcome, Ring, Survey
from crm.database import writing
from crm.quality import service
from crm.quality.forms import first_form
from crm.quality.models import SampleReason
from crm.recordings.keeper import RecordingKeeper
from crm.recordings.service import note_touches
from crm.recordings.timeline import Touch

CALL: Final = "main-31.1"
SECONDS: Final = 75
_SILENCE: Final = 0xFF  # µ-law


@dataclass(frozen=True)
class Grader:
    """Who scores."""

    staff_id: int
    username: str


def talk(call_id: str, agent: str, at: datetime, meaning: str) -> CallRecord:
    """A call of `SECONDS`, with a hold."""
    record = CallRecord(call_id, at, "0812345678", "1169", "provider", queue="enquiries", language="th")
    answered = at + timedelta(seconds=6)
    until = answered + timedelta(seconds=SECONDS)
    record.rings = [Ring("enquiries", agent, at + timedelta(seconds=1), answered, answered=True)]
    record.conversations = [Conversation("enquiries", agent, answered, until)]
    record.holds = [Hold(agent, answered + timedelta(seconds=30), answered + timedelta(seconds=42))]
    record.ended_at, record.outcome = until, Outcome.ANSWERED
    record.survey = Survey("scale-123", until, until + timedelta(seconds=4), "1", meaning)
    return record


def record(server: DeskServer, call_id: str, at: datetime) -> None:
    """Two people who speak in turn, as Asterisk leaves them."""
    spool = server.settings.recordings_folder / "spool"
    spool.mkdir(parents=True, exist_ok=True)
    for side, turn in (("caller", 0), ("agent", 1)):
        path = spool / f"{call_id}-{side}.ulaw"
        path.write_bytes(bytes(_sound(n, turn) for n in range(SECONDS * 8000)))
        os.utime(path, (at.timestamp() + SECONDS + 10,) * 2)


def _sound(sample: int, turn: int) -> int:
    seconds = sample / 8000
    speaks = int(seconds / 5) % 2 == turn and not 30 <= seconds < 42 and (seconds * 3) % 1 < 0.8
    if not speaks:
        return _SILENCE
    loud = 60 * abs(math.sin(seconds * 1.7 + turn)) + 10
    return (0x80 | int(127 - loud)) if sample % 40 < 20 else int(127 - loud)


def scored_talks(server: DeskServer, graders: Mapping[str, int]) -> None:
    """A card, a recorded talk with its score and the agent's answer, one to be scored, and a round of calibration."""
    now = server.now()
    first, second = (Grader(staff_id, name) for name, staff_id in graders.items())
    agent = Grader(server.staff["somsri"], "somsri")
    at = now - timedelta(hours=3)
    calls = {CALL: (at, "satisfied"), "main-31.2": (at + timedelta(hours=1), "not_satisfied")}
    write_calls(server.engine, *(talk(call_id, AGENT, *told) for call_id, told in calls.items()))
    record(server, CALL, at)
    zone = ZoneInfo(server.settings.site.timezone)
    RecordingKeeper(server.engine, server.settings.recordings_folder, zone, server.now, 365).take_in()
    with writing(server.engine) as connection:  # keys in the talk: one of the caller, two of the agent
        pressed = ((18, None), (52, AGENT), (53, AGENT))
        note_touches(connection, CALL, [Touch(at + timedelta(seconds=6 + after), who) for after, who in pressed])
    points = {item.key: max(item.points - 1, 0) for item in first_form().items}
    with writing(server.engine) as connection:
        card = service.make_card(connection, "แบบประเมินสายบริการ", "Service call", at, first)
        service.publish(connection, card, at, first)
        version = service.card(connection, card).version_id
        assert version is not None
        for (call_id, (begun_at, _)), reason in zip(
            calls.items(), (SampleReason.CHOSEN, SampleReason.LOW_RATING), strict=True
        ):
            answered_at = begun_at + timedelta(seconds=6)
            service.take_sample(connection, call_id, AGENT, answered_at, "enquiries", reason, now)
        sample = service.sample_of(connection, CALL, AGENT)
        review = service.begin_review(connection, sample.id, version, now, first)
        comment = "ต้อนรับดี ตอบครบทุกข้อ ควรทวนเลขที่เอกสารก่อนวางสาย"
        full = {item.key: item.points for item in first_form().items}
        service.save_review(connection, review, full | dict(list(points.items())[:2]), comment, now, first, final=True)
        service.reply(connection, review, "รับทราบค่ะ จะทวนเลขที่เอกสารทุกครั้ง", now, agent)
        turn = service.begin_round(connection, sample.id, version, now, first)
        for grader, answers in ((first, full), (second, points | dict(list(full.items())[:3]))):
            one = service.begin_review(connection, sample.id, version, now, grader, turn)
            service.save_review(connection, one, answers, "", now, grader, final=True)
        service.close_round(connection, turn, now, first)
