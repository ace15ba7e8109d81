"""What a server's refusal means for the person who sent the letter, in a word to be looked up (H6). Pure."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from crm.outbox.models import LetterState
from crm.outbox.sender import TOO_LATE
from crm.outbox.service import Letter

_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE: Final = re.compile(r"^([245]\d\d)\b")


class Reason(StrEnum):
    """Why a letter is not (known to be) with its reader."""

    NO_MAILBOX = "no_mailbox"  # the address does not exist there
    NO_DOMAIN = "no_domain"  # nor does the part after the @
    FULL = "full"
    TOO_BIG = "too_big"
    UNWANTED = "unwanted"  # taken for advertising, or by their rules
    NOT_OURS = "not_ours"  # our own server does not let us send: a matter for the administrator
    AWAY = "away"  # the server was not reached, or asks for patience: it is tried again
    NEVER_REACHED = "never_reached"  # for days, and nobody tries any more
    CUT = "cut"  # nobody knows
    LATE = "late"
    FILE_GONE = "file_gone"
    OTHER = "other"


_BY_ENHANCED: Final = {
    ("1", "1"): Reason.NO_MAILBOX,
    ("1", "2"): Reason.NO_DOMAIN,
    ("1", "3"): Reason.NO_MAILBOX,
    ("1", "6"): Reason.NO_MAILBOX,
    ("1", "10"): Reason.NO_MAILBOX,  # RFC 7505 means a domain that takes no mail; Exchange says it of unknown people
    ("2", "1"): Reason.NO_MAILBOX,
    ("2", "2"): Reason.FULL,
    ("2", "3"): Reason.TOO_BIG,
    ("3", "4"): Reason.TOO_BIG,
    ("4", "1"): Reason.AWAY,
    ("4", "3"): Reason.NO_DOMAIN,
    ("4", "4"): Reason.NO_DOMAIN,
    ("7", "0"): Reason.NOT_OURS,
    ("7", "8"): Reason.NOT_OURS,
}
# Codes that are used for something else than they mean: these words go first.
_PLAIN_WORDS: Final = (
    (Reason.FILE_GONE, ("is not there any more",)),
    (Reason.NO_DOMAIN, ("null mx",)),
    (Reason.NO_MAILBOX, ("recipient address rejected: access denied", "recipientnotfound")),
)
_OUR_FAULT: Final = ("relay", "authentication", "not allowed to send", "not from you", "password")
_BY_WORDS: Final = (
    (Reason.NO_DOMAIN, ("null mx", "nxdomain", "domain not found", "host not found", "name not found")),
    (Reason.NO_DOMAIN, ("no such domain", "no such host", "unrouteable", "unknown domain", "domain does not exist")),
    (Reason.NO_MAILBOX, ("user unknown", "unknown user", "no such user", "no such mailbox", "does not exist")),
    (Reason.NO_MAILBOX, ("recipient not found", "mailbox unavailable", "no mailbox here")),
    (Reason.FULL, ("mailbox full", "mailbox is full", "over quota", "quota exceeded", "disk full", "กล่องจดหมายเต็ม")),
    (Reason.TOO_BIG, ("too large", "too big", "size limit", "exceeds")),
    (Reason.NOT_OURS, _OUR_FAULT),
    (Reason.UNWANTED, ("spam", "blocked", "blacklist", "policy", "reputation")),
)


def reason_of(letter: Letter) -> Reason | None:
    """Why it is not with its reader; None for a letter that is, or has not been tried."""
    if letter.bounced_at is not None:
        return _for_good(reason_for(letter.bounce or ""))
    if letter.state is LetterState.UNCERTAIN:
        return Reason.CUT
    if letter.state is LetterState.SENT or letter.answer is None:
        return None
    reason = reason_for(letter.answer)
    return _for_good(reason) if letter.state is LetterState.REFUSED else reason


def _for_good(reason: Reason) -> Reason:
    """Whoever was away at the last try is not tried again."""
    return Reason.NEVER_REACHED if reason is Reason.AWAY else reason


def reason_for(answer: str) -> Reason:
    """The meaning of a server's words."""
    if answer == TOO_LATE:
        return Reason.LATE
    small = answer.lower()
    return (
        _by_words(small, _PLAIN_WORDS) or _by_code(answer, small) or _by_words(small, _BY_WORDS) or _by_number(answer)
    )


def _by_code(answer: str, small: str) -> Reason | None:
    found = _ENHANCED.search(answer)
    if found is None:
        return None
    known = _BY_ENHANCED.get((found[2], found[3]))
    if known is None and found[2] == "7":
        known = Reason.NOT_OURS if any(word in small for word in _OUR_FAULT) else Reason.UNWANTED
    return known


def _by_words(small: str, lists: Iterable[tuple[Reason, Sequence[str]]]) -> Reason | None:
    return next((reason for reason, words in lists if any(word in small for word in words)), None)


def _by_number(answer: str) -> Reason:
    code = _CODE.match(answer) or _ENHANCED.match(answer)
    if code is None or code[1].startswith("4"):
        return Reason.AWAY
    return {"550": Reason.NO_MAILBOX, "551": Reason.NO_MAILBOX, "552": Reason.FULL}.get(code[1], Reason.OTHER)
