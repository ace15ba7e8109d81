"""Baskets served without a network, with a knowledge base of a few pieces that a test can change."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
from fastapi import FastAPI
from records_rig import RecordsRig
from sqlalchemy import Connection, Engine
from web_client import WebClient

from crm.basket.models import ItemFile
from crm.basket.ports import Hit, Piece
from crm.database import reading, writing
from crm.outbox.models import LetterState
from crm.outbox.service import Letter, letters_about, settle
from crm.staff.access import COOKIE, Access, Visitor
from crm.web.app import create_app
from hotline.office.basket import make_baskets
from hotline.office.house import house_of
from hotline.office.mail import make_mail
from hotline.settings import Settings

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


class FewPieces:
    """A knowledge base. ``pieces``: by kind and ref."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[str, str], Piece] = {}
        self.told: list[tuple[str, str, str]] = []

    def put(self, kind: str, ref: str, title: str, **more: Any) -> Piece:
        piece = Piece(kind=kind, ref=ref, title=title, version=more.pop("version", "1"), **more)
        self.pieces[kind, ref] = piece
        return piece

    def change(self, kind: str, ref: str, **more: Any) -> None:
        self.pieces[kind, ref] = replace(self.pieces[kind, ref], **more)

    def search(self, connection: Connection, question: str, who: Visitor, language: str, limit: int) -> Sequence[Hit]:
        words = question.lower().split()
        found = [piece for piece in self.pieces.values() if any(word in piece.title.lower() for word in words)]
        return [_hit(piece) for piece in found[:limit]]

    def suggest(
        self, connection: Connection, topic_id: int | None, subject: str, who: Visitor, language: str
    ) -> Sequence[Hit]:
        return [_hit(piece) for piece in list(self.pieces.values())[:2]]

    def item(self, connection: Connection, kind: str, ref: str, who: Visitor, language: str) -> Piece | None:
        return self.pieces.get((kind, ref))

    def answered(
        self, connection: Connection, kind: str, ref: str, question: str, topic_id: int | None, who: Visitor
    ) -> None:
        self.told.append((kind, ref, question))


def _hit(piece: Piece) -> Hit:
    return Hit(kind=piece.kind, ref=piece.ref, title=piece.title, warning=piece.warning, sensitive=piece.sensitive)


class BasketRoom(RecordsRig):
    """People, contacts, baskets and letters over one database."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.knowledge = FewPieces()
        super().__init__(engine, settings)
        settings.state.mkdir(exist_ok=True)

        async def build() -> None:
            access, house = Access(engine, self.clock), house_of(settings, "0")
            self.mail = make_mail(self, self.hub)
            routers = make_baskets(self, self.hub, access, house, self.mail, self.knowledge)
            self._app = create_app([*self.records.routers, *self.mail.routers, *routers])

        self._runner.run(build())

    def contact(self, username: str = "somsri", channel: str = "telephone", **fields: Any) -> int:
        """A record of somebody's, with the given fields."""
        body = {"channel": channel, "language": "th"}
        contact_id: int = self.send("POST", "/api/contacts", body, username)["id"]
        if fields:
            self.send("PATCH", f"/api/contacts/{contact_id}", {"changes": fields}, username)
        return contact_id

    def put_in(self, contact_id: int, kind: str, ref: str, username: str = "somsri") -> dict[str, Any]:
        """Puts a piece in; the item."""
        basket = self.send("POST", f"/api/basket/{contact_id}/items", {"kind": kind, "ref": ref}, username)
        return next(item for item in basket["items"] if (item["kind"], item["ref"]) == (kind, ref))

    def drop(self, contact_id: int, content: bytes, name: str, username: str = "somsri") -> Any:
        """Drops a file in; the answer."""
        client = self.client(username)
        headers = {"X-CSRF-Token": self._csrf[username], "Accept": "application/json"}
        path = f"/api/files/basket/{contact_id}"
        return client.request("POST", path, content=content, headers=headers, params={"name": name, "lang": "en"})

    def verify(self, contact_id: int, item: dict[str, Any], username: str = "somsri") -> dict[str, Any]:
        """Ticks everything of an item's list; the item."""
        path = f"/api/basket/{contact_id}/items/{item['id']}/checks"
        basket = self.send("PUT", path, {"checks": [check["name"] for check in item["list"]]}, username)
        return next(one for one in basket["items"] if one["id"] == item["id"])

    def deliver(self, contact_id: int, username: str = "somsri") -> Any:
        """Looks at the preview and sends; the answer."""
        seen = self.get(f"/api/basket/{contact_id}/preview", username)["print"]
        return self.ask("POST", f"/api/basket/{contact_id}/send?lang=en", {"seen": seen}, username)

    def problems(self, contact_id: int) -> list[str]:
        """Codes of what keeps the letter here."""
        return [problem["code"] for problem in self.get(f"/api/basket/{contact_id}")["problems"]]

    def letters(self, contact_id: int) -> list[Letter]:
        with reading(self.engine) as connection:
            return letters_about(connection, f"contact/{contact_id}")

    def settle(self, letter: Letter, state: LetterState, answer: str) -> None:
        """What the mail server said."""
        with writing(self.engine) as connection:
            settle(connection, letter.id, state, answer, self.at)

    def tab(self, username: str = "somsri") -> "Tab":
        """Another tab of somebody's browser, for a thread of its own."""
        return Tab(self._app, self.client(username).cookies[COOKIE], self._csrf[username])

    def send_letters(self) -> None:
        """What waits is given to the mail server."""
        while self._runner.run(self.mail.sender.look_safely()) is None:
            pass

    def after(self) -> None:
        """What was asked of the loop is done."""
        self._runner.run(asyncio.sleep(0))


class Tab:
    """A tab; `ask` as a page's script."""

    def __init__(self, app: FastAPI, cookie: str, csrf: str) -> None:
        self._client = WebClient(app)
        self._client.cookies.set(COOKIE, cookie)
        self._headers = {"X-CSRF-Token": csrf, "Accept": "application/json"}

    def ask(self, method: str, path: str, body: Any) -> httpx.Response:
        """The answer."""
        return self._client.request(method, path, json=body, headers=self._headers)


MANUAL = ItemFile("คู่มือ.pdf", "application/pdf", "0" * 64, 1234)
