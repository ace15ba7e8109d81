"""The knowledge base's pages and requests, served without a network over a database."""

from typing import Any

import httpx
from records_rig import RecordsRig, RememberingHub

from crm.staff.access import Access
from hotline.office.house import house_of
from hotline.office.knowledge import make_knowledge
from hotline.office.records import Records


class KnowledgeRig(RecordsRig):
    """Editors are vipa (supervisor) and niti (officer), somsri is an agent."""

    async def _build(self) -> None:
        self.hub = RememberingHub()
        access = Access(self.engine, self.clock)
        house = house_of(self.settings, "0")
        self.records = Records(self, self.hub, access, house)
        self.records.routers += make_knowledge(self, access, house).routers

    def page(self, path: str, username: str = "somsri", status: int = 200) -> str:
        """The text of a page."""
        answer = self.client(username).get(path)
        assert answer.status_code == status, answer.text[:2000]
        return answer.text

    def post(self, path: str, username: str = "vipa", status: int = 303, **fields: Any) -> httpx.Response:
        """A form of a page."""
        client = self.client(username)
        answer = client.post(path, data={"csrf": self._csrf[username], **fields})
        assert answer.status_code == status, answer.text[:2000]
        return answer

    def bring(self, path: str, name: str, content: bytes, username: str = "vipa") -> httpx.Response:
        """A file."""
        client = self.client(username)
        headers = {"X-CSRF-Token": self._csrf[username], "X-File-Name": name, "Accept": "application/json"}
        return client.request("POST", path, content=content, headers=headers)
