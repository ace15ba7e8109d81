"""Requests of the basket's page and of the desk (H5, H6, H9)."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from crm.basket import sending, service
from crm.basket.address import look_at
from crm.basket.desk import Baskets, FileRefused
from crm.basket.letter import compose, letter_print
from crm.basket.models import ConfirmedHow, ItemFile
from crm.basket.ports import Hit
from crm.basket.records import item_in
from crm.basket.service import Refused
from crm.basket.summary import draft_summary
from crm.basket.words import WORDS
from crm.contacts.service import may_change
from crm.files.store import CHUNK, Incoming, TooLarge
from crm.outbox import service as outbox
from crm.staff.access import AGENTS, Visitor

_SHOWN_INLINE = frozenset({"application/pdf", "image/png", "image/jpeg"})


class NewItemBody(BaseModel):
    """Something to be put in: knowledge by its ``ref``, or a link."""

    kind: Literal["article", "document", "dealer", "source", "link"]
    ref: str = Field("", max_length=40)
    title: str = Field("", max_length=400)
    url: str = Field("", max_length=2000)


class ChecksBody(BaseModel):
    """What is ticked."""

    checks: list[str] = Field(max_length=20)


class BasketRequests:
    """``router`` for the application."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets
        self.router = APIRouter()
        agents = Depends(baskets.access.of(*AGENTS))
        self._reading(self.router, agents)
        self._items(self.router, agents)
        self._verifying(self.router, agents)
        self._sending(self.router, agents)
        self._knowledge(self.router, agents)

    def _reading(self, router: APIRouter, agents: Any) -> None:
        baskets = self._baskets

        @router.get("/api/basket/{contact_id}")
        def read(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """The basket with everything around it."""
            return baskets.answer(request, who, contact_id)

        @router.get("/api/basket/{contact_id}/address")
        def address(
            contact_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            text: Annotated[str, Query(max_length=400)],
        ) -> dict[str, Any]:
            """Whether a letter to this address has a chance; asks the domain name system, for seconds at worst."""
            written = look_at(text)
            known = baskets.domains.look_up(written.address.rpartition("@")[2]) if written.fault is None else None
            return {"address": written.address, "fault": written.fault, "meant": written.meant, "domain": known}

        @router.get("/api/basket/{contact_id}/preview")
        def preview(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """The letter as its reader will see it."""
            with baskets.looking(request, who) as connection:
                one = baskets.round(connection, baskets.contact(connection, contact_id))
                letter = compose(one, baskets.desk, baskets.clock())
                return {
                    "subject": letter.subject,
                    "recipient": look_at(one.recipient).address,
                    "language": one.language,
                    "body": letter.body,
                    "text": letter.text,
                    "files": [file.name for file in letter.files if file.link_key is None],
                    "print": letter.print,
                }

        @router.get("/basket/{contact_id}/items/{item_id}/files/{number}")
        def file(contact_id: int, item_id: int, number: int, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """A file of an item, for whoever verifies it."""
            with baskets.looking(request, who) as connection:
                one = baskets.round(connection, baskets.contact(connection, contact_id))
                item = item_in(one.basket, item_id)
            if not 0 <= number < len(item.files):
                raise baskets.refusal("no_item", request, who, 404)
            found = item.files[number]
            path = baskets.store.path(found.sha256)
            if not path.is_file():
                raise baskets.refusal("no_item", request, who, 404)
            shown = "inline" if found.media_type in _SHOWN_INLINE else "attachment"
            headers = {"Content-Security-Policy": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"}
            return FileResponse(
                path, media_type=found.media_type, filename=found.name, content_disposition_type=shown, headers=headers
            )

    def _items(self, router: APIRouter, agents: Any) -> None:
        baskets = self._baskets

        @router.patch("/api/basket/{contact_id}")
        def write(
            contact_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            changes: Annotated[dict[str, str | None], Body()],
        ) -> dict[str, Any]:
            """Fields of the letter."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                service.write(connection, contact, changes, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @router.post("/api/basket/{contact_id}/items", status_code=201)
        def add(
            contact_id: int, body: NewItemBody, request: Request, who: Annotated[Visitor, agents]
        ) -> dict[str, Any]:
            """Puts something in."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                if body.kind == "link":
                    new = service.from_link(body.title, body.url)
                else:
                    language = baskets.round(connection, contact).language
                    piece = baskets.knowledge.item(connection, body.kind, body.ref, who, language)
                    if piece is None:
                        raise Refused("no_item")
                    new = service.from_piece(piece)
                service.add(connection, contact, new, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @router.post("/api/files/basket/{contact_id}", status_code=201)
        async def drop(
            contact_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            name: Annotated[str, Query(max_length=400)],
        ) -> dict[str, Any]:
            """A file that was dropped in: the body is its content. It is written to the disk as it comes."""
            most = baskets.file_bytes
            told = request.headers.get("content-length", "")
            if told.isdecimal() and int(told) > most:  # before a letter of it is read
                raise baskets.refusal("too_large", request, who, 413)
            await run_in_threadpool(self._may_take_in, contact_id, request, who)
            try:
                with baskets.store.incoming(most) as new:
                    async for part in _gathered(request.stream()):
                        await run_in_threadpool(new.write, part)
                    return await run_in_threadpool(self._take_in, contact_id, new, name, request, who)
            except TooLarge:
                raise baskets.refusal("too_large", request, who, 413) from None

        @router.delete("/api/basket/{contact_id}/items/{item_id}")
        def remove(contact_id: int, item_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """Takes something out."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                service.remove(connection, contact, item_id, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @router.put("/api/basket/{contact_id}/order")
        def order(
            contact_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            items: Annotated[list[int], Body(embed=True, max_length=500)],
        ) -> dict[str, Any]:
            """The order in which they are sent."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                service.order(connection, contact, items, baskets.clock())
            return baskets.answer(request, who, contact_id)

    def _may_take_in(self, contact_id: int, request: Request, who: Visitor) -> None:
        with self._baskets.looking(request, who) as connection:
            if not may_change(self._baskets.contact(connection, contact_id), who):
                raise Refused("not_yours")

    def _take_in(self, contact_id: int, new: Incoming, name: str, request: Request, who: Visitor) -> dict[str, Any]:
        baskets = self._baskets
        if not new.size_bytes:
            raise baskets.refusal("empty_file", request, who, 422)
        try:
            taken = baskets.check_file(new.whole(), name)
        except FileRefused as refused:
            raise baskets.refusal(refused.code, request, who, 422) from None
        stored = new.keep()
        file = ItemFile(taken.name, taken.media_type, stored.sha256, stored.size_bytes)
        with baskets.changing(request, who, contact_id) as (connection, contact):
            service.add(connection, contact, service.from_file(file), who, baskets.clock())
        return baskets.answer(request, who, contact_id)

    def _verifying(self, router: APIRouter, agents: Any) -> None:
        baskets = self._baskets

        @router.put("/api/basket/{contact_id}/items/{item_id}/checks")
        def tick(
            contact_id: int, item_id: int, body: ChecksBody, request: Request, who: Annotated[Visitor, agents]
        ) -> dict[str, Any]:
            """What of the check list is ticked."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                item = service.tick(connection, contact, item_id, body.checks, who, baskets.clock())
            if item.sensitive:
                baskets.hub.publish("baskets", {"kind": "baskets"})
            return baskets.answer(request, who, contact_id)

        @router.put("/api/basket/{contact_id}/items/{item_id}/sensitive")
        def sensitive(
            contact_id: int,
            item_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            sensitive: Annotated[bool, Body(embed=True)],
        ) -> dict[str, Any]:
            """Whether a second person must look at it."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                service.mark_sensitive(connection, contact, item_id, sensitive, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @router.post("/api/basket/{contact_id}/items/{item_id}/renew")
        def renew(contact_id: int, item_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """The newest version of a piece of knowledge."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                one = baskets.round(connection, contact)
                item = item_in(one.basket, item_id)
                piece = baskets.knowledge.item(connection, item.kind, item.ref or "", who, one.language)
                if piece is None:
                    raise Refused("no_item")
                service.renew(connection, contact, item_id, piece, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

    def _sending(self, router: APIRouter, agents: Any) -> None:
        baskets = self._baskets

        @router.post("/api/basket/{contact_id}/send")
        def send(
            contact_id: int, request: Request, who: Annotated[Visitor, agents], seen: Annotated[str, Body(embed=True)]
        ) -> dict[str, Any]:
            """Sends the letter whose preview was seen."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                one = baskets.round(connection, contact, lock=True)
                if not one.basket.id:  # an answer without anything else is a basket too
                    service.order(connection, contact, [], baskets.clock())
                    one = baskets.round(connection, contact, lock=True)
                sending.send(connection, one, baskets.desk, baskets.knowledge, who, seen, baskets.clock())
            baskets.wake()
            return baskets.answer(request, who, contact_id)

        @router.post("/api/basket/{contact_id}/show")
        def show(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """Shows it to the visitor (W6)."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                service.show(connection, contact, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @router.delete("/api/basket/{contact_id}/show")
        def hide(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """Not any more."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                service.hide(connection, contact, baskets.clock())
            return baskets.answer(request, who, contact_id)

        @router.post("/api/basket/{contact_id}/confirmed-here")
        def confirmed(contact_id: int, request: Request, who: Annotated[Visitor, agents]) -> dict[str, Any]:
            """The visitor has checked it on the agent's own screen."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                seen = letter_print(baskets.round(connection, contact))
                service.confirm(connection, contact, seen, ConfirmedHow.HERE, who, baskets.clock())
            return baskets.answer(request, who, contact_id)

    def _knowledge(self, router: APIRouter, agents: Any) -> None:
        baskets = self._baskets

        @router.get("/api/basket/{contact_id}/find")
        def find(
            contact_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            q: Annotated[str, Query(max_length=400)] = "",
        ) -> dict[str, Any]:
            """The knowledge base, as one types; without a question what fits the subject and what was typed of it."""
            language = baskets.language(request, who)
            with baskets.looking(request, who) as connection:
                if q.strip():
                    hits = baskets.knowledge.search(connection, q, who, language, 10)
                else:
                    contact = baskets.contact(connection, contact_id)
                    subject = contact.question or baskets.subject(connection, contact, language)
                    hits = baskets.knowledge.suggest(connection, contact.topic_id, subject, who, language)
            return {"hits": [_hit(hit, language) for hit in hits]}

        @router.get("/api/basket/{contact_id}/piece")
        def piece(contact_id: int, kind: str, ref: str, request: Request, who: Annotated[Visitor, agents]) -> Any:
            """One piece to be read."""
            language = baskets.language(request, who)
            with baskets.looking(request, who) as connection:
                found = baskets.knowledge.item(connection, kind, ref, who, language)
            if found is None:
                raise baskets.refusal("no_item", request, who, 404)
            files = [file.name for file in found.files]
            names = ("kind", "ref", "title", "text", "html", "url", "warning", "sensitive", "numbers")
            return {name: getattr(found, name) for name in names} | {"files": files}

        @router.post("/api/basket/{contact_id}/answered", status_code=204)
        def answered(
            contact_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            kind: Annotated[str, Body(max_length=20)],
            ref: Annotated[str, Body(max_length=40)],
            question: Annotated[str, Body(max_length=400)] = "",
        ) -> None:
            """This answered it: the next search knows."""
            with baskets.changing(request, who, contact_id) as (connection, contact):
                asked = question or contact.question or ""
                baskets.knowledge.answered(connection, kind, ref, asked, contact.topic_id, who)

        @router.get("/api/basket/{contact_id}/draft-summary")
        def draft(
            contact_id: int,
            request: Request,
            who: Annotated[Visitor, agents],
            used: Annotated[list[str] | None, Query(max_length=20)] = None,
        ) -> dict[str, str]:
            """The summary as it drafts itself (H9). ``used``: titles of what answered it."""
            language = baskets.language(request, who)
            with baskets.looking(request, who) as connection:
                one = baskets.round(connection, baskets.contact(connection, contact_id))
                letters = outbox.letters_about(connection, sending.about(contact_id))
            text = draft_summary(
                language=language,
                subject=one.subject_th if language == "th" else one.subject_en,
                question=one.contact.question,
                office=one.contact.department,
                items=one.basket.items,
                used=[title[:300] for title in used or ()],
                letters=len(letters),
            )
            return {"text": text}


def _hit(hit: Hit, language: str) -> dict[str, Any]:
    names = ("kind", "ref", "title", "snippet", "warning", "sensitive", "url")
    kind_name = WORDS[language].get(f"kind_{hit.kind}", hit.kind)
    return {name: getattr(hit, name) for name in names} | {"kind_name": kind_name}


async def _gathered(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same in parts of some size: each goes to the disk in a thread."""
    some = bytearray()
    async for part in stream:
        some += part
        if len(some) >= CHUNK:
            yield bytes(some)
            some.clear()
    yield bytes(some)
