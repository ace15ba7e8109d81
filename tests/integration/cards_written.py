"""A card as an agent writes it, and a text that would like to be a script."""

from card_office import CardOffice

from crm.cards.drafts import CardDraft
from crm.cards.records import Card
from crm.database import reading
from crm.directory.service import resolve

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


def written(office: CardOffice, key: str = "legal", **more: object) -> Card:
    with reading(office.engine) as connection:
        target = resolve(connection, office.settings, "department", key)
    values = {"target": target, "why": "เหตุผล", "question": "คำถาม", "without_call": True, **more}
    return office.cards.create(CardDraft(**values), office.visitor("somsri"))  # type: ignore[arg-type]
