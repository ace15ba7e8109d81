"""A desk with a knowledge base of some articles and a mail server."""

from datetime import date
from pathlib import Path

from desk_server import DeskServer
from mail_peer import MailPeer

from crm.database import writing
from crm.knowledge.articles import Draft
from crm.knowledge.service import hand_in, publish, verify, write_article
from crm.staff.models import PhoneKind, Role
from hotline.settings import Settings, parse
from hotline.settings_file import first_settings


class _Doer:
    def __init__(self, staff_id: int, username: str) -> None:
        self.staff_id, self.username = staff_id, username


class BasketDesk(DeskServer):
    """Its letters go to ``peer``."""

    def __init__(self, folder: Path, peer: MailPeer) -> None:
        self.peer = peer
        super().__init__(folder)
        self.staff["vipa"] = self._account("vipa", "วิภา รักงาน", "Vipa Rakngan", None, PhoneKind.DESK, Role.SUPERVISOR)

    def _settings(self) -> Settings:
        text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "."\n', 1)
        mail = f'server = "127.0.0.1"\nport = {self.peer.port}\nsecurity = "none"\nsender = "1169@hotline.test"\n'
        text = text.replace("\n[mail]\n", f"\n[mail]\n{mail}", 1)
        path = self.folder / "hotline.toml"
        path.write_text(text, "utf-8")
        return parse(text, path)

    def article(self, question: str, answer: str, valid_until: date | None = None) -> int:
        """Written, verified by a second person, published."""
        author, second = _Doer(self.staff["somsri"], "somsri"), _Doer(self.staff["vipa"], "vipa")
        draft = Draft(question_th=question, answer_th=answer, valid_until=valid_until)
        with writing(self.engine) as connection:
            article = write_article(connection, draft, self.now(), author, "Somsri")
            hand_in(connection, article, self.now(), author)
            verify(connection, article, self.now(), second, "Vipa")
            publish(connection, article, self.now(), second)
        return article
