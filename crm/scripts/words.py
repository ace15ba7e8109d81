"""Words of the scripts, Thai and English."""

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "th": {
        "greeting": "กล่าวต้อนรับ",
        "ending": "กล่าวข้อความจบ",
        "other": "ข้อความอื่น",
        "bad_choice": "โปรดเลือกจากรายการ",
        "text_missing": "โปรดใส่ข้อความ",
        "unknown_placeholder": "มีช่องแทนค่าที่ไม่รู้จัก ใช้ได้คือ {agent} {caller} {hotline} {polite} {polite_question} {self}",
        "unmatched_brackets": "วงเล็บ [ ] หรือ { } ไม่ครบคู่",
        "too_long": "ข้อความยาวเกินไป โปรดย่อ",
        "no_script": "ไม่พบบทสนทนานี้",
    },
    "en": {
        "greeting": "Greeting",
        "ending": "Ending",
        "other": "Other text",
        "bad_choice": "Choose one of the list",
        "text_missing": "A text is needed",
        "unknown_placeholder": "Unknown placeholder: use {agent} {caller} {hotline} {polite} {polite_question} {self}",
        "unmatched_brackets": "A bracket [ ] or { } has no partner",
        "too_long": "Too long, please shorten it",
        "no_script": "There is no such script",
    },
}
