"""Serves the pages inside our own event loop; a port that is taken is said plainly."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


class PortTaken(Exception):
    """Somebody else listens there."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would take Ctrl-C away from the program around it."""
        yield


class PageServer:
    """`bind`, then `start`; `stop` lets open answers end."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._host, self._port = host, port
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            server_header=False,
            # a browser that went to sleep or lost its network is found out within a few seconds: it cannot be rung
            ws_ping_interval=5.0,
            ws_ping_timeout=5.0,
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,
        )
        self._server = _Server(config)
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    def bind(self) -> None:
        """Takes the port. Raises PortTaken."""
        try:
            self._socket = socket.create_server((self._host, self._port), backlog=256)
        except OSError as error:
            raise PortTaken(
                f"port {self._port} cannot be used for the pages ({error.strerror}). End the program that has it, or"
                " set another web in [ports]."
            ) from error

    async def start(self) -> None:
        """Begins to answer."""
        if self._socket is None:
            raise RuntimeError("bind first")
        self._task = asyncio.create_task(self._server.serve([self._socket]), name="pages")

    async def stop(self) -> None:
        """Ends; event streams are told to by whoever feeds them."""
        if self._task is None:
            if self._socket is not None:
                self._socket.close()
            return
        self._server.should_exit = True
        await self._task
