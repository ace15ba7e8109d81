"""Boards to look at: nothing yet, a busy hour, a bad one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ami_listener.events import AgentState
from crm.wallboard.board import NOTHING_SCORED, AgentNow, BoardData, QueueNow
from metrics.tally import Tally

NAMES = (
    *(("สมหญิง ใจดี", "Somying Jaidee"), ("ประเสริฐ วัฒนกุล", "Prasert Wattanakul"), ("กมลวรรณ ศรีสุข", "Kamonwan S.")),
    *(("ณัฐพล บุญมา", "Nattapon Boonma"), ("พิมพ์ชนก ตั้งใจ", "Pimchanok T."), ("วิชัย รุ่งเรือง", "Wichai R.")),
    *(("อรอุมา แสงทอง", "Onuma Saengthong"), ("ธนากร ชัยชนะ", "Thanakorn C."), ("สุนิสา พงษ์พันธ์", "Sunisa P.")),
)
STATES = (
    *(AgentState.IN_CALL, AgentState.IN_CALL, AgentState.RINGING, AgentState.AVAILABLE, AgentState.WRAP_UP),
    *(AgentState.PAUSED, AgentState.IN_CALL, AgentState.ON_HOLD, AgentState.OFFLINE),
)

GOOD_DAY = Tally(
    offered=412,
    answered=399,
    answered_within=394,
    abandoned=11,
    short_abandoned=6,
    callbacks=2,
    picked_up=404,
    picked_up_within=404,
    answer_wait=timedelta(seconds=399 * 4.3),
    waiting=0,
    surveys_asked=251,
    impressed=120,
    satisfied=62,
    not_satisfied=14,
    handled=399,
)
BAD_DAY = replace(GOOD_DAY, answered=376, answered_within=341, abandoned=34, not_satisfied=66)


def agents(at: datetime, count: int) -> tuple[AgentNow, ...]:
    """So many, in every state in turn."""
    return tuple(
        AgentNow(
            agent=str(1001 + number),
            name_th=NAMES[number % len(NAMES)][0],
            name_en=NAMES[number % len(NAMES)][1],
            state=STATES[number % len(STATES)],
            since=at - timedelta(seconds=17 + 41 * number),
            queues=("general",),
        )
        for number in range(count)
    )


def quarters(at: datetime) -> dict[datetime, Tally]:
    """A morning: more and more calls, a bad quarter hour, then calm."""
    begins_at = at.replace(minute=0, second=0, microsecond=0) - timedelta(hours=7)
    calls = (3, 6, 9, 12, 15, 17, 22, 26, 24, 27, 31, 29, 28, 22, 18, 12, 9, 10, 14, 19, 23, 20, 16, 12)
    return {
        begins_at + timedelta(minutes=15 * number): Tally(
            offered=count, answered=count - lost, answered_within=count - lost - late, abandoned=lost
        )
        for number, count in enumerate(calls)
        for lost, late in [((5, 6) if number in (10, 11) else (0, count // 12))]
    }


def board(
    *, at: datetime | None = None, waiting: int = 0, waited: float = 0, staff: int = 9, today: Tally | None = None
) -> BoardData:
    """Two queues; all that happens happens in the first."""
    at = at or datetime.now(UTC)
    first = QueueNow(
        queue="general",
        label_th="ข้อมูลทั่วไป",
        label_en="General",
        waiting=waiting,
        waiting_since=at - timedelta(seconds=waited) if waiting else None,
        callbacks_waiting=2 if waiting else 0,
        messages_waiting=3 if waiting else 0,
        qa=(48, 48 * (0.913 if today is GOOD_DAY else 0.78)) if today else NOTHING_SCORED,
        today=today or Tally(),
        quarters=quarters(at) if today else {},
    )
    second = QueueNow(queue="technical", label_th="ข้อมูลเทคนิค", label_en="Technical")
    return BoardData(at=at, queues=(first, second), agents=agents(at, staff))
