"""What a dealer is described by, and what is wrong with what somebody wrote. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crm.dealers.models import DealerKind
from crm.people.numbers import normalise
from crm.thai import fold, norm

FIELDS: Final = (
    *("code", "kind", "name_th", "name_en", "contact", "products", "areas", "telephones", "email", "website"),
    *("address", "note"),
)
LONGEST: Final[Mapping[str, int]] = {
    "code": 64, "name_th": 200, "name_en": 200, "contact": 200, "products": 2000, "areas": 2000, "telephones": 300,
    "email": 200, "website": 300, "address": 1000, "note": 2000,
}  # fmt: skip
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {  # what a column may be called, besides its own name
    "code": ("รหัส", "เลขที่"),
    "kind": ("ประเภท",),
    "name_th": ("ชื่อ", "ชื่อภาษาไทย", "name"),
    "name_en": ("ชื่อภาษาอังกฤษ", "english name"),
    "contact": ("ผู้ติดต่อ", "contact person"),
    "products": ("สินค้า", "product"),
    "areas": ("พื้นที่", "จังหวัด", "area"),
    "telephones": ("โทรศัพท์", "เบอร์โทรศัพท์", "telephone", "phone"),
    "email": ("อีเมล", "e-mail"),
    "website": ("เว็บไซต์", "web"),
    "address": ("ที่อยู่",),
    "note": ("หมายเหตุ", "notes"),
}
_LISTS: Final = ("products", "areas", "telephones")
_KINDS: Final[Mapping[str, DealerKind]] = {
    **dict.fromkeys(("", "organisation", "organization", "องค์กร", "บริษัท", "นิติบุคคล"), DealerKind.ORGANISATION),
    **dict.fromkeys(("person", "บุคคล", "บุคคลธรรมดา"), DealerKind.PERSON),
}
_EMAIL: Final = re.compile(r"[^\s@<>,;:\"\\()\[\]]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_WEBSITE: Final = re.compile(r"https?://[^\s<>\"']+", re.I)
_DIGITS: Final = re.compile(r"\+?[0-9]{3,15}")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class FieldFault:
    """``code``: missing, too_long, kind, telephone, email, website."""

    field: str
    code: str


def tidy(told: Mapping[str, str], *, country: str = "TH") -> tuple[dict[str, str], list[FieldFault]]:
    """All fields in their form, and what is wrong with them."""
    values = {name: " ".join(_CONTROL.sub(" ", norm(told.get(name) or "")).split()) for name in FIELDS}
    faults = [FieldFault(name, "too_long") for name, most in LONGEST.items() if len(values[name]) > most]
    if not values["code"]:
        faults.append(FieldFault("code", "missing"))
    if not values["name_th"] and not values["name_en"]:
        faults.append(FieldFault("name_th", "missing"))
    kind = _KINDS.get(fold(values["kind"])) or _KINDS.get(values["kind"])
    if kind is None:
        faults.append(FieldFault("kind", "kind"))
    values["kind"] = kind or DealerKind.ORGANISATION
    for name in _LISTS:
        parts = dict.fromkeys(
            part.strip() for part in re.split("[;,]" if name != "telephones" else "[;,/]", values[name])
        )
        values[name] = "; ".join(part for part in parts if part)
    values["telephones"], good = _numbers(values["telephones"], country)
    if not good:
        faults.append(FieldFault("telephones", "telephone"))
    if values["email"] and not _EMAIL.fullmatch(values["email"]):
        faults.append(FieldFault("email", "email"))
    if values["website"] and "://" not in values["website"]:
        values["website"] = f"https://{values['website']}"
    if values["website"] and not _WEBSITE.fullmatch(values["website"]):
        faults.append(FieldFault("website", "website"))
    return values, faults


def _numbers(text: str, country: str) -> tuple[str, bool]:
    numbers = []
    for part in filter(None, text.split("; ")):
        number = normalise(part, country=country)
        plain = re.sub(r"[\s().-]", "", part)
        if number.recognisable:
            numbers.append(number.number or plain)
        elif _DIGITS.fullmatch(plain):
            numbers.append(plain)  # of a range that is not known to us: numbering plans grow
        else:
            return text, False
    return "; ".join(numbers), True


def column_of(heading: str) -> str | None:
    """Which field a column of this heading is."""
    plain = " ".join(norm(heading).lower().replace("_", " ").split())
    for name in FIELDS:
        if plain in {name.replace("_", " "), *HEADINGS[name]}:
            return name
    return None
