"""Words on the desk, Thai and English, in three parts."""

from typing import Final

from crm.desk.words_guide import GUIDE
from crm.desk.words_record import RECORD
from crm.desk.words_telephone import TELEPHONE

WORDS: Final[dict[str, dict[str, str]]] = {
    language: {**TELEPHONE[language], **RECORD[language], **GUIDE[language]} for language in ("th", "en")
}
