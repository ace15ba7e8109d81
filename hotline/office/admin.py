"""The administration, put together for the office."""

from fastapi import APIRouter

from crm.admin.frame import Frame
from crm.admin.web import routers
from crm.staff.access import Access
from crm.staff.passwords import Hasher
from crm.wallboard.key import ScreenKey
from crm.web.shell import House
from hotline.surroundings import Surroundings


def make_admin(around: Surroundings, access: Access, house: House, hasher: Hasher) -> list[APIRouter]:
    """Its routers."""
    frame = Frame(
        engine=around.engine,
        access=access,
        house=house,
        hasher=hasher,
        clock=around.clock,
        site=around.current,
        of_file=lambda: around.settings.of_file,
        rung=around.people,
    )
    key = ScreenKey(around.settings.state)
    return routers(frame, around.calendar, around.closures, around.send, key, lambda: around.settings.address)
