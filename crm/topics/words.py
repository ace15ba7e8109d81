"""Words of the subjects, Thai and English."""

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "th": {
        "topic": "เรื่องที่สอบถาม",
        "general": "สอบถามข้อมูลทั่วไป",
        "technical": "ข้อมูลเทคนิค",
        "new_product": "ข้อมูลรุ่นใหม่/สินค้าใหม่",
        "complaint": "ร้องเรียน ร้องทุกข์/แจ้งเบาะแส",
        "no_topic": "ไม่พบเรื่องนี้",
        "root_stays": "ประเภทเรื่องหลักเลิกใช้ไม่ได้ แต่เปลี่ยนชื่อได้",
        "name_missing": "โปรดใส่ชื่อเรื่อง",
        "too_long": "ข้อความยาวเกินไป โปรดย่อ",
    },
    "en": {
        "topic": "Subject",
        "general": "General enquiry",
        "technical": "Technical information",
        "new_product": "New model/new product",
        "complaint": "Complaint/tip-off",
        "no_topic": "There is no such subject",
        "root_stays": "A kind of matter cannot be retired; it can be renamed",
        "name_missing": "A subject needs a name",
        "too_long": "Too long, please shorten it",
    },
}
