"""Whether a letter to an e-mail address has a chance: how it is written, and what was probably meant. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from crm.outbox.service import is_address

# Where people in Thailand have their mail; one letter beside one of these is a typing error, unless it exists itself.
PROVIDERS: Final = (
    "gmail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com", "live.com", "outlook.co.th", "hotmail.co.th",
    "yahoo.co.th", "windowslive.com", "msn.com", "me.com", "protonmail.com", "proton.me", "googlemail.com", "ymail.com",
    "mail.com", "gmx.com", "aol.com", "qq.com", "163.com", "126.com", "live.co.uk", "yahoo.co.jp", "yahoo.co.uk",
    "naver.com", "thaimail.com", "truemail.co.th", "loxinfo.co.th", "csloxinfo.com",
)  # fmt: skip
_ONE_ENDING: Final = {"gmail", "icloud", "googlemail"}  # these have no addresses but with .com
_NO_ENDING: Final = {"hotmail", "outlook", "yahoo", "live", "msn", "ymail", *_ONE_ENDING}
_ENDINGS: Final = {"con": "com", "cpm": "com", "vom": "com", "comm": "com", "cm": "com", "coom": "com", "cmo": "com",
                   "ocm": "com", "nte": "net", "ogr": "org", "ht": "th", "yh": "th"}  # fmt: skip
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_THAI_DIGITS: Final = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_LONGEST_USER: Final = 64


@dataclass(frozen=True, slots=True)
class Written:
    """``address`` cleaned of what comes with copying. ``fault`` None: well written, else a word to be looked up.
    ``meant``: what was probably meant instead."""

    address: str
    fault: str | None = None
    meant: str | None = None


def look_at(text: str) -> Written:
    """Checks the writing of an address and looks for typing errors."""
    address = clean(text)
    if not address:
        return Written("", "empty")
    user, at, domain = address.rpartition("@")
    if not at:
        return Written(address, "no_at")
    if not address.isascii():
        return Written(address, "not_ascii")
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return Written(address, "bad_domain", _meant(user, domain))
    if not is_address(address) or len(user) > _LONGEST_USER or ".." in user or user.startswith(".") or user[-1] == ".":
        return Written(address, "bad_user")
    return Written(address, None, _meant(user, domain))


def clean(text: str) -> str:
    """Without what is around it when it is copied or spoken: <…>, mailto:, commas, spaces, Thai digits."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip().translate(_THAI_DIGITS)
    if found := re.search(r"<([^<>]+)>", text):
        text = found[1]
    text = text.removeprefix("mailto:").strip(" \t\r\n.,;:<>\"'")
    text = re.sub(r"\s*([@.])\s*", r"\1", text.replace("，", "."))
    user, at, domain = text.rpartition("@")
    return f"{user}{at}{domain.lower()}"


def _meant(user: str, domain: str) -> str | None:
    written, domain = domain, domain.replace(",", ".").strip(".")
    if not domain or written in PROVIDERS:
        return None
    name, _, rest = domain.partition(".")
    if name in _ONE_ENDING or (name in _NO_ENDING and not rest):
        return f"{user}@{name}.com"
    head, _, ending = domain.rpartition(".")
    mended = f"{head}.{_ENDINGS[ending]}" if ending in _ENDINGS else domain
    near = next((one for one in PROVIDERS if one == mended or _one_slip(mended, one)), None)
    wanted = near or mended
    return f"{user}@{wanted}" if wanted != written else None


def _one_slip(written: str, meant: str) -> bool:
    """One letter too many, too few, wrong, or two in the wrong order."""
    if written == meant or abs(len(written) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    one, other = written[start:], meant[start:]
    if len(one) == len(other):
        return one[1:] == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:] and len(one) > 1)
    return one[1:] == other if len(one) > len(other) else one == other[1:]
