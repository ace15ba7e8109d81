"""Numbers, times and dates as lists of prompt ids, in correct Thai and English.

Pure: the caller plays the ids in order. Asterisk's own Thai reads 101 as "ร้อยหนึ่ง" and years as A.D., so it is not used.
Public functions raise ValueError for what cannot be spoken (unknown language, negative or too large numbers).
"""

from datetime import date as Date  # noqa: N812 - `date` is the public function of this module
from datetime import datetime, time, timedelta
from typing import Final

LARGEST: Final = 9_999_999
BUDDHIST_ERA_OFFSET_YEARS: Final = 543
_THAI_PLACES: Final = (
    (1_000_000, "num-lan"),
    (100_000, "num-saen"),
    (10_000, "num-muan"),
    (1_000, "num-pan"),
    (100, "num-roi"),
)
_ENGLISH_PLACES: Final = ((1_000_000, "num-million"), (1_000, "num-thousand"))
_PHONE_GROUPS: Final = {9: (2, 3, 4), 10: (3, 3, 4)}
_SHORT_CODE_DIGITS: Final = 5


def number(language: str, n: int) -> list[str]:
    """A whole number from 0 to 9,999,999 as prompt ids."""
    if not 0 <= n <= LARGEST:
        raise ValueError(f"{n} cannot be spoken: whole numbers from 0 to {LARGEST} can")
    return _thai(n) if _known(language) == "th" else _english(n)


def digits(language: str, text: str) -> list[str]:
    """Telephone digits one by one, with short pauses as people say them: 081 234 5678.

    A Thai number in international form (+66…) is said as it is dialled here (0…); others begin with "plus".
    """
    _known(language)
    lead: list[str] = []
    if text.startswith("+66") and len(text) > 3:
        text = "0" + text[3:]
    elif text.startswith("+"):
        lead, text = ["plus"], text[1:]
    if not (text.isascii() and text.isdigit()):
        raise ValueError("only digits, with or without a + in front, can be spoken digit by digit")
    ids = list(lead)
    for index, group in enumerate(_grouped(text)):
        ids += ["silence-short"] if index else []
        ids += [f"num-{digit}" for digit in group]
    return ids


def position(language: str, n: int) -> list[str]:
    """The place in the queue; 1 is "you are next"."""
    if n < 1:
        raise ValueError(f"{n} is not a place in a queue: the first is 1")
    if n == 1:
        _known(language)
        return ["you-are-next"]
    return ["you-are-number", *number(language, n), "in-the-queue"]


def minutes(language: str, m: int) -> list[str]:
    """The expected wait in whole minutes; 0 is "less than one minute"."""
    if m == 1:
        _known(language)
        return ["expected-wait", "one-minute"]
    said = number(language, m)
    return ["expected-wait", *([*said, "minutes"] if m else ["less-than-one-minute"])]


def clock_time(language: str, at: time) -> list[str]:
    """A time of day. Thai: official 24-hour reading (8 นาฬิกา 30 นาที); English: 12 hours with a.m. or p.m."""
    if _known(language) == "th":
        tail = [*_thai(at.minute), "minute-unit"] if at.minute else []
        return [*_thai(at.hour), "o-clock", *tail]
    half = "pm" if at.hour >= 12 else "am"
    past = ["num-oh", *_english(at.minute)] if 0 < at.minute < 10 else _english(at.minute) if at.minute else []
    return [*_english((at.hour + 11) % 12 + 1), *past, half]


def date(language: str, day: Date, today: Date) -> list[str]:
    """A date with its weekday. The year (Buddhist era in Thai) is said only when it is not today's."""
    weekday, month = f"day-{day.isoweekday() % 7}", f"month-{day.month}"
    other_year = day.year != today.year
    if _known(language) == "th":
        year = ["year-be", *_thai(day.year + BUDDHIST_ERA_OFFSET_YEARS)] if other_year else []
        return [weekday, "date-nth", *_thai(day.day), month, *year]
    return [weekday, "date-the", f"num-nth-{day.day}", month, *(_english_year(day.year) if other_year else [])]


