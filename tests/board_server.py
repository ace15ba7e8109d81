"""The board, served to a browser on a port of its own."""

import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

from crm.wallboard.board import BoardData, BoardSettings
from crm.wallboard.key import anyone
from crm.wallboard.web import Wallboard
from crm.web.app import create_app
from crm.web.pages import find_fonts
from crm.web.server import Server


class BoardServer:
    """A board over data that a test sets; it can be stopped, and started again on the same port."""

    def __init__(self) -> None:
        self.data = BoardData(at=datetime.now(UTC))
        self.broken = False
        self.running = False
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def start(self) -> None:
        """Serve."""
        self._board = Wallboard(self._provide, BoardSettings(), door=anyone, fonts=True, interval_seconds=0.1)
        fonts = find_fonts(Path(__file__).parent)
        self._server = Server(create_app([self._board.router], fonts_folder=fonts), self._board.close)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen()
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()
        self.running = True

    def stop(self) -> None:
        """Stop serving, and wait until it is over."""
        if self.running:
            self.running = False
            self._server.should_exit = True
            self._thread.join(timeout=10)
            assert not self._thread.is_alive(), "the server did not stop: a stream held it"

    def url(self, query: str = "") -> str:
        """Address of the board."""
        return f"http://127.0.0.1:{self.port}/wallboard{query}"

    @property
    def viewers(self) -> int:
        """How many watch."""
        return self._board.producer.viewers

    def _provide(self) -> BoardData:
        if self.broken:
            raise OSError("database away")
        return self.data
