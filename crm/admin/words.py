"""Texts of the administration pages, Thai and English; faults and roles are those of `crm.staff.words`."""

from typing import Final

from crm.admin.words_en import ENGLISH
from crm.admin.words_th import THAI
from crm.staff.words import WORDS as STAFF

WORDS: Final[dict[str, dict[str, str]]] = {"th": STAFF["th"] | THAI, "en": STAFF["en"] | ENGLISH}
