"""What a question wants to know of its subject: how much, how long, with which papers, where. Pure.

Passages about one subject differ in just this: the fee, the time, the papers, the place. The words that ask for it are
the same in every question; so they count less than the subject, and a passage that has such an answer counts more.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from crm.thai import fold

_UNITS: Final = (
    *("วัน", "ปี", "เดือน", "ชั่วโมง", "นาที", "สัปดาห์", "ครั้ง", "คน", "บาท", "เล่ม", "แห่ง", "งวด", "เปอร์เซ็นต์"),
    *("แต้ม", "คะแนน", "ซี่", "ข้อ", "ฉบับ", "สาย", "โมง", "ทุ่ม"),
)
_SAME_UNITS: Final = {"แต้ม": "แต้ม|คะแนน", "เปอร์เซ็นต์": "เปอร์เซ็นต์|ร้อยละ|%"}
_CLOCK: Final = r"[0-9][.:][0-9]{2}|[0-9] ?น\.|โมง|ทุ่ม|เที่ยง"
_NUMBER: Final = r"(?:[0-9]|หนึ่ง|สอง|สาม|สี่|ห้า|หก|เจ็ด|แปด|เก้า|สิบ|ร้อย|พัน|หมื่น)"
_ASPECTS: Final = (
    (  # how much
        "กี่บาท|กี่เปอร์เซ็นต์|เท่าไร|เท่าไหร่|ราคา|ค่าธรรมเนียม|ค่าใช้จ่าย|เสียเงิน|เสียค่า|คิดเงิน|คิดยังไง|ฟรีไหม|เสียไหม"
        "|how much|cost|fee|price",
        "[0-9] ?บาท|ร้อยละ ?[0-9]|[0-9] ?%|ฟรี|ไม่เสียค่า|ค่าธรรมเนียม|baht|free of charge|fee",
    ),
    (  # how long, until when
        "กี่วัน|กี่ปี|กี่เดือน|กี่ชั่วโมง|กี่นาที|กี่โมง|กี่ทุ่ม|นานไหม|นานเท่า|นานแค่|เมื่อไร|เมื่อไหร่|วันไหน|ใช้เวลา|ภายใน"
        "|how long|how late|when|deadline",
        r"[0-9] ?(?:วัน|ปี|เดือน|ชั่วโมง|นาที|สัปดาห์|น\.)|ระยะเวลา|กำหนดเวลา|เวลาทำการ|วันทำการ"
        "|[0-9] (?:day|week|month|year|hour)",
    ),
    (  # with which papers
        "เอกสาร|หลักฐาน|เตรียมอะไร|เอาอะไร|ใช้อะไร|ยื่นอะไร|อะไรบ้าง|document|paper",
        "เอกสาร|หลักฐาน|สำเนา|หนังสือรับรอง|ใบรับรอง|document|passport",
    ),
    (  # where, whom to call
        "ที่ไหน|ตรงไหน|ที่ใด|เว็บไหน|ที่อยู่|เบอร์|โทร|ติดต่อ|แจ้งใคร|ถามใคร|ไปไหน|where|phone|contact|who can",
        "โทร|สายด่วน|ติดต่อ|สำนักงาน|เว็บไซต์|ได้ที่|สถานที่|ถนน|ตั้งอยู่|[0-9]{4}|call|office|address",
    ),
)


def _folded(pattern: str) -> re.Pattern[str]:
    return re.compile(fold(pattern))


_COMPILED: Final = tuple((_folded(asked), _folded(answer)) for asked, answer in _ASPECTS)
ASKING: Final = _folded("|".join(asked for asked, _ in _ASPECTS))  # all the words that ask for something
_HOW_MANY: Final = _folded(f"กี่ ?({'|'.join(_UNITS)})")
_COUNTED: Final = {fold(unit): _folded(f"{_NUMBER} ?(?:{_SAME_UNITS.get(unit, unit)})") for unit in _UNITS} | {
    fold(unit): _folded(_CLOCK) for unit in ("โมง", "ทุ่ม")
}


@dataclass(frozen=True, slots=True)
class Aspects:
    """What is asked for; ``answers``: one pattern each, of what such an answer has in it."""

    answers: tuple[re.Pattern[str], ...]

    def fits(self, folded: str) -> float:
        """How much of what is asked for a folded text may tell, 0 to 1."""
        if not self.answers:
            return 0.0
        return sum(1 for pattern in self.answers if pattern.search(folded)) / len(self.answers)


def aspects_of(folded: str) -> Aspects:
    """What a folded question asks for."""
    counted = tuple(_COUNTED[found] for found in dict.fromkeys(_HOW_MANY.findall(folded)))
    return Aspects(counted + tuple(answer for asked, answer in _COMPILED if asked.search(folded)))


@lru_cache(maxsize=20_000)
def folded_once(text: str) -> str:
    """A passage, folded; the same ones are asked for again and again."""
    return fold(text)
