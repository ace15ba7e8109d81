"""Words on the board, Thai and English; the manuals' own where they have one."""

from datetime import date
from typing import Final

from ami_listener.events import AgentState

LANGUAGES: Final = ("th", "en")

WORDS: Final[dict[str, dict[str, str]]] = {
    "th": {
        "board": "จอแสดงผล",
        "all_queues": "ทุกคิว",
        "waiting": "สายที่กำลังรอ",
        "calls": "สาย",
        "call": "สาย",
        "nobody_waits": "ไม่มีสายรอ",
        "longest_wait": "รอนานที่สุด",
        "within": "เจ้าหน้าที่รับภายใน {seconds} วินาที",
        "with_assistant": "รวมระบบตอบรับ {share}",
        "answered_rate": "ร้อยละของสายที่รับได้",
        "of_calls": "{part} จาก {whole} สาย",
        "without_short": "ไม่นับสายที่วางเร็ว {share}",
        "satisfaction": "ความพึงพอใจ",
        "surveys": "{count} แบบประเมิน",
        "response": "ตอบ {share} ของที่ถาม",
        "target": "เป้า ≥ {share}",
        "good": "ถึงเป้าหมาย",
        "near": "ใกล้เป้าหมาย",
        "bad": "ต่ำกว่าเป้าหมาย",
        "none": "ยังไม่มีข้อมูล",
        "in_time": "ภายใน {seconds} วินาที",
        "soon_late": "ใกล้ครบ {seconds} วินาที",
        "late": "เกิน {seconds} วินาทีแล้ว",
        "agents": "เจ้าหน้าที่",
        "no_agents": "ไม่มีเจ้าหน้าที่อยู่ในระบบ",
        "more": "และอีก {count} คน",
        "today": "วันนี้",
        "offered": "สายเข้า",
        "abandoned": "วางสายก่อนรับ",
        "asa": "รอเฉลี่ยก่อนรับ",
        "callbacks": "รอโทรกลับ",
        "messages": "ข้อความเสียง",
        "seconds": "วินาที",
        "live": "สด",
        "disconnected": "ขาดการเชื่อมต่อ",
        "disconnected_long": "ขาดการเชื่อมต่อ — ตัวเลขหยุดที่เวลา",
        "reconnecting": "กำลังเชื่อมต่อใหม่…",
        "unheard": "ไม่ได้รับข้อมูลจากระบบโทรศัพท์ — สถานะสดอาจไม่ตรง",
        "no_script": "หน้านี้ต้องใช้ JavaScript จึงจะปรับตัวเลขเองได้ ตัวเลขที่เห็นเป็นของเวลาที่เปิดหน้า",
        "other_language": "English",
    },
    "en": {
        "board": "Wallboard",
        "all_queues": "All queues",
        "waiting": "Calls waiting",
        "calls": "calls",
        "call": "call",
        "nobody_waits": "Nobody is waiting",
        "longest_wait": "Longest wait",
        "within": "Answered within {seconds} s",
        "with_assistant": "with the assistant {share}",
        "answered_rate": "Share of calls answered",
        "of_calls": "{part} of {whole} calls",
        "without_short": "without short hang-ups {share}",
        "satisfaction": "Satisfaction",
        "surveys": "{count} surveys",
        "response": "{share} of those asked",
        "target": "Target ≥ {share}",
        "good": "On target",
        "near": "Near target",
        "bad": "Below target",
        "none": "No data yet",
        "in_time": "Within {seconds} s",
        "soon_late": "Close to {seconds} s",
        "late": "Over {seconds} s",
        "agents": "Agents",
        "no_agents": "No agent is logged in",
        "more": "and {count} more",
        "today": "Today",
        "offered": "Calls offered",
        "abandoned": "Abandoned",
        "asa": "Average wait",
        "callbacks": "To call back",
        "messages": "Messages",
        "seconds": "s",
        "live": "Live",
        "disconnected": "Disconnected",
        "disconnected_long": "Disconnected — figures stopped at",
        "reconnecting": "reconnecting…",
        "unheard": "No news from the telephone system — what is live here may be wrong",
        "no_script": "This page needs JavaScript to keep its figures fresh; they are from when it was opened",
        "other_language": "ภาษาไทย",
    },
}

STATES: Final[dict[str, dict[AgentState, str]]] = {
    "th": {
        AgentState.AVAILABLE: "ว่าง",
        AgentState.RINGING: "กำลังเรียก",
        AgentState.IN_CALL: "กำลังสนทนา",
        AgentState.ON_HOLD: "พักสาย",
        AgentState.WRAP_UP: "บันทึกสรุป",
        AgentState.PAUSED: "หยุดพัก",
        AgentState.OFFLINE: "ไม่อยู่ในระบบ",
    },
    "en": {
        AgentState.AVAILABLE: "Available",
        AgentState.RINGING: "Ringing",
        AgentState.IN_CALL: "In a call",
        AgentState.ON_HOLD: "On hold",
        AgentState.WRAP_UP: "Wrap-up",
        AgentState.PAUSED: "Paused",
        AgentState.OFFLINE: "Logged out",
    },
}

_DAYS = {
    "th": ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "th": (
        *("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน"),
        *("กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
BUDDHIST_ERA: Final = 543


def long_date(day: date, language: str) -> str:
    """``วันศุกร์ที่ 20 พฤศจิกายน 2569`` (Buddhist era) or ``Friday 20 November 2026``."""
    weekday, month = _DAYS[language][day.weekday()], _MONTHS[language][day.month - 1]
    if language == "th":
        return f"วัน{weekday}ที่ {day.day} {month} {day.year + BUDDHIST_ERA}"
    return f"{weekday} {day.day} {month} {day.year}"
