"""Whose session a browser has: a page that stayed open over a log-out and log-in asks before it sends what it kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from crm.staff.access import EVERYONE, Access, Visitor


def session_router(access: Access) -> APIRouter:
    """``/api/session``."""
    router = APIRouter(prefix="/api/session")
    everyone = Depends(access.of(*EVERYONE))

    @router.get("")
    async def session(who: Annotated[Visitor, everyone]) -> dict[str, Any]:
        """Who is logged in, and the token that changing requests must carry."""
        return {"staff_id": who.staff_id, "username": who.username, "csrf": who.csrf}

    return router
