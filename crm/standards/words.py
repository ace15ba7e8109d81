"""Words of the steps' standards, Thai and English."""

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "th": {
        "within": "ตามมาตรฐาน",
        "quicker": "เร็วกว่ามาตรฐาน",
        "over": "เกินมาตรฐาน",
        "open": "กำลังดำเนินการ",
        "not_counted": "ไม่นับ (นอกเหนือจากการควบคุมของผู้ให้บริการ)",
        "unmeasured": "ไม่ได้จับเวลา",
        "none": "ไม่ได้ใช้ขั้นตอนนี้",
        "no_standards": "ยังไม่มีเวลามาตรฐานของช่องทางนี้",
        "each_step_once": "ต้องมีแต่ละขั้นตอนครั้งเดียว",
        "bad_range": "เวลาต่ำสุดต้องไม่มากกว่าเวลาสูงสุด",
        "bad_share": "เป้าหมายต้องอยู่ระหว่าง 0 ถึง 100 %",
    },
    "en": {
        "within": "Within the standard",
        "quicker": "Quicker than the standard",
        "over": "Over the standard",
        "open": "Going on",
        "not_counted": "Not counted (outside the agent's control)",
        "unmeasured": "Not measured",
        "none": "This step was not needed",
        "no_standards": "There are no standard times of this channel yet",
        "each_step_once": "Each step must be there once",
        "bad_range": "The shortest time must not exceed the longest",
        "bad_share": "The target must be between 0 and 100 %",
    },
}
