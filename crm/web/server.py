"""The web server, stopped in the right order."""

import socket
from collections.abc import Awaitable, Callable, Sequence

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """Ends endless streams first: uvicorn waits for its connections, and a wallboard's never ends by itself.

    ``before_stop``: what to await, such as `Wallboard.close`. Signals stay with whoever runs the process when
    ``serve`` is awaited inside a program of ours.
    """

    def __init__(self, app: FastAPI, *before_stop: Callable[[], Awaitable[None]], log_level: str = "warning") -> None:
        super().__init__(uvicorn.Config(app, log_level=log_level, access_log=False, timeout_graceful_shutdown=3))
        self._before_stop = before_stop

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Stop; uvicorn calls this."""
        for ending in self._before_stop:
            await ending()
        await super().shutdown(list(sockets) if sockets is not None else None)
