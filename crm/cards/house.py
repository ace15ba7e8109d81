"""What cards need of the installation: whose they are, when they are due, and to whom letters go."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import Connection, select

from crm.calendar.opening import Opening
from crm.calendar.working_time import due_after
from crm.cards.ledger import SYSTEM, Work, change, step
from crm.cards.letters import LetterKind, Sheet, subject, text
from crm.cards.links import Links
from crm.cards.records import Card
from crm.cards.states import CardState, Part, is_with_office
from crm.outbox import service as outbox
from crm.outbox.service import Draft
from crm.settings import CardSettings
from crm.staff.models import Role, staff
from dialplan.site import HotlineSite

USELESS_AFTER = timedelta(days=7)  # a letter that has not left by then tells of a time long past


@dataclass(frozen=True, slots=True, kw_only=True)
class CardHouse:
    """Given once. ``site``: settings with today's people and departments; ``opening``: the calendar as last read."""

    site: Callable[[], HotlineSite]
    times: CardSettings
    opening: Callable[[], Opening]
    links: Links
    zone: tzinfo

    # --- time

    def office_due(self, department: str | None, start: datetime) -> datetime:
        """When the office's next step is due: its own time, or that of all."""
        found = next((one for one in self.site().departments if one.name == department), None)
        days, hours = (found or self.times).answer_days, (found or self.times).answer_hours
        return due_after(self.opening(), start, days, hours)

    def agent_due(self, start: datetime) -> datetime:
        """When the agent's next step is due."""
        return due_after(self.opening(), start, self.times.answer_days, self.times.answer_hours)

    def next_due(self, card: Card, start: datetime) -> datetime | None:
        """When the card's next step is due, whoever's it is; None when it is closed."""
        if card.turn is None:
            return None
        return self.agent_due(start) if card.turn is Part.AGENT else self.office_due(card.department, start)

    # --- letters

    def write_office(self, work: Work, card: Card, kind: LetterKind) -> Card:
        """Puts the letters to the office into the outbox, with links of their own. An incomplete card is not sent at
        once: the keeper does it later (``office_told_at`` stays empty)."""
        if card.state is CardState.CLOSED or not is_with_office(card.handover):
            return card
        addresses = self.office_addresses(work.connection, card)
        for address in addresses:
            self._put(work, card, kind, address, with_link=True)
        if addresses:
            step(work, card, SYSTEM, "letter", kind=kind.value, letters=len(addresses))
        return change(work, card, office_told_at=work.at)

    def write_supervisors(self, work: Work, card: Card) -> None:
        """Tells supervisors by letter that a card is overdue."""
        query = select(staff.c.email).where(staff.c.role == Role.SUPERVISOR, staff.c.active)
        for address in self._usable(work.connection.scalars(query)):
            self._put(work, card, LetterKind.OVERDUE_SUPERVISOR, address, with_link=False)

    def office_addresses(self, connection: Connection, card: Card) -> list[str]:
        """Where the office reads letters: the officer's own address, else the department's, else its officers'."""
        if card.to_staff_id is not None:
            own = self._usable(connection.scalars(select(staff.c.email).where(staff.c.id == card.to_staff_id)))
            if own:
                return own
        if card.department is None:
            return []
        department = next((one for one in self.site().departments if one.name == card.department), None)
        if department is not None and department.email:
            return [department.email]
        officers = select(staff.c.email).where(staff.c.department == card.department, staff.c.active)
        return self._usable(connection.scalars(officers.where(staff.c.role == Role.OFFICER).order_by(staff.c.id)))

    @staticmethod
    def _usable(addresses: Iterable[str | None]) -> list[str]:
        return [address for address in addresses if address and outbox.is_address(address)]

    def _put(self, work: Work, card: Card, kind: LetterKind, address: str, *, with_link: bool) -> None:
        site = self.site().site
        language = site.languages[0]
        until = work.at + self.links.lasts if with_link else None
        link = self.links.to_card(card, work.at) if with_link else self.links.to_page(f"/cards/{card.id}")
        sheet = Sheet(
            kind=kind,
            card=card,
            house=site.name_th if language == "th" else site.name_en,
            language=language,
            zone=self.zone,
            link=link,
            link_until=until,
        )
        draft = Draft(
            kind=f"card.{kind.value}",
            recipient=address,
            subject=subject(sheet),
            text=text(sheet),
            about=f"card/{card.id}",
            useless_after=work.at + USELESS_AFTER,
        )
        outbox.put(work.connection, draft, work.at)
