"""An office with transfer cards served to a browser, with a mail server beside it; calls are told by the test."""

from pathlib import Path

from card_office import settings_of
from desk_scenes import CALLER, answer, arrive, made, ring
from desk_server import AGENT, DeskServer
from mail_peer import MailPeer

from ami_listener.events import CallAnswered, CallTransferred, QueueJoined, TransferEnded, TransferResult
from crm.database import writing
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person
from crm.staff import sessions
from crm.staff.access import Visitor
from crm.staff.models import PhoneKind, Role
from hotline.settings import Settings

__all__ = ["AGENT", "CALLER", "CardServer"]


class CardServer(DeskServer):
    """``cookie`` for somsri and prasert (agents), officer (legal), kanya (trade), mali (supervisor)."""

    def __init__(self, folder: Path, mail: MailPeer | None = None) -> None:
        self._mail = mail
        super().__init__(folder)
        self.staff["kanya"] = self._account(
            "kanya", "กัญญา ค้าขาย", "Kanya Khakhai", None, PhoneKind.DESK, Role.OFFICER, department="trade"
        )
        self.staff["mali"] = self._account("mali", "มะลิ หัวหน้า", "Mali", None, PhoneKind.DESK, Role.SUPERVISOR)

    def _settings(self) -> Settings:
        mail = ""
        if self._mail is not None:
            mail = f'[mail]\nserver = "127.0.0.1"\nport = {self._mail.port}\n'
            mail += 'security = "none"\nsender = "1169@hotline.test"'
        return settings_of(self.folder, mail)

    def person(self, name: str = "วิชัย มั่นคง") -> int:
        """Somebody whose number is known."""
        with writing(self.engine) as connection:
            return create_person(connection, Profile(display_name=name), self.now(), normalise(CALLER))

    def talk(self, call: str = "main-1.1", agent: str = AGENT, caller: str = CALLER) -> None:
        """A caller and an agent talk."""
        arrive(self, call, caller)
        ring(self, call, agent)
        answer(self, call, agent)

    def transfer(self, call: str, to: str, agent: str = AGENT, *, picked_up: str | None = "carrier") -> None:
        """The agent's telephone transfers; somebody picks up, or (None) it is busy there."""
        self.play(made(CallTransferred, call, kind="blind", agent=agent, to=to))
        if picked_up:
            self.play(made(CallAnswered, call, queue="", agent=picked_up, agent_channel=f"PJSIP/{picked_up}-1"))
        else:
            self.play(made(TransferEnded, call, to=to, result=TransferResult.BUSY))
            self.play(made(QueueJoined, call, queue="enquiries", pass_number=1))

    def visitor(self, username: str) -> Visitor:
        """Somebody, for a service."""
        with writing(self.engine) as connection:
            token = sessions.begin(connection, self.staff[username], self.now())
            found = sessions.visitor_of(connection, token, self.now())
        assert found is not None
        return found[0]
