"""Moments of a desk to look at."""

from desk_scenes import answer, arrive, fill_inbox, ring
from desk_server import DeskServer
from playwright.sync_api import Page

from ami_listener.events import AgentState


def scene_idle(server: DeskServer, page: Page, language: str) -> None:
    server.state(AgentState.AVAILABLE, ago=192)
    page.goto(server.url(f"/desk?lang={language}"))


def scene_ringing(server: DeskServer, page: Page, language: str) -> None:
    scene_idle(server, page, language)
    arrive(server)
    ring(server)


def scene_talking(server: DeskServer, page: Page, language: str) -> None:
    scene_idle(server, page, language)
    arrive(server)
    ring(server)
    answer(server)


def scene_inbox(server: DeskServer, page: Page, language: str) -> None:
    fill_inbox(server)
    page.goto(server.url(f"/inbox?lang={language}"))


def scene_idle_full(server: DeskServer, page: Page, language: str) -> None:
    fill_inbox(server)
    scene_idle(server, page, language)
