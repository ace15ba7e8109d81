"""Who is what to a card: an officer sees the cards of the own office and no others, and only once they are its."""

from crm.cards.records import Card
from crm.cards.states import Part, is_with_office
from crm.staff.access import Visitor
from crm.staff.models import Role


def part_of(card: Card, who: Visitor) -> Part | None:
    """As what this person acts on this card; None: there is no such card for them."""
    if who.is_one_of(Role.SUPERVISOR):
        return Part.SUPERVISOR
    if who.role is Role.AGENT:
        return Part.AGENT
    own = (card.department is not None and card.department == who.department) or card.to_staff_id == who.staff_id
    return Part.OFFICE if own and is_with_office(card.handover) else None
