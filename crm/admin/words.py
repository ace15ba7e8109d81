"""Texts of the administration pages, Thai and English; roles and faults are those of the features themselves."""

from collections.abc import Mapping
from typing import Final

from crm.admin.words_en import ENGLISH
from crm.admin.words_th import THAI
from crm.scripts.words import WORDS as SCRIPTS
from crm.staff.words import WORDS as STAFF
from crm.standards.words import WORDS as STANDARDS
from crm.topics.words import WORDS as TOPICS


def _all(language: str, own: Mapping[str, str]) -> dict[str, str]:
    faults = {
        f"fault_{key}": text for feature in (TOPICS, SCRIPTS, STANDARDS) for key, text in feature[language].items()
    }
    return {**faults, **STAFF[language], **own}


WORDS: Final[dict[str, dict[str, str]]] = {"th": _all("th", THAI), "en": _all("en", ENGLISH)}
