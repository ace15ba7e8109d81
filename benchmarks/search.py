"""How quickly people are found by name among a hundred thousand, on SQLite: whole names, beginnings, typing errors."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from benchmarks.report import Figure
from crm.database import open_engine, reading, upgrade, writing
from crm.people.models import Profile, people
from crm.people.search import index_people, search

PEOPLE = 100_000
SEARCHES = 200
AT = datetime(2026, 11, 20, tzinfo=UTC)
FIRST = (
    *("สมชาย", "สมหญิง", "สมศรี", "สมศักดิ์", "ณัฐพงศ์", "ณัฐวุฒิ", "วรรณา", "มานะ", "มานี", "ปรีชา", "ประเสริฐ", "วิภา"),
    *("วิชัย", "สุรชัย", "สุนทร", "นภา", "อรุณ", "กิตติ", "ธนา", "จันทร์เพ็ญ"),
)
SYLLABLES = [begin + end for begin in "กขคจชดตทนบปพมรลวสหอ" for end in ("า", "ี", "ุ", "ู", "ัน", "ง", "ม", "ิต", "ร")]


def names(count: int) -> list[tuple[str, str]]:
    """First and last names: few of the one, most of the other different, as in Thailand."""
    chance = random.Random(1169)
    return [
        (
            chance.choice(FIRST) + chance.choice(("", "", "ชัย", "พร", "วัฒน์")),
            "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))),
        )
        for _ in range(count)
    ]


def figures(folder: Path, say: Callable[[str], None]) -> list[Figure]:
    """Makes them, and measures each way of asking."""
    engine = open_engine(f"sqlite:///{folder / 'search.sqlite3'}")
    upgrade(engine)
    known = names(PEOPLE)
    begun = time.monotonic()
    for start in range(0, PEOPLE, 2000):
        some = dict(enumerate(known[start : start + 2000], start + 1))
        with writing(engine) as connection:
            rows = [
                {"id": one, "display_name": f"{first} {last}", "first_name": first, "last_name": last}
                for one, (first, last) in some.items()
            ]
            connection.execute(insert(people), [row | {"created_at": AT, "updated_at": AT} for row in rows])
            profiles = {one: Profile(display_name=" ".join(name), first_name=name[0], last_name=name[1])
                        for one, name in some.items()}  # fmt: skip
            index_people(connection, profiles)
    say(f"{PEOPLE:,} people written with their words in {time.monotonic() - begun:.0f} s")
    ways: dict[str, Callable[[str, str], str]] = {
        "first and last name": lambda first, last: f"{first} {last}",
        "beginning of a last name": lambda _first, last: last[:4],
        "a common first name": lambda first, _last: first,
        "a letter left out": lambda first, last: f"{first} {last[:2]}{last[3:]}",
    }
    chance = random.Random(9)
    found = []
    with reading(engine) as connection:
        search(connection, "อุ่นเครื่อง")
        for way, asked in ways.items():
            times = []
            for _ in range(SEARCHES):
                question = asked(*chance.choice(known))
                begin = time.perf_counter()
                search(connection, question)
                times.append((time.perf_counter() - begin) * 1000)
            p95 = round(sorted(times)[int(SEARCHES * 0.95)], 1)
            found.append(Figure(f"search by {way}: p95", p95, "ms", "≤ 100 ms", p95 <= 100))
    engine.dispose()
    return found
