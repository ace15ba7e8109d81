"""A basket as JSON, for the pages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from crm.basket.address import look_at
from crm.basket.checks import checks_of, standing_of
from crm.basket.letter import letter_print, size_words
from crm.basket.models import Item
from crm.basket.records import Round, staff_names
from crm.basket.sending import Problem
from crm.basket.words import WORDS
from crm.outbox.reasons import reason_of
from crm.outbox.service import Letter

Names = Mapping[int | None, tuple[str, str]]


def basket_json(
    connection: Connection, one: Round, letters: Sequence[Letter], problems: Sequence[Problem], language: str
) -> dict[str, Any]:
    """Everything that its page and the desk show. ``language``: of whoever looks."""
    basket = one.basket
    people = [person for item in basket.items for person in (item.verified_by, item.second_by, item.added_by)]
    names = staff_names(connection, people)
    written = look_at(one.recipient)
    return {
        "contact_id": one.contact.id,
        "version": basket.version,
        "channel": one.contact.channel,
        "subject": one.subject_th if language == "th" else one.subject_en,
        "question": one.contact.question,
        "fields": {
            "language": one.language,
            "recipient": one.recipient,
            "recipient_name": one.recipient_name,
            "answer": one.answer,
            "note": basket.note or "",
        },
        "own": {name: getattr(basket, name) is not None for name in ("recipient", "recipient_name", "answer")},
        "address": asdict(written),
        "items": [item_json(item, names, language) for item in basket.items],
        "letters": [letter_json(letter, language) for letter in letters],
        "problems": [problem_json(problem, basket.items, language) for problem in problems],
        "confirmed": {
            "how": basket.confirmed_how,
            "at": basket.confirmed_at and basket.confirmed_at.isoformat(),
            "still": basket.confirmed_print == letter_print(one),
        }
        if basket.confirmed_at
        else None,
        "visitor_says": basket.visitor_says,
        "shown": basket.show_key is not None,
        "print": letter_print(one),
    }


def item_json(item: Item, names: Names, language: str) -> dict[str, Any]:
    """An item with its check list and how far its verification is."""
    index = 0 if language == "th" else 1
    words = WORDS[language]
    return {
        "id": item.id,
        "kind": item.kind,
        "kind_name": words[f"kind_{item.kind.value}"],
        "ref": item.ref,
        "title": item.title,
        "html": item.html,
        "text": item.text,
        "url": item.url,
        "warning": item.warning,
        "sensitive": item.sensitive,
        "files": [
            {"name": file.name, "size": size_words(file.size_bytes), "media_type": file.media_type}
            for file in item.files
        ],
        "list": [
            {"name": name, "label": words[f"check_{name}"], "ticked": name in item.checks} for name in checks_of(item)
        ],
        "standing": standing_of(item),
        "standing_name": words[f"standing_{standing_of(item).value}"],
        "verified_by": names.get(item.verified_by, ("", ""))[index],
        "second_by": names.get(item.second_by, ("", ""))[index],
        "second_refusal": item.second_refusal,
        "letter_id": item.letter_id,
    }


def letter_json(letter: Letter, language: str) -> dict[str, Any]:
    """A letter and what became of it, in words."""
    words = WORDS[language]
    reason = reason_of(letter)
    state = "bounced" if letter.bounced_at else letter.state.value
    return {
        "id": letter.id,
        "recipient": letter.recipient,
        "subject": letter.subject,
        "state": state,
        "state_name": words[f"state_{state}"],
        "reason": reason and words[f"reason_{reason.value}"],
        "answer": letter.bounce if letter.bounced_at else letter.answer,
        "created_at": letter.created_at.isoformat(),
        "settled_at": letter.settled_at and letter.settled_at.isoformat(),
        "next_try_at": letter.next_try_at.isoformat() if letter.state.value == "queued" and letter.tries else None,
        "can_be_sent_again": state in {"refused", "uncertain", "bounced"},
        "can_be_taken_back": state in {"refused", "bounced"},
    }


def problem_json(problem: Problem, items: Sequence[Item], language: str) -> dict[str, Any]:
    """What keeps the letter here, in words."""
    title = next((item.title for item in items if item.id == problem.item), "")
    text = WORDS[language][f"problem_{problem.code}"].format(title=title, megabytes="")
    return {"code": problem.code, "item": problem.item, "text": text}
