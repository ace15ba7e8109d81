"""Dates and times as people here read them: Thai in the Buddhist era, English in the common one."""

from datetime import date, datetime, tzinfo
from typing import Final

BUDDHIST_ERA: Final = 543
LAST_COMMON_YEAR: Final = 2400  # a year from there on is one of the Buddhist era
_DAYS: Final = {
    "th": ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = {
    "th": (
        *("มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน"),
        *("กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_SHORT_MONTHS: Final = {
    "th": ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def year(day: date, language: str) -> int:
    """2569 or 2026."""
    return day.year + BUDDHIST_ERA if language == "th" else day.year


def weekday(number: int, language: str) -> str:
    """``จันทร์`` or ``Monday``; 0 is Monday."""
    return _DAYS[language][number]


def day_of(text: str) -> date | None:
    """The date in ``2026-12-31`` or, with a year of the Buddhist era, ``2569-12-31``; None when it is none."""
    year, separator, rest = text.strip().partition("-")
    if not separator or not year.isdecimal() or len(year) != 4:
        return None
    if int(year) >= LAST_COMMON_YEAR:
        year = str(int(year) - BUDDHIST_ERA)
    try:
        return date.fromisoformat(f"{year}-{rest}")
    except ValueError:
        return None


def long_date(day: date, language: str) -> str:
    """``วันศุกร์ที่ 20 พฤศจิกายน 2569`` (Buddhist era) or ``Friday 20 November 2026``."""
    weekday, month = _DAYS[language][day.weekday()], _MONTHS[language][day.month - 1]
    if language == "th":
        return f"วัน{weekday}ที่ {day.day} {month} {year(day, language)}"
    return f"{weekday} {day.day} {month} {day.year}"


def short_date(day: date, language: str) -> str:
    """``20 พ.ย. 2569`` or ``20 Nov 2026``."""
    return f"{day.day} {_SHORT_MONTHS[language][day.month - 1]} {year(day, language)}"


def clock(at: datetime, zone: tzinfo) -> str:
    """``14:05``, local."""
    return at.astimezone(zone).strftime("%H:%M")


def date_and_time(at: datetime, zone: tzinfo, language: str) -> str:
    """``20 พ.ย. 2569 14:05`` or ``20 Nov 2026 14:05``."""
    return f"{short_date(at.astimezone(zone).date(), language)} {clock(at, zone)}"


def length(seconds: float) -> str:
    """``4:05``, or ``1:02:03`` from an hour on."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