def opening(language: str, opens_at: datetime, now: datetime) -> list[str]:
    """When we open again. Both times are local times of the site, with the same zone (or none)."""
    if opens_at < now:
        raise ValueError("the next opening cannot be in the past")
    if opens_at.date() == now.date():
        day = ["today"]
    elif opens_at.date() == now.date() + timedelta(days=1):
        day = ["tomorrow"]
    else:
        day = date(language, opens_at.date(), now.date())
        if language == "en":
            day = ["date-nth", *day]  # "on Monday …"
    return ["opens-again", *day, "at-time", *clock_time(language, opens_at.time()), "polite-end"]


def vocabulary(language: str) -> frozenset[str]:
    """Every id the functions of this module can compose in the language: all must be there before a call is taken."""
    words = {
        "you-are-number you-are-next in-the-queue expected-wait one-minute less-than-one-minute minutes silence-short",
        "plus opens-again today tomorrow at-time polite-end",
        *(f"day-{n}" for n in range(7)),
        *(f"month-{n}" for n in range(1, 13)),
    }
    if _known(language) == "th":
        words |= {"o-clock minute-unit date-nth year-be num-20 num-et", *(f"num-{n}" for n in range(11))}
        words |= {word for _, word in _THAI_PLACES}
    else:
        words |= {"am pm date-the date-nth num-hundred num-thousand num-million num-and num-oh"}
        words |= {f"num-{n}" for n in (*range(21), *range(30, 100, 10))}
        words |= {f"num-nth-{n}" for n in range(1, 32)}
    return frozenset(word for line in words for word in line.split())


def _known(language: str) -> str:
    if language not in {"th", "en"}:
        raise ValueError(f"numbers cannot be spoken in {language!r}: th and en can")
    return language


def _thai(n: int) -> list[str]:
    if n == 0:
        return ["num-0"]
    ids: list[str] = []
    rest = n
    for size, word in _THAI_PLACES:
        if rest >= size:
            # People say ร้อยเอ็ด for 101 and พันห้า for 1005: a หนึ่ง that would begin the number is left out.
            ids += [word] if rest // size == 1 and not ids and size <= 1_000 else [f"num-{rest // size}", word]
            rest %= size
    tens, ones = divmod(rest, 10)
    if tens:
        ids += {1: ["num-10"], 2: ["num-20"]}.get(tens, [f"num-{tens}", "num-10"])
    if ones:
        # A last 1 is เอ็ด after anything, หนึ่ง alone: 11, 101, 1001.
        ids.append("num-et" if ones == 1 and ids else f"num-{ones}")
    return ids


def _english(n: int) -> list[str]:
    if n == 0:
        return ["num-0"]
    ids: list[str] = []
    rest = n
    for size, word in _ENGLISH_PLACES:
        if rest >= size:
            ids += [*_english(rest // size), word]
            rest %= size
    if rest >= 100:
        ids += [f"num-{rest // 100}", "num-hundred"]
        rest %= 100
    if rest and ids:
        ids.append("num-and")
    if rest > 20:
        ids.append(f"num-{rest - rest % 10}")
        rest %= 10
    if rest:
        ids.append(f"num-{rest}")
    return ids


def _english_year(year: int) -> list[str]:
    """2027 is "twenty twenty-seven"; 2005 is "two thousand and five"."""
    if year % 1000 < 10:
        return _english(year)
    century, rest = divmod(year, 100)
    if rest == 0:
        return [*_english(century), "num-hundred"]
    return [*_english(century), *(["num-oh"] if rest < 10 else []), *_english(rest)]


def _grouped(text: str) -> list[str]:
    if len(text) <= _SHORT_CODE_DIGITS:
        return [text]
    sizes = _PHONE_GROUPS.get(len(text)) or (3,) * (len(text) // 3)
    groups, start = [], 0
    for size in sizes:
        groups.append(text[start : start + size])
        start += size
    left = text[start:]
    if len(left) == 1:  # no digit alone at the end
        groups[-1] += left
    elif left:
        groups.append(left)
    return groups
