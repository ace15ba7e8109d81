"""Lines of the audit as sentences for people. What has no words here is shown as it is kept."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from crm.admin.audit_terms import ACTIONS, FIELDS, KINDS, SUBJECTS, VALUES
from crm.audit.service import SYSTEM, AuditLine
from crm.cards.words import WORDS as CARDS
from crm.web.dates import BUDDHIST_ERA, date_and_time
from crm.web.figures import percent

_YES, _NO = ("ใช่", "yes"), ("ไม่ใช่", "no")
_NOTHING: Final = "–"


def text_of(action: str, language: str) -> str:
    """An action in words; of a transfer card those of its own story; else its kind and how it is kept."""
    if action in ACTIONS:
        return _in(language, ACTIONS[action])
    kind, _, what = action.partition(".")
    if kind == "card" and (told := CARDS[language].get(f"what_{what}")):
        return told
    return f"{kind_of(kind, language)}: {what.replace('_', ' ')}" if kind in KINDS else action


def kind_of(kind: str, language: str) -> str:
    """A kind of action in words."""
    return _in(language, KINDS.get(kind, (kind, kind)))


def field_of(name: str, language: str) -> str:
    """What a detail is called."""
    return _in(language, FIELDS.get(name, (name, name)))


def subject_of(subject: str, names: Mapping[str, str], language: str) -> str:
    """What was done to: by name, else its kind and number."""
    kind, separator, which = subject.partition("/")
    told = SUBJECTS.get(kind) or KINDS.get(kind)
    if subject in names or not separator or told is None:
        return names.get(subject, subject)
    return f"{_in(language, told)} {which}"


def sentences(line: AuditLine, language: str, zone: tzinfo) -> dict[str, Any]:
    """What a line says: ``who`` did it, ``what`` was done, and ``details``, each a name, what was and what is (or None
    and what is)."""
    details: list[tuple[str, str | None, str]] = []
    for name, value in line.details.items():
        if name == "changes" and isinstance(value, Mapping):
            for field, pair in value.items():
                details.append((field_of(field, language), *_old_and_new(field, pair, language)))
        elif name == "number" and line.action.startswith("card."):
            details.append((_in(language, ("เลขที่การ์ด", "card")), None, plain(value)))
        elif value not in (None, "", {}, []):
            told = _moment(value, language, zone) if name.endswith("_at") else None
            details.append((field_of(name, language), None, told or value_of(name, value, language)))
    who = _in(language, ("ระบบ", "the system")) if line.who == SYSTEM else line.who
    return {"who": who, "what": text_of(line.action, language), "details": details}


def _moment(value: Any, language: str, zone: tzinfo) -> str | None:
    try:
        return date_and_time(datetime.fromisoformat(str(value)), zone, language)
    except ValueError:
        return None


def value_of(name: str, value: Any, language: str) -> str:
    """A value of the detail ``name`` as people say it."""
    if isinstance(value, bool):
        return _in(language, _YES if value else _NO)
    if name == "score" and isinstance(value, (int, float)):
        return f"{percent(value)} %"
    if name == "birth_year" and isinstance(value, int):
        return str(value + (BUDDHIST_ERA if language == "th" else 0))
    known = VALUES.get(name, {}).get(value) if isinstance(value, str) else None
    return _in(language, known) if known else plain(value)


def plain(value: Any) -> str:
    """A value of the details, short."""
    if value in (None, "", {}, []):
        return _NOTHING
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value)


def _old_and_new(name: str, pair: Any, language: str) -> tuple[str | None, str]:
    if isinstance(pair, list) and len(pair) == 2:
        return value_of(name, pair[0], language), value_of(name, pair[1], language)
    return None, value_of(name, pair, language)


def _in(language: str, words: tuple[str, str]) -> str:
    return words[0] if language == "th" else words[1]
