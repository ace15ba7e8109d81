"""The summary of a contact as it drafts itself, from subject, articles used and what was sent; the agent corrects it
(H9). Pure."""

from collections.abc import Sequence
from typing import Final

from crm.basket.models import Item
from crm.basket.words import WORDS

LONGEST_QUESTION: Final = 300
MOST_TITLES: Final = 8


def draft_summary(
    *,
    language: str,
    subject: str,
    question: str | None,
    office: str | None,
    items: Sequence[Item],
    used: Sequence[str] = (),
    letters: int = 0,
) -> str:
    """Some lines. ``used``: titles of what answered it, besides what lies in the basket; ``letters``: how many left."""
    words = WORDS[language]
    given = list(dict.fromkeys([*used, *(item.title for item in items if item.sent_at is None)]))
    sent = [item.title for item in items if item.sent_at is not None]
    given = [title for title in given if title not in sent]
    asked = " ".join((question or "").split())
    if len(asked) > LONGEST_QUESTION:
        asked = asked[:LONGEST_QUESTION] + "…"
    lines = [
        words["draft_subject"].format(subject=subject) if subject else "",
        words["draft_question"].format(question=asked) if asked else "",
        words["draft_given"].format(titles=_listed(given)) if given else "",
        words["draft_sent"].format(titles=_listed(sent)) if sent else "",
        words["draft_letter"] if letters and not sent else "",
        words["draft_office"].format(office=office) if office else "",
    ]
    return "\n".join(filter(None, lines))


def _listed(titles: Sequence[str]) -> str:
    more = len(titles) - MOST_TITLES
    return "; ".join(titles[:MOST_TITLES]) + (f" (+{more})" if more > 0 else "")
