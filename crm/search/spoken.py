"""How people say and type things: politeness, fillers, the names of letters, the keyboard. Pure data."""

import re
from typing import Final

from crm.thai import fold

_POLITE_WORDS: Final = """
อยากทราบว่า อยากทราบ อยากสอบถาม ขอสอบถาม สอบถามหน่อย ขอถาม อยากรู้ว่า อยากรู้ รบกวนสอบถาม รบกวน ช่วยบอก บอกหน่อย
หน่อยครับ หน่อยค่ะ หน่อยคะ ได้ไหมครับ ได้ไหมคะ ครับผม ครับ นะคะ นะครับ สวัสดีค่ะ สวัสดีครับ ยังไง อย่างไร อะไรบ้าง อะไร
หรือเปล่า หรือไม่ ได้ไหม ได้มั้ย ต้องทำ ทำยังไง ทำอย่างไร เท่าไหร่ เท่าไร เมื่อไหร่ เมื่อไร ที่ไหน ต้องการ จะต้อง อยากจะ อยาก
ต้องใช้ ต้อง หน่อย คืออะไร
"""
_PARTICLES: Final = "ค่ะ คะ จ้า จ๊ะ ฮะ นะ ไหม มั้ย ป่าว"
_FILLERS: Final = """
a an and are at by can do does for how i in is it me my of on or please the to us want we what when where which who why
with you your need know tell about
"""
_NAMES_OF_LETTERS: Final = "เอ บี ซี ดี อี เอฟ จี เอช ไอ เจ เค แอล เอ็ม เอ็น โอ พี คิว อาร์ เอส ที ยู วี ดับเบิลยู เอ็กซ์ วาย แซด"
_KEYS_TH: Final = 'ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ'
_KEYS_EN: Final = "1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>?"


def _any_of(words: list[str]) -> str:
    return "|".join(
        re.escape(word) for word in sorted({fold(word) for word in words}, key=lambda one: (-len(one), one))
    )


POLITE: Final = re.compile(_any_of(_POLITE_WORDS.split()))
PARTICLE: Final = re.compile(f"(?:{_any_of(_PARTICLES.split())})+$")
_ONES: Final = {
    **dict(zip(map(fold, ("หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า")), range(1, 10), strict=True)),
    fold("เอ็ด"): 1,
    fold("ยี่"): 2,
}
_POWERS: Final = dict(
    zip(map(fold, ("สิบ", "ร้อย", "พัน", "หมื่น", "แสน", "ล้าน")), (10, 100, 1000, 10_000, 100_000, 1_000_000), strict=True)
)
_UNITS: Final = "วัน ปี เดือน ชั่วโมง นาที บาท คน ครั้ง เล่ม ฉบับ เปอร์เซ็นต์ ตาราง ล้าน กิโล เมตร ไร่ ขวบ ข้อ ประเทศ"
_ANY_DIGIT: Final = _any_of([*_ONES, *_POWERS])
_NUMERAL: Final = re.compile(f"((?:{_ANY_DIGIT})+) ?(?={_any_of(_UNITS.split())})")
_DIGIT: Final = re.compile(_ANY_DIGIT)


def numbers_said(folded: str) -> list[str]:
    """Numbers in Thai words before what they count, in digits: สองร้อยบาท is 200."""
    return [str(_value(_DIGIT.findall(found))) for found in _NUMERAL.findall(folded)]


def _value(words: list[str]) -> int:
    whole = one = 0
    for word in words:
        if word in _ONES:
            one = _ONES[word]
        else:
            whole, one = whole + (one or 1) * _POWERS[word], 0
    return whole + one


ENGLISH_FILLERS: Final = frozenset(_FILLERS.split())
LETTER_NAMES: Final = dict(zip("abcdefghijklmnopqrstuvwxyz", map(fold, _NAMES_OF_LETTERS.split()), strict=True))
KEYBOARD: Final = str.maketrans(dict(zip(_KEYS_EN, _KEYS_TH, strict=False)))  # English key → what it writes in Thai
