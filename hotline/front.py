"""What a browser reaches: the wallboard, the office and the figures, behind one address."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from crm.staff.watch import StreamsEndWithLogIn
from crm.wallboard.board import Provider
from crm.wallboard.key import ScreenKey, screen_door
from crm.wallboard.web import Wallboard
from crm.web.addresses import nearby
from crm.web.app import create_app
from crm.web.pages import find_fonts, find_scripts
from hotline.board import board_settings
from hotline.office.composition import Office
from hotline.pages import PageServer
from hotline.settings import Settings

log = logging.getLogger(__name__)


class Front:
    """``app`` for requests; `bind`, `start` and `stop` for its server."""

    def __init__(
        self,
        settings: Settings,
        office: Office,
        board: Provider,
        *,
        ready: Callable[[], Mapping[str, bool]],
        metrics: Callable[[], bytes],
        version: str,
    ) -> None:
        here = Path(__file__).parent
        fonts = find_fonts(here)
        web = settings.web
        self._settings = settings
        self._office = office
        self.wallboard = Wallboard(
            board,
            board_settings(settings),
            door=screen_door(office.access, ScreenKey(settings.state)),
            fonts=fonts is not None,
            version=version,
        )
        self.app = create_app(
            [self.wallboard.router, *office.routers],
            ready=ready,
            metrics=metrics,
            near=nearby(web.metrics_from, behind_proxies=bool(web.trusted_proxies)),
            public_url=web.public_url,
            fonts_folder=fonts,
            scripts=find_scripts(here),
            default_language=settings.site.languages[0],
            version=version,
        )
        self.app.add_middleware(StreamsEndWithLogIn, log_ins=office.log_ins)
        self._server = PageServer(self.app, settings.ports.web_bind, settings.ports.web, web)

    def bind(self) -> None:
        """Takes the port. Raises PortTaken, BadCertificate."""
        self._server.bind()

    async def start(self) -> None:
        """Begins to answer."""
        await self._server.start()
        log.info("pages on %s", self._settings.address)

    async def stop(self) -> None:
        """Ends, streams first."""
        await self.wallboard.close()
        await self._office.stop()
        await self._server.stop()
