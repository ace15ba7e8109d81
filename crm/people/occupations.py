"""Occupations to choose from (C4), so that the monthly statistics (R6) can count them; others may be written freely.

The Thai name is what is stored.
"""

from typing import Final

OCCUPATIONS: Final[tuple[tuple[str, str], ...]] = (
    ("ผู้ส่งออก", "Exporter"),
    ("ผู้นำเข้า", "Importer"),
    ("เจ้าของกิจการ", "Business owner"),
    ("ผู้ผลิต/โรงงาน", "Manufacturer"),
    ("วิสาหกิจชุมชน/OTOP", "Community enterprise/OTOP"),
    ("ค้าขายออนไลน์", "Online seller"),
    ("เกษตรกร", "Farmer"),
    ("พนักงานบริษัท", "Company employee"),
    ("ผู้ให้บริการขนส่ง/ชิปปิ้ง", "Freight forwarder/customs broker"),
    ("ข้าราชการ/พนักงานของรัฐ", "Government officer"),
    ("นักเรียน/นักศึกษา", "Student"),
    ("อาจารย์/นักวิจัย", "Teacher/researcher"),
    ("สื่อมวลชน", "Press"),
    ("อาชีพอิสระ", "Freelance"),
    ("แม่บ้าน/พ่อบ้าน", "Homemaker"),
    ("เกษียณ", "Retired"),
    ("อื่น ๆ", "Other"),
)


def occupation_label(stored: str | None, language: str) -> str | None:
    """A stored occupation as it is shown."""
    return stored if language == "th" else dict(OCCUPATIONS).get(stored or "", stored)


def occupation_of(text: str) -> str:
    """What is stored for what was chosen or written, in either language."""
    return next((th for th, en in OCCUPATIONS if text.casefold() in (th.casefold(), en.casefold())), text)
