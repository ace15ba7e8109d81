"""A board over data of a test, as an application."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from ami_listener.events import AgentState
from crm.wallboard.board import AgentNow, BoardData, BoardSettings, QueueNow
from crm.wallboard.producer import Variant
from crm.wallboard.web import wallboard
from crm.web.app import create_app
from metrics.tally import Tally

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
THAI = Variant("th")


DATA = BoardData(
    at=NOON,
    queues=(
        QueueNow(queue="general", label_th="ทั่วไป", waiting=2, today=Tally(offered=4, answered=3, answered_within=2)),
        QueueNow(queue="technical", today=Tally(offered=6, answered=6, answered_within=6)),
    ),
    agents=(AgentNow(agent="1001", name_th="<b>สมหญิง</b>", state=AgentState.IN_CALL, queues=("general",)),),
    elsewhere=Tally(offered=10, abandoned=10),
)


class Client:
    """Asks the application, without a network."""

    def __init__(self, app: FastAPI) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://board") as asking:
                return await asking.get(path, headers=headers)

        return asyncio.run(ask())


def board_app(data: BoardData = DATA, **settings: Any) -> Client:
    return Client(create_app([wallboard(lambda: data, BoardSettings())], **settings))
