"""The evaluation set of the search: texts, questions of every kind, and how well the right text is found.

`knowledge/corpus.jsonl` are 73 texts as a knowledge base has them (examples: nobody answers for what they say);
`knowledge/questions.jsonl` questions written by hand. To the texts come 77 of one pattern, one a province, and as many
others as wanted, made of pieces of the same texts and of invented words. Every question is also asked without blanks,
without tone marks, with one and with two typing errors, with Thai digits, and as a PDF gives it.

The questions are parted in two halves by their number: **tuning** was looked at while the method was chosen, **held
out** was not.

A second set is asked in the same index: `knowledge/services.jsonl`, 306 texts on subjects the method was not chosen for
(health, tax, land, transport, municipalities, consumers), most of them in fours that differ only in what they tell of
one matter (papers, fee, time, place); every fifth stands there as a PDF gives it. Its 156 questions
(`services_questions.jsonl`) are harder. It showed where the method failed, so both its halves are **second set** now.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from crm.database import writing
from crm.people.provinces import PROVINCES
from crm.search.models import Entry, Kind
from crm.search.packing import BLOCK
from crm.search.service import write_entries

FOLDER = Path(__file__).with_name("knowledge")
AT_ONCE = BLOCK
TARGETS = (0.72, 0.86, 0.83)  # first, among the first three, mean reciprocal rank
HALVES = ("tuning", "held out", "second set")
SECOND = "services.jsonl"
TONES = re.compile("[\u0e48-\u0e4b]")
DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
GLYPHS = str.maketrans({"\u0e48": "\uf70a", "\u0e49": "\uf70b", "\u0e4c": "\uf70e", "\u0e33": "\u0e4d\u0e32"})
BEGINS, ENDS = "กขคจชดตทนบปพมรลวสหอ", ("า", "ี", "ุ", "ู", "ัน", "ง", "ม", "ิต", "ร", "ะ", "้อ", "่า")
PROVINCE_QUESTIONS = (*("พาณิชย์จังหวัด{} อยู่ที่ไหน", "ติดต่อพาณิชย์{}", "สำนักงานพาณิชย์ จ.{} เบอร์อะไร", "ร้องเรียนราคาสินค้าที่{}"),)


@dataclass(frozen=True)
class Asked:
    """One question: its kind, which half it is of, and the number of the text that answers it."""

    kind: str
    half: str
    question: str
    answer: int


@dataclass
class Ranks:
    """Where the right texts were: 1 first, 0 not among the ten."""

    ranks: list[int] = field(default_factory=list)

    @property
    def first(self) -> float:
        """Share found first."""
        return sum(rank == 1 for rank in self.ranks) / len(self.ranks)

    @property
    def among_three(self) -> float:
        """Share found among the first three."""
        return sum(1 <= rank <= 3 for rank in self.ranks) / len(self.ranks)

    @property
    def mean_reciprocal(self) -> float:
        """Mean reciprocal rank."""
        return sum(1 / rank for rank in self.ranks if rank) / len(self.ranks)


def texts(others: int) -> Iterator[Entry]:
    """All texts, numbered from 1: those of the file, one a province, the second set, and ``others``."""
    rows = _rows("corpus.jsonl")
    for number, row in enumerate(rows, 1):
        also = tuple(row.get("also_asked_as", ()))
        yield Entry(kind=Kind.ARTICLE, ref=number, shelf="article", title=row["title"], body=row["text"], also=also)
    number = len(rows)
    for province in PROVINCES:
        number += 1
        body = (
            f"สำนักงานพาณิชย์จังหวัด{province.th} ให้บริการจดทะเบียนธุรกิจ รับเรื่องร้องเรียนราคาสินค้า "
            f"และส่งเสริมการตลาดในจังหวัด{province.th} ({province.en})"
        )
        yield Entry(kind=Kind.ARTICLE, ref=number, shelf="article", title="", body=body)
    for place, row in enumerate(_rows(SECOND)):
        number += 1
        body = row["text"] if place % 5 < 4 else _out_of_pdf(row["text"], random.Random(row["id"]))
        yield Entry(kind=Kind.ARTICLE, ref=number, shelf="article", title=row.get("title", ""), body=body)
    for body in _others(others, [row["text"] for row in rows]):
        number += 1
        yield Entry(kind=Kind.ARTICLE, ref=number, shelf="article", title="", body=body)


def _others(count: int, known: Sequence[str]) -> Iterator[str]:
    """Texts that answer nothing: pieces of the others, and invented words, some of which are frequent."""
    chance = random.Random(1169)
    words = [
        "".join(chance.choice(BEGINS) + chance.choice(ENDS) for _ in range(chance.randint(1, 4))) for _ in range(9000)
    ]
    for _ in range(count):
        parts = []
        for _ in range(chance.randint(8, 45)):
            if chance.random() < 0.3:
                text = chance.choice(known)
                start = chance.randrange(max(1, len(text) - 12))
                parts.append(text[start : start + chance.randint(3, 12)])
            else:
                parts.append(words[min(len(words) - 1, int(chance.paretovariate(0.7)) - 1)])
        yield "".join(part + (" " if chance.random() < 0.2 else "") for part in parts)


def questions() -> Iterator[Asked]:
    """All questions in all ways of asking."""
    rows = _rows("corpus.jsonl")
    numbers = {row["id"]: number for number, row in enumerate(rows, 1)}
    asked = [(row["kind"], row["question"], numbers[row["answer"]]) for row in _rows("questions.jsonl")]
    for place, province in enumerate(PROVINCES):
        if place % 4 == 0:
            question = PROVINCE_QUESTIONS[place // 4 % len(PROVINCE_QUESTIONS)].format(province.th)
            asked.append(("one of 77 alike", question, len(rows) + place + 1))
    for place, (kind, question, answer) in enumerate(asked):
        yield from _in_all_ways(kind, HALVES[place % 2], question, answer)
    first = len(rows) + len(PROVINCES) + 1
    numbers = {row["id"]: number for number, row in enumerate(_rows(SECOND), first)}
    for row in _rows("services_questions.jsonl"):
        yield from _in_all_ways(row["kind"], HALVES[2], row["question"], numbers[row["answer"]])


def _in_all_ways(kind: str, half: str, question: str, answer: int) -> Iterator[Asked]:
    yield Asked(kind, half, question, answer)
    for changed_kind, changed in _changed(question):
        yield Asked(changed_kind, half, changed, answer)


def _changed(question: str) -> Iterator[tuple[str, str]]:
    chance = random.Random(question)
    yield "without blanks", question.replace(" ", "")
    yield "without tone marks", TONES.sub("", question)
    yield "one typing error", _mistyped(question, chance, 1)
    yield "two typing errors", _mistyped(question, chance, 2)
    yield "out of a PDF", _out_of_pdf(question, chance)
    if re.search("[0-9]", question):
        yield "Thai digits", question.translate(DIGITS)


def _out_of_pdf(text: str, chance: random.Random) -> str:
    return "".join(letter + (" " if chance.random() < 0.08 else "") for letter in text.translate(GLYPHS))


def _mistyped(question: str, chance: random.Random, errors: int) -> str:
    letters = list(question)
    for _ in range(errors):
        places = [place for place, letter in enumerate(letters) if "ก" <= letter <= "๎" or letter.isalpha()]
        if len(places) < 4:
            break
        place = chance.choice(places)
        kind = chance.randrange(4)
        if kind == 0:
            del letters[place]
        elif kind == 1:
            letters.insert(place, letters[place])
        elif kind == 2 and place + 1 < len(letters):
            letters[place], letters[place + 1] = letters[place + 1], letters[place]
        else:
            letters[place] = chance.choice("กดเาสวงรนยบลพะัีฟหป")
    return "".join(letters)


def judge(find: Callable[[str], Sequence[int]], asked: Sequence[Asked]) -> dict[tuple[str, str], Ranks]:
    """(kind, half) → where the right texts were; the kind ``all`` is all of them."""
    judged: dict[tuple[str, str], Ranks] = {}
    for one in asked:
        found = list(find(one.question))[:10]
        rank = found.index(one.answer) + 1 if one.answer in found else 0
        for kind in (one.kind, "all"):
            judged.setdefault((kind, one.half), Ranks()).ranks.append(rank)
    return judged


def _rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (FOLDER / name).read_text("utf-8").splitlines()]


def fill(engine: Engine, others: int) -> int:
    """Writes the texts; returns how many."""
    entries = list(texts(others))
    for start in range(0, len(entries), AT_ONCE):
        with writing(engine) as connection:
            write_entries(connection, entries[start : start + AT_ONCE])
    return len(entries)
